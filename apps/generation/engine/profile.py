"""
How the cost of a function grows with its input, from runs of one example made larger and larger.

What is measured is the processor time of whole processes, seen from outside. A process that makes so many copies of
the input and calls the function on each is compared with one that makes the same copies and calls it once, so that
starting, copying and passing the input cost nothing in the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from apps.generation.engine.inputs import CallInput

SIZES = (16, 64, 256, 1024, 4096)
MIN_MS = 0.2  # of all calls of a process together; below that the difference of two processes says nothing
MIN_POINTS = 3
DRIVER_ENTRY = "_nofx_profile"
DRIVER = f"""

def {DRIVER_ENTRY}(args, kwargs, copies, calls):
    import marshal as _marshal

    written = _marshal.dumps((args, kwargs))
    inputs = [_marshal.loads(written) for _ in range(copies)]
    for one in range(calls):
        {{entry}}(*inputs[one][0], **inputs[one][1])
"""
WORDS = (
    (0.25, "constant"),
    (0.75, "slower than linear"),
    (1.35, "about linear"),
    (1.75, "faster than linear"),
    (2.35, "about quadratic"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One size: milliseconds of processor time a call, how many calls that rests on, and KiB of memory a call took."""

    size: int
    ms: float
    calls: int
    kib: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The points by growing size; ``stopped_at`` is the size at which a run did not end in time."""

    points: tuple[Point, ...]
    stopped_at: int | None = None

    def is_affordable(self, size: int, most_ms: float) -> bool:
        """Whether a process at *size* ends within *most_ms* if time grows with the square of the size."""
        if not self.points:
            return True
        last = self.points[-1]
        return last.ms * (size / last.size) ** 2 * calls_at(size) <= most_ms

    @property
    def exponent(self) -> float | None:
        """
        The power of the size with which the time of a call grows, None where too few points can be measured.

        The least-squares slope of log time over log size, of the last three points that can: what matters is where it
        leads.
        """
        told = [p for p in self.points if p.ms * p.calls >= MIN_MS][-MIN_POINTS:]
        if len(told) < MIN_POINTS:
            return None
        xs, ys = [math.log(p.size) for p in told], [math.log(p.ms) for p in told]
        x, y = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
        slope = math.fsum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
        return round(slope / math.fsum((a - x) ** 2 for a in xs), 2)

    @property
    def words(self) -> str:
        """The growth as people say it, "" where it is unknown."""
        if self.exponent is None:
            return ""
        named = next((word for bound, word in WORDS if self.exponent < bound), "")
        return named or f"about size^{self.exponent:.1f}"


def calls_at(size: int) -> int:
    """Return how many calls a process makes at *size*: the more, the smaller the input."""
    return max(32, 32_768 // size)


def grown(call: CallInput, size: int) -> CallInput | None:
    """
    Return *call* with every text and collection among its arguments at *size* parts, None when it has none.

    Parts repeat in their order; whole numbers among them go on counting, so that they do not all repeat. Where an
    argument has no parts, nothing can be said about more of them. A session cannot be made larger.
    """
    if call.is_session:
        return None
    args = tuple(_grown(value, size) for value in call.args)
    kwargs = {name: _grown(value, size) for name, value in call.kwargs.items()}
    larger = CallInput(args, kwargs)
    return larger if any(_length(value) >= size for value in (*args, *kwargs.values())) else None


def _length(value: object) -> int:
    return len(value) if isinstance(value, (str, bytes, list, tuple, set, frozenset, dict)) else 0


def _grown(value: object, size: int) -> object:
    if isinstance(value, (str, bytes)) and value:
        return (value * (size // len(value) + 1))[:size]
    if isinstance(value, dict) and value:
        return dict(zip(_parts(list(value), size), _parts(list(value.values()), size), strict=True))
    if isinstance(value, (list, set, frozenset)) and value:
        return type(value)(_parts(list(value), size))
    # A tuple of parts of one kind is a collection; one of several kinds is a record.
    if isinstance(value, tuple) and value and len({type(part) for part in value}) == 1 and len(value) > 2:
        return tuple(_parts(list(value), size))
    return value


def _parts(parts: Sequence[object], size: int) -> list[object]:
    step = max((abs(part) for part in parts if type(part) is int), default=0) + 1
    rounds = ((part, number // len(parts)) for number, part in enumerate(islice(cycle(parts), size)))
    return [part + step * number if type(part) is int else _varied(part, number) for part, number in rounds]


def _varied(part: object, number: int) -> object:
    """A text that repeats would be one key, and one member of a set."""
    return f"{part}{number}" if isinstance(part, str) and len(part) > 1 and number else part
