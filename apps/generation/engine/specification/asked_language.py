"""
Which programming language a text asks for in words.

A name alone asks for nothing: "a temperature in C", "a Swift code" and "strings for JavaScript" are about something
else. It counts where a sentence orders it: "write it in C", "a Go function", "use Kotlin", "language: Lua".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from apps.generation.engine.specification.model import Span

GENERATED = ("python", "javascript", "typescript")
MAX_NAMES = 200  # names of languages in a text that are looked at
_BEFORE, _AFTER = 160, 60  # characters around a name that are read

# what the platform calls it: (how people write it, other names, names of its fences)
_LANGUAGES: dict[str, tuple[str, str, str]] = {
    "python": ("Python", "CPython", "py|python|python3|pycon"),
    "javascript": ("JavaScript", "JS|ECMAScript|Node.js|NodeJS", "js|mjs|cjs|jsx|javascript"),
    "typescript": ("TypeScript", "TS", "ts|mts|cts|tsx|typescript"),
    "ada": ("Ada", "", "ada"),
    "apl": ("APL", "", "apl"),
    "assembly": ("assembly", "assembler", "asm|nasm"),
    "awk": ("AWK", "", "awk"),
    "bash": ("Bash", "zsh|shell", ""),
    "basic": ("Visual Basic", "VBA|VB.NET", "vb|vba|vbnet"),
    "c": ("C", "ANSI C", "c"),
    "c#": ("C#", "C-Sharp|csharp", "csharp|cs"),
    "c++": ("C++", "cpp", "cpp|cxx"),
    "clojure": ("Clojure", "", "clojure|clj"),
    "cobol": ("COBOL", "", "cobol"),
    "crystal": ("Crystal", "", "crystal"),
    "d": ("D", "", "d"),
    "dart": ("Dart", "", "dart"),
    "elixir": ("Elixir", "", "elixir"),
    "elm": ("Elm", "", "elm"),
    "erlang": ("Erlang", "", "erlang"),
    "f#": ("F#", "fsharp", "fsharp"),
    "fortran": ("Fortran", "", "fortran"),
    "go": ("Go", "Golang", "go|golang"),
    "groovy": ("Groovy", "", "groovy"),
    "haskell": ("Haskell", "", "haskell|hs"),
    "java": ("Java", "", "java"),
    "julia": ("Julia", "", "julia"),
    "kotlin": ("Kotlin", "", "kotlin|kt"),
    "lisp": ("Lisp", "Common Lisp|Emacs Lisp|Elisp", "lisp|elisp"),
    "lua": ("Lua", "", "lua"),
    "matlab": ("MATLAB", "Octave", "matlab"),
    "nim": ("Nim", "", "nim"),
    "objective-c": ("Objective-C", "ObjC", "objc|objectivec"),
    "ocaml": ("OCaml", "", "ocaml"),
    "pascal": ("Pascal", "Delphi", "pascal|delphi"),
    "perl": ("Perl", "Raku", "perl|raku"),
    "php": ("PHP", "", "php"),
    "powershell": ("PowerShell", "", ""),
    "prolog": ("Prolog", "", "prolog"),
    "r": ("R", "", "r"),
    "racket": ("Racket", "", "racket"),
    "ruby": ("Ruby", "", "ruby|rb"),
    "rust": ("Rust", "", "rust|rs"),
    "scala": ("Scala", "", "scala"),
    "scheme": ("Scheme", "", "scheme"),
    "smalltalk": ("Smalltalk", "", "smalltalk"),
    "solidity": ("Solidity", "", "solidity"),
    "sql": ("SQL", "PL/SQL|T-SQL", ""),
    "swift": ("Swift", "", "swift"),
    "zig": ("Zig", "", "zig"),
}
NAMES = {language: written for language, (written, _, _) in _LANGUAGES.items()}
# Words of English that are written small, letters that may be a unit or a variable: they ask only as they are spelt.
_AS_SPELT = frozenset({"ada", "basic", "c", "crystal", "d", "dart", "elm", "go", "julia", "r", "scheme", "swift"})
_EXACT = {NAMES[language]: language for language in _AS_SPELT}
_FOLDED = {
    name.lower(): language
    for language, (written, others, _) in _LANGUAGES.items()
    for name in ([] if language in _AS_SPELT else [written]) + [one for one in others.split("|") if one]
}
_NAME = re.compile(
    r"(?<![\w.#+/$-])(?P<name>(?:(?:Visual|Common|Emacs|ANSI) )?"
    r"[A-Za-z]+(?:\+\+|#|-C\b|[-/]SQL\b|-Sharp\b|\.?[jJ][sS]\b|\.NET\b)?)\d*(?![\w#+$]|[-/]\w|\.[A-Za-z])"
)
FENCES = {alias: language for language, (_, _, fences) in _LANGUAGES.items() if fences for alias in fences.split("|")}
_SENTENCE_BEGINS = re.compile(r"[.!?:;][\s)*_`\"']+|\n|[—–•]")
_MARKUP = re.compile(r"^(?:[\s#>*_+`\"'(-]|\d{1,2}[.)][ \t]|\[[ xX]\])+")

_VERB = (
    r"(?:re)?(?:write|code|implement|create|build|make|develop|program|produce|provide|generate|design|do|solve|port|"
    r"translate|convert|migrate|express|define|complete|finish|give|add|put|need|want|require|written|implemented|coded)"
)
_POLITE = (
    r"(?:(?:please|now|then|just|kindly|also|so|and|but|or|instead|preferably|ideally|I|we|you|us|me|to|can|could|should|must|"
    r"would|will|shall|have|has|like|let's|let|want|need|your|task|is)[\s,]+)*+"
)
_ORDER = re.compile(rf"{_POLITE}(?:{_VERB})\b(?:.*)$", re.IGNORECASE | re.DOTALL)
_THING = (
    r"(?:function|method|routine|procedure|program|class|code|script|module|library|package|crate|struct|solution|"
    r"implementation|snippet|one-liner|component|hook|query|tool|helper|version|generator|coroutine|decorator)s?"
)
# "A small function `f(x)`", "Function add": what is to be written, named without a verb.
_TITLE = re.compile(rf"(?:(?:an?|the|one|this)\s+)?(?:[\w-]+\s+){{0,3}}?{_THING}\b(?:.*)$", re.IGNORECASE | re.DOTALL)
_CODE_ALONE = re.compile(r"[A-Za-z_$][\w$]*(?:\([^()\n]*\))?[^\w\n,]*$")
_DEMAND = re.compile(
    r"\b(?:(?:must|should|shall|will|has\s+to|have\s+to|needs?\s+to|is\s+to|to)\s+be(?:\s+(?:written|implemented|done|"
    r"coded|built|developed|programmed))?|(?:it|this)\s+be\s+(?:written|implemented|done)|(?:want|need|like|prefer|expect)\s+(?:it|this|that|them|everything|\w+\s+code))$",
    re.IGNORECASE,
)
_IN = re.compile(
    r"(?:^|\s)(?:in|using|(?<=\bit )with|(?<=\bthis )with)\s+"
    r"(?:(?:the|plain|pure|modern|idiomatic|vanilla|valid|standard|typed|raw)\s+)*[`\"'*_(]*$",
    re.IGNORECASE,
)
_TO = re.compile(r"(?:^|\s)(?:to|into)\s+[`\"'*_]*$", re.IGNORECASE)
_MOVE = re.compile(rf"{_POLITE}(?:port|translate|convert|rewrite|migrate|transpile)\b", re.IGNORECASE)
_USE = re.compile(rf"{_POLITE}(?:use|prefer|choose)\s+(?:(?:plain|pure|modern)\s+)?[`\"'*_]*$", re.IGNORECASE)
_BE = re.compile(
    r"(?:(?:it|this|the\s+(?:code|language|function|class|solution))\s+)?"
    r"(?:should|must|shall|will|has\s+to|needs\s+to)\s+be\s+[`\"'*_]*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:^|\b)(?:language|target|written in)[`*_]*\s*(?::|=|\bis\b|\bmust be\b|\bshould be\b)\s*[`\"'*_]*\s*$",
    re.IGNORECASE,
)
_ALONE = re.compile(
    rf"{_POLITE}(?:(?:write|generate|give\s+me|produce|code)\s+(?:some\s+|me\s+|plain\s+|the\s+)*)$", re.IGNORECASE
)
_DETERMINED = re.compile(
    rf"(?:as\s[^,]{{1,60}}?[\s,]+(?=(?:I|we)\s))?{_POLITE}(?:{_VERB}\s+)?(?:(?:an?|the|some|me|us|one|this|small|simple|single|pure|short|plain|new|tiny|little|"
    r"typed|async|good|complete|working|efficient|reusable|standalone|modern|idiomatic)\s+)*[`\"'*_]*$",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?:\bnot|\bnever|n't|\binstead\s+of|\brather\s+than|\bfrom|\bunlike|\bthan|\bwithout|\bno|\bavoid)\b[^;]{0,30}$",
    re.IGNORECASE,
)
# What a program about programs, or about measures, looks at: "find the comments in JavaScript", "degrees in C".
_SUBJECT = re.compile(
    r"\b(?:comments?|keywords?|names?|identifiers?|source|syntax|literals?|strings?\s+literals?|files?|variables?|imports?|"
    r"docstrings?|reserved|legal|allowed|used|valid|words?|snippets?|expressions?|statements?|tokens?|lines?|differ|"
    r"temperatures?|degrees?|celsius|fahrenheit|kelvin|angles?|units?|values?|readings?|heat|points?|vectors?|radius|"
    r"(?:that|which|whether)\b[^.]*\b(?:is|are|was|were|been)\s+(?:written|implemented|coded))\s*$",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"[`\"'*_)]*(?:\s*(?:\d[\w.]*\+?|ES\d+|only|please|code|programming\s+language|language|instead)\b\+?)*[`\"'*_)]*\s*"
    r"(?:$|[.,;:!?)\]—–(]|-\s|\n|(?:that|which|to|with|for|and|or|using|please|taking|called|named|returning|only|without|so|"
    r"as|where|by|because|if|when|rather|than|not|whose|it|you|must|should|write|implement|`)\b|`)",
    re.IGNORECASE,
)
_OF_A_THING = re.compile(
    rf"[`\"'*_]*\s+(?:\d[\w.]*\+?\s+)?(?:(?:data|abstract|generic|async|pure|static)\s+)?(?P<thing>{_THING})\b(?!\s+(?:files?|names?|paths?|loaders?|signatures?|declarations?|"
    r"definitions?|parsers?|formatters?|calls?|bod(?:y|ies)|headers?|objects?|sources?|comments?|pointers?)\b)",
    re.IGNORECASE,
)
_MANY_MEANINGS = re.compile(
    r"(?:code|query|version|library|package|component|tool|module|script|program)s?$", re.IGNORECASE
)
_OUR_CODE = re.compile(r"\s+(?:code\s?base|project|repository|repo|monorepo)\b", re.IGNORECASE)
_PLEASE = re.compile(r"[\s,]+please\b", re.IGNORECASE)
_OPENED = re.compile(r"\((?:(?:in|using)\s+)?$", re.IGNORECASE)
_COLON = re.compile(r"[`\"'*_]*\s*(?::\s|:?[ \t]*(?:\n|$))")
_IN_BRACKETS = re.compile(r"\s*(?:\d[\w.]*\+?\s*)?(?:only\s*)?\)")


def asked_for(text: str) -> tuple[str, Span] | None:
    """
    Return the language that *text* orders, and where; one that is generated goes before one that is not.

    Only the first :data:`MAX_NAMES` names of languages are looked at. None where it orders none.
    """
    found = [(language, span) for language, span in _mentions(text) if _is_order(text, language, span)]
    generated = [one for one in found if one[0] in GENERATED]
    return next(iter((*generated, *found)), None)


def _mentions(text: str) -> Iterable[tuple[str, Span]]:
    named = ((_EXACT.get(hit["name"]) or _FOLDED.get(hit["name"].lower()), hit) for hit in _NAME.finditer(text))
    return islice(((name, Span(hit.start(), hit.end("name"))) for name, hit in named if name), MAX_NAMES)


def _is_order(text: str, language: str, span: Span) -> bool:
    line = text[max(0, span.start - _BEFORE) : span.start]
    begins = [hit.end() for hit in _SENTENCE_BEGINS.finditer(line)]
    before = _MARKUP.sub("", line[begins[-1] if begins else 0 :])
    after = text[span.end : span.end + _AFTER]
    if _LABEL.search(line.rsplit("\n", 1)[-1]):
        return True
    if _TO.search(before) and _MOVE.match(before):
        return language not in _AS_SPELT and bool(_ENDS.match(after))
    if _REFUSED.search(re.split(r"\bbut\b|,", before)[-1]):
        return False
    if _OPENED.search(before):
        return language not in _AS_SPELT and bool(_IN_BRACKETS.match(after))
    if _IN.search(before):
        is_order = bool(_PLEASE.match(after)) or _is_what_is_written(_IN.sub("", before).strip(), language)
        return is_order and bool(_ENDS.match(after))
    if not before:
        return _begins_a_line(language, after)
    if _USE.fullmatch(before.rsplit(",", 1)[-1].lstrip()) or _ALONE.fullmatch(before) or _BE.fullmatch(before):
        return bool(_ENDS.match(after))
    if before.lower().endswith("our "):
        return bool(_OUR_CODE.match(after))
    return bool(_DETERMINED.fullmatch(before)) and not _MOVE.match(before) and _is_thing(after)


def _begins_a_line(language: str, after: str) -> bool:
    """``JS: const f = …`` and a heading are orders for a language that is generated; "Rust function add" for any."""
    return (language in GENERATED and bool(_COLON.match(after))) or _is_thing(after)


def _is_thing(after: str) -> bool:
    """ "a Go function add" is to be written, "a Swift code validator" is not in Swift."""
    thing = _OF_A_THING.match(after)
    return thing is not None and (not _MANY_MEANINGS.match(thing["thing"]) or bool(_ENDS.match(after[thing.end() :])))


def _is_what_is_written(phrase: str, language: str) -> bool:
    """Tell whether what stands before "in Perl" is what the text wants, and not what a program is about."""
    if _SUBJECT.search(phrase):
        return False
    if not phrase or _DEMAND.search(phrase) or phrase.lower().split()[-1] in ("it", "this", "everything", "but", "and"):
        return True
    if language in ("c", "d", "r") and re.search(r"\b(?:celsius|fahrenheit|kelvin|degrees?|temperature)\b", phrase):
        return False
    return bool(_ORDER.match(phrase) or _TITLE.match(phrase) or _CODE_ALONE.fullmatch(phrase))
