"""Which programming language the code in a text is written in, and which one it hints at without any code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.generation.engine.specification.asked_language import FENCES, GENERATED
from apps.generation.engine.specification.model import Span

_FENCE = re.compile(r"(?m)^[ \t]*(?:```|~~~)[ \t]*([A-Za-z0-9+#]{1,20})")
_NAME = r"[A-Za-z_$][\w$]*"
_INSIDE = r"[^()\n]{0,200}"
_PYTHON_TYPE = (
    r"(?:int|float|str|bool|bytes|None|list|dict|tuple|set|frozenset|Any|Optional|Iterable|Iterator|Sequence|Decimal)\b"
)
_SCRIPT_TYPE = r"(?:number|string|boolean|void|unknown|never|bigint|Promise|Record|ReadonlyArray|Array)\b"
_SCRIPT_TYPED = rf"(?:\??:[ \t]*{_SCRIPT_TYPE}{_INSIDE}\)|\)[ \t]*:[ \t]*{_SCRIPT_TYPE})"
# Types that neither Python nor TypeScript has, or only Python: then `: string` is loose talk.
_OTHER_TYPE = r":[ \t]*(?:int|integer|float|str|list|dict|real|text|bool|map|array)\b"


def _any(*patterns: str, flags: re.RegexFlag = re.MULTILINE) -> re.Pattern[str]:
    return re.compile("|".join(patterns), flags)


# In order: the first that shows decides. "Write a function add(a, b)" is prose and shows nothing.
_SYNTAX: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "python",
        _any(
            r"^[ \t]*>>>[ \t]",
            rf"\bdef {_NAME}[ \t]*[(\[]",
            rf"\)[ \t]*->[ \t]*{_PYTHON_TYPE}",
            rf"[(,][ \t]*\*{{0,2}}{_NAME}:[ \t]*{_PYTHON_TYPE}",
            r"\bself\.assert[A-Z]|\bpytest\.|\bPython ?\d",
            r"^[ \t]*(?:import|from) (?:pytest|unittest|typing|dataclasses|collections)\b",
            rf"^class {_NAME}(?:\({_INSIDE}\))?:",
        ),
    ),
    (
        "typescript",
        _any(
            rf"\bfunction {_NAME}(?:<[^<>\n]{{1,80}}>)?\({_INSIDE}{_SCRIPT_TYPED}",
            rf"^[ \t]*(?:export )?(?:interface|enum) {_NAME}[^\n{{]{{0,80}}\{{",
            rf"^[ \t]*(?:export )?type {_NAME} = ",
        ),
    ),
    (
        "javascript",
        _any(
            r"(?:^|`)[ \t]*(?:export |default |async )*function[ \t]*\*?[ \t]*"
            rf"(?:{_NAME})?[ \t]*\({_INSIDE}\)[ \t]*(?:\{{|`)",
            rf"(?:^|[`:])[ \t]*(?:export )?(?:const|let|var) {_NAME} = (?:async )?"
            rf"(?:function\b|\({_INSIDE}\)[ \t]*=>|{_NAME} =>)",
            r"[\w)\]}][ \t]*[!=]==(?!=)[ \t]*\S",
            r"\bexpect\([^\n]{1,200}\)\.(?:not\.)?to[A-Z]|\bassert\.(?:deepS|s)trictEqual\(",
            r"\bmodule\.exports\b|\bconsole\.log\(|^[ \t]*export (?:default|const|class|async|function)\b",
            r"@(?:param|returns?) \{[^}\n]{1,80}\}",
            r"\)[ \t]*;?[ \t]*//[ \t]*(?:->|=>)",
            r"^[ \t]*(?:const|let) \w{1,60} = new \w",
        ),
    ),
    ("java", _any(r"^[ \t]*public (?:static |final )*[\w<>\[\]]{1,60} \w{1,60}\(")),
    ("c++", _any(r"^[ \t]*#include <", r"\bstd::\w|\bvector<\w")),
    ("rust", _any(rf"\bfn {_NAME}(?:<[^>\n]{{1,60}}>)?\({_INSIDE}\)")),
    ("go", _any(rf"\bfunc [A-Za-z_]\w*\({_INSIDE}\) (?:\w{{1,60}} )?\{{", r"^package main\b")),
    ("php", _any(r"<\?php\b")),
)
# What may as well be loose talk: types without a language, the names of errors and of things that live in one.
_HINTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "python",
        _any(
            r"\b(?:Value|Key|Index|Attribute|ZeroDivision|NotImplemented|Lookup|Overflow|Runtime)Error\b",
            r"\b(?:python|django|pytest|mypy|pandas|numpy)\b",
            r"\)[ \t]*->[ \t]*(?:string|integer|number|boolean|array|map)\b",
            flags=re.IGNORECASE,
        ),
    ),
    (
        "typescript",
        _any(rf"(?:(?<![\w$])[A-Za-z$][A-Za-z0-9$]*|=[ \t]*)\((?!{_INSIDE}{_OTHER_TYPE}){_INSIDE}{_SCRIPT_TYPED}"),
    ),
    (
        "javascript",
        _any(
            r"\bnode\.?js\b|\breact\b", r"\b(?:runs?|works?|running) (?:in|on|under|with) node\b", flags=re.IGNORECASE
        ),
    ),
)


def shown_in(text: str) -> tuple[str, Span] | None:
    """Return the language of the code in *text*, by its fences and then by its syntax; None where none shows."""
    fences = [(FENCES[hit.group(1).lower()], hit) for hit in _FENCE.finditer(text) if hit.group(1).lower() in FENCES]
    if fences:
        language, first = min(fences, key=lambda one: (one[0] not in GENERATED, one[0] != "python", one[1].start()))
        return language, Span(first.start(), first.end())
    return _first(_SYNTAX, text)


def hinted_in(text: str) -> tuple[str, Span] | None:
    """Return the language that *text* only hints at; None where it says nothing at all."""
    return _first(_HINTS, text)


def _first(patterns: Iterable[tuple[str, re.Pattern[str]]], text: str) -> tuple[str, Span] | None:
    found = ((language, pattern.search(text)) for language, pattern in patterns)
    return next(((language, Span(hit.start(), hit.end())) for language, hit in found if hit), None)
