"""Whether the prose of a text is English, which is what the rules read."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from apps.generation.engine.specification.model import IssueKind, Span, SpecIssue

# Words that stand between others: of what a language consists, whatever the subject is.
_ENGLISH_WORDS = (
    "the a an of to and or is are be in it its for with that this as by on not no must should shall may can will when "
    "if else then than from into at each every all any only one two three given which where so such do does has have "
    "write implement build make create add return returns raise raises function class method call called calls takes "
    "take gives give list string text number numbers value values input output example examples empty "
    "keep drop reject accept back other same first last at most least between before after without"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_OTHERS = (
    "der die das den dem ein eine einer und oder ist sind mit von zu auf nicht muss soll wenn für wird als",  # German
    "le la les un une des du et ou est sont avec pour dans pas doit si qui que sur au par",  # French
    "el la los las un una unos del y o es son con para en no debe si que por al como",  # Spanish
    "il lo la gli le un una di del e o è sono con per non deve se che da come nel",  # Italian
    "o a os as um uma de do da e ou é são com para não deve se que por em como",  # Portuguese
    "de het een en of is zijn met van voor niet moet als dat die op te wordt",  # Dutch
    "i lub jest są z na do nie musi jeśli który która się oraz dla w",  # Polish
    "en ett och eller är med för inte ska måste om som på av till den det",  # Swedish
    "ve veya bir bu ile için değil olmalı eğer olan gibi daha her",  # Turkish
)
_FOREIGN = tuple(frozenset(words.split()) - _ENGLISH for words in _OTHERS)
_WORD = re.compile(r"[^\W\d_]{1,40}")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|'[^'\n]*'|\b[A-Za-z_]\w*\([^()\n]*\)", re.DOTALL)
_LONGEST = 20_000
_ENOUGH_WORDS = 12
_LEAST_SHARE = 0.08
_ENOUGH_LETTERS = 12
_LATIN_SHARE = 0.5


def human_language_issues(text: str) -> Iterable[SpecIssue]:
    """Yield a finding where the prose is not English, which keeps the rules from reading it."""
    prose = _CODE.sub(" ", text[:_LONGEST])
    words = [word.lower() for word in _WORD.findall(prose)]
    if _is_of_another_script(words) or _is_another_language(words):
        first = _WORD.search(text)
        yield SpecIssue(
            IssueKind.LANGUAGE,
            Span(first.start(), first.end()) if first else Span(0, 0),
            "This does not seem to be English: signatures and examples are read, rules in sentences may be missed.",
            "Can the rules be said in English, or as examples?",
            "Add an example for each rule.",
        )


def _is_of_another_script(words: Sequence[str]) -> bool:
    """Tell whether most letters are of a script that English is not written in; such scripts may have no spaces."""
    letters = Counter(letter for word in words for letter in word)
    latin = sum(count for letter, count in letters.items() if unicodedata.name(letter, "").startswith("LATIN"))
    return letters.total() >= _ENOUGH_LETTERS and latin < _LATIN_SHARE * letters.total()


def _is_another_language(words: Sequence[str]) -> bool:
    if len(words) < _ENOUGH_WORDS:
        return False
    english = sum(word in _ENGLISH for word in words)
    foreign = max(sum(word in known for word in words) for known in _FOREIGN)
    return foreign > english or english < _LEAST_SHARE * len(words)
