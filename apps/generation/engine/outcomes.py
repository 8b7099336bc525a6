"""What running a candidate on one input showed, judged outside the process that ran it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.generation.engine.values import Unrepresentable, decode, encode, same

MAX_NAME = 100
# Other names of one exception of Python.
ALIASES = dict.fromkeys(("EnvironmentError", "IOError", "os.error", "select.error", "socket.error"), "OSError") | {
    "socket.timeout": "TimeoutError"
}


class OutcomeKind(StrEnum):
    """Timing out is not the same as being wrong, and neither is returning something that cannot be compared."""

    VALUE = "value"
    ERROR = "error"
    TIMEOUT = "timeout"
    UNREPRESENTABLE = "unrepresentable"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    One observation.

    ``value`` is the returned plain value (VALUE only). ``error`` is the exception's type name (ERROR), or what
    could not be represented (UNREPRESENTABLE). ``bases`` are the names of the exceptions that it is a kind of, as the
    code says; behaviours are compared by ``error`` alone. ``mutated`` holds the arguments after the call when the call
    changed them, else None.
    """

    kind: OutcomeKind
    value: object = None
    error: str = ""
    bases: tuple[str, ...] = ()
    mutated: tuple[object, ...] | None = None

    @property
    def is_comparable(self) -> bool:
        """Whether the outcome says something about behaviour."""
        return self.kind in (OutcomeKind.VALUE, OutcomeKind.ERROR)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the author of an example or a test expects: an exception type, else a value."""

    value: object = None
    raises: str | None = None


NOT_RUN = Outcome(OutcomeKind.NOT_RUN)
TIMEOUT = Outcome(OutcomeKind.TIMEOUT)


def outcome_from_value(
    value: object = None,
    *,
    error: str | None = None,
    bases: Sequence[str] = (),
    mutated: tuple[object, ...] | None = None,
    has_value: bool = True,
    status: str = "exit",
) -> Outcome:
    """
    Return the outcome of one call from plain data, so that nothing here needs to know the sandbox.

    :param error: "TypeName: text" of the exception that the call raised, None when it raised none.
    :param bases: the names of the exceptions that it is a kind of, in the words of the code.
    :param mutated: the arguments after the call when they changed.
    :param has_value: False when no value came back for this call.
    :param status: how the run ended: "exit", "timeout", "signal", "oom", "output_limit" or "infra". It decides only
        for calls without a value or an error: those are TIMEOUT after a timeout, an error after a crash, else NOT_RUN.
    """
    if error is not None:
        names = tuple(name for name in bases if _is_name(name))
        return Outcome(OutcomeKind.ERROR, error=_error_name(error), bases=names, mutated=_plain(mutated))
    if not has_value:
        return _without_value(status)
    try:
        encode(value)
    except Unrepresentable:
        return Outcome(OutcomeKind.UNREPRESENTABLE, error=type(value).__name__)
    return Outcome(OutcomeKind.VALUE, value=value, mutated=_plain(mutated))


def _error_name(error: str) -> str:
    """The text comes from code nobody trusts: what is no identifier of a usual length is no exception's name."""
    name = error.split(":", 1)[0].strip().rsplit(".", 1)[-1]
    return name if _is_name(name) else "Exception"


def _is_name(name: str) -> bool:
    return name.isidentifier() and len(name) <= MAX_NAME


def _without_value(status: str) -> Outcome:
    if status == "timeout":
        return TIMEOUT
    crashes = {"signal": "Crash", "oom": "MemoryError", "output_limit": "OutputLimit"}
    return Outcome(OutcomeKind.ERROR, error=crashes[status]) if status in crashes else NOT_RUN


def _plain(mutated: tuple[object, ...] | None) -> tuple[object, ...] | None:
    if mutated is None:
        return None
    try:
        encode(mutated)
    except Unrepresentable:
        return ("unrepresentable",)
    return mutated


def outcome_stored(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON data; one without bases as it was written before there were any."""
    try:
        value, mutated = encode(outcome.value), encode(outcome.mutated)
    except Unrepresentable:
        value, mutated = None, None
    stored = {"kind": outcome.kind.value, "value": value, "error": outcome.error, "mutated": mutated}
    return {**stored, "bases": list(outcome.bases)} if outcome.bases else stored


def outcome_restored(stored: Mapping[str, Any]) -> Outcome:
    """
    Return the outcome that :func:`outcome_stored` wrote; an older one has no bases and is judged by its own type.

    :raises Unrepresentable: a value holds a tag that nobody writes.
    """
    mutated = decode(stored["mutated"])
    return Outcome(
        OutcomeKind(stored["kind"]),
        decode(stored["value"]),
        stored["error"],
        tuple(stored.get("bases", ())),
        mutated if isinstance(mutated, tuple) else None,
    )


def expected_stored(expected: Expected) -> dict[str, Any]:
    """
    Return an expectation as JSON data.

    :raises Unrepresentable: the value has no plain form.
    """
    return {"value": encode(expected.value), "raises": expected.raises}


def expected_restored(stored: Mapping[str, Any]) -> Expected:
    """
    Return the expectation that :func:`expected_stored` wrote.

    :raises Unrepresentable: it holds a tag that nobody writes.
    """
    return Expected(decode(stored["value"]), stored["raises"])


def expected_of(outcome: Outcome) -> Expected:
    """Return the expectation that *outcome* meets, whatever it does to its arguments."""
    return Expected(outcome.value, outcome.error if outcome.kind is OutcomeKind.ERROR else None)


def outcomes_agree(left: Outcome, right: Outcome) -> bool:
    """Tell whether a caller could not tell the two apart: kind, value within tolerance, exception type, mutation."""
    if left.kind is not right.kind or left.error != right.error:
        return False
    if (left.mutated is None) is not (right.mutated is None):
        return False
    return same(left.value, right.value) and (left.mutated is None or same(left.mutated, right.mutated))


def outcome_meets(outcome: Outcome, expected: Expected) -> bool:
    """
    Tell whether the outcome is what was expected; an expectation says nothing about mutation.

    An expected exception is met by any kind of it, as ``pytest.raises`` and ``instanceof`` have it.
    """
    if expected.raises is not None:
        wanted = {expected.raises.rsplit(".", 1)[-1], ALIASES.get(expected.raises)}
        return outcome.kind is OutcomeKind.ERROR and not wanted.isdisjoint((outcome.error, *outcome.bases))
    return outcome.kind is OutcomeKind.VALUE and same(outcome.value, expected.value)
