"""What to call what a text leaves without a name, as a suggestion: "Merge overlapping intervals" is merge_intervals."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from itertools import islice

from apps.generation.engine.specification.draft import Draft
from apps.generation.engine.specification.inference import inferred_signature
from apps.generation.engine.specification.languages import JAVASCRIPT
from apps.generation.engine.specification.literals import Budget
from apps.generation.engine.specification.model import FunctionSignature, Parameter, SpecExample
from apps.generation.engine.specification.prose_examples import prose_examples
from apps.generation.engine.specification.turned_examples import turned_examples

_ASKS = re.compile(
    r"^(?:please\s+)?(?:(?:write|implement|create|build|make|add|develop|provide|I need|we need)\s+)?"
    r"(?:(?:an?|the|some)\s+)?(?:(?:small|simple|python|javascript|typescript|pure)\s+)*"
    r"(?P<noun>function|method|routine|helper|code|program|script)s?\s+(?:that|which|to|for)\s+(?:will\s+|can\s+)?",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.,:;()]")
_WORD = re.compile(r"[A-Za-z]+")
_FILLING = (
    "a an the of in on to for from with by and or its it is are be that which this these those any all each given "
    "some something two three new should must please write implement create provide python javascript typescript "
    "function"
)
_FILLERS = frozenset(_FILLING.split())
_LONGEST = 40
# Steps that a suggestion is worth; what a text tells, it tells early.
_MOST_STEPS = 5_000
_MOST_WORDS = 3
_NAMES = ("value", "other", "third")


def suggested_name(title: str, sentence: str) -> str:
    """Return a name in snake case made of the first words that say what is done, "" where none can be made."""
    for told in (title, sentence):
        asks = _ASKS.match(told)
        clause = _CLAUSE_END.split(told[asks.end() if asks else 0 :][:200], maxsplit=1)[0]
        words = [word.lower() for word in _WORD.findall(clause)]
        if asks and words and words[0].endswith("s") and not words[0].endswith("ss"):
            words[0] = words[0][:-1]  # "that adds two numbers"
        name = "_".join([word for word in words if word not in _FILLERS][:_MOST_WORDS])[:_LONGEST].strip("_")
        if name and not keyword.iskeyword(name):
            return name
    return ""


def suggested_signature(draft: Draft) -> str:
    """Return a declaration to start from, with the types of what the text tells without naming a function."""
    name = suggested_name(draft.title, draft.sentences[0].text if draft.sentences else "")
    if not name or draft.language in JAVASCRIPT:
        return draft.wording.signature.replace("name(", f"{_camel(name)}(") if name else draft.wording.signature
    told = inferred_signature(name, _told(draft.text, name))
    return told.source if told is not None else draft.wording.signature.replace("name(", f"{name}(")


def _told(text: str, name: str) -> Sequence[SpecExample]:
    budget = Budget(_MOST_STEPS)
    for width in range(1, len(_NAMES) + 1):
        parameters = tuple(Parameter(one) for one in _NAMES[:width])
        unknown = FunctionSignature(name, f"def {name}", parameters)
        readers = (prose_examples, turned_examples)
        found = [one for reader in readers for one in islice(reader(text, unknown, budget), 20)]
        if found:
            return found
    return ()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
