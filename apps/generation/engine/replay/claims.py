"""
Counts the examples that a prompt shows, without the reader of specifications that is measured by it.

Four counts, each simple enough to be checked by eye: what Python's own ``doctest`` parser finds; calls of the function
with an outcome on the same line; lines that give values and an outcome but no call; and the examples that the
recording lists, where their arguments and outcome are written in the prompt. The count is no proof: an example in
free prose that is on no such line and not recorded is missed by it.
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import Expected
from apps.generation.engine.specification.model import Span, SpecExample
from apps.generation.engine.values import same

_OUTCOME = (
    r"(?:={1,3}>?|-{1,2}>|➞|→|⇒|(?:(?:should|must|will)[ ]+)?(?:returns?|gives?|yields?|be|raises?)\b|is\b|equals\b)"
    r"(?:[ ]+equal[ ]to)?[ ]*"
)
_LITERAL = r"(?=[\[({'\"\d+-]|True\b|False\b|None\b|true\b|false\b|[A-Z]\w*(?:Error|Exception)\b)"
_VALUES = re.compile(
    r"(?i)^[ \t]*(?:[-*] )?(?:for|given|when given|for example, when given)\b[^\n]{0,20}?[ =](?=[\[({'\"\d-])[^\n]*?"
    r"(?:outputs?|returns?|results?|answer|be)\b[^\n\d'\"\[({]{0,20}[ :`][\[({'\"\d-]"
    r"|^[ \t]*(?:sample |expected )?outputs?[ ]*\d*[:=][ ]*[\[({'\"\d-]"
)
_LONGEST_LINE = 2_000


@dataclass(frozen=True, slots=True)
class Claim:
    """An example that the prompt shows: where, and as it stands there, or as the recording lists it."""

    text: str
    span: Span
    call: str = ""
    recorded: tuple[CallInput, Expected] | None = None


def claims_in(text: str, entry: str, recorded: Sequence[PoolInput] = ()) -> tuple[Claim, ...]:
    """
    Return the examples of ``entry`` that *text* shows, each call once, in reading order, the recorded ones last.

    :param recorded: examples that the recording lists; those that the text does not hold do not count.
    """
    prompts = _prompts(text, entry)
    spans = [claim.span for claim in prompts]
    lines = [claim for claim in _lines(text, entry) if not _inside(claim.span, spans)]
    found = sorted((*prompts, *lines), key=lambda claim: claim.span.start)
    different = {claim.call or claim.text: claim for claim in reversed(found)}
    return (*reversed(different.values()), *_listed(text, entry, recorded))


def is_read(claim: Claim, examples: Sequence[SpecExample]) -> bool:
    """Tell whether one of *examples* stands where the claim does, or makes its call; a recorded one, by its values."""
    if claim.recorded is not None:
        call, expected = claim.recorded
        return any(
            not one.steps
            and same(one.args, call.args)
            and same(dict(one.kwargs), dict(call.kwargs))
            and one.raises == expected.raises
            and same(one.expected, expected.value)
            for one in examples
        )
    return any(
        (one.span.start < claim.span.end and claim.span.start < one.span.end)
        or (claim.call and not one.steps and _plain(one.call) == claim.call)
        for one in examples
    )


def count_of(claims: Sequence[Claim]) -> int:
    """Return how many different examples these are: one that is on a line and recorded too is one."""
    return len({_bare(claim.call or claim.text) for claim in claims})


def _prompts(text: str, entry: str) -> list[Claim]:
    starts = _line_starts(text)
    try:
        parsed = doctest.DocTestParser().get_examples(text)
    except ValueError:  # lines that are not indented alike, or no blank after the prompt
        return _unruly_prompts(text, entry)
    return [
        Claim(
            one.source.strip(),
            Span(starts[one.lineno], starts[one.lineno + one.source.count("\n")]),
            _plain(one.source),
        )
        for one in parsed
        if one.want.strip() and re.search(rf"(?<![\w.]){re.escape(entry)}\(", one.source)
    ]


def _unruly_prompts(text: str, entry: str) -> list[Claim]:
    """Return every prompt that is followed by a line with something else than a prompt."""
    hits = re.finditer(rf"(?m)^[ \t]*>>>(?P<in>[^\n]*(?<![\w.]){re.escape(entry)}\([^\n]*)\n(?=[ \t]*[^\s>])", text)
    return [Claim(hit["in"].strip(), Span(*hit.span("in")), _plain(hit["in"])) for hit in hits]


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] = len(text)
    return starts


def _lines(text: str, entry: str) -> Iterable[Claim]:
    named = re.compile(rf"(?<![\w.]){re.escape(entry)}\((?P<in>.*?)\)[ \t'\"`]*(?:#[ ]*)?{_OUTCOME}[`]?{_LITERAL}")
    asserted = re.compile(r"^[ \t]*assert[ (].*\w\(")
    parameters = _parameters(text, entry)
    start = 0
    for line in text.split("\n"):
        is_code = re.match(r"[ \t]*(?:async )?def ", line) is not None or len(line) > _LONGEST_LINE
        if not is_code and (asserted.match(line) or _VALUES.search(line)):
            yield Claim(line.strip(), Span(start, start + len(line)))
        elif not is_code:
            for hit in named.finditer(line):
                if not _mentions(hit["in"], parameters):
                    call = _plain(f"{entry}({hit['in']})")
                    yield Claim(line[hit.start() :].strip(), Span(start + hit.start(), start + hit.end()), call)
        start += len(line) + 1


def _parameters(text: str, entry: str) -> frozenset[str]:
    header = re.search(rf"def {re.escape(entry)}\(([^)]*)\)", text)
    return frozenset(re.findall(r"(\w+)[ ]*(?=[,:=]|$)", header.group(1))) if header else frozenset()


def _mentions(arguments: str, parameters: frozenset[str]) -> bool:
    """``f(n) == f(n - 1) + 1`` defines the function and shows nothing."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", arguments)
    return bool(parameters & set(re.findall(r"[A-Za-z_]\w*", bare)))


def _listed(text: str, entry: str, recorded: Sequence[PoolInput]) -> Iterable[Claim]:
    written = _bare(text)
    for one in recorded:
        if one.expected is None:
            continue
        values = [*one.call.args, *one.call.kwargs.values(), one.expected.value]
        if all(_is_written(value, written) for value in values):
            shown = f"{one.call.text(entry)} == {one.expected.value!r}"
            yield Claim(shown, Span(0, 0), _plain(one.call.text(entry)), (one.call, one.expected))


def _is_written(value: object, written: str) -> bool:
    """The value must stand there on its own, but for spaces around punctuation and the kind of quotes."""
    looked_for = _bare(repr(value))
    before, after = r"(?<![\w.])" * looked_for[0].isalnum(), r"(?!\w)" * looked_for[-1].isalnum()
    return re.search(f"{before}{re.escape(looked_for)}{after}", written) is not None


def _bare(text: str) -> str:
    """Return the text with one kind of quotes, and spaces only where they part words."""
    return re.sub(r"[ \t]*([\[\](){},:])[ \t]*", r"\1", text.replace('"', "'"))


def _plain(call: str) -> str:
    return "".join(call.split())


def _inside(span: Span, others: Sequence[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)
