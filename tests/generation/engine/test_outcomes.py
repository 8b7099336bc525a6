"""What meets an expectation, what agrees, and what old rows still say."""

from __future__ import annotations

import pytest

from apps.generation.engine.outcomes import (
    Expected,
    Outcome,
    OutcomeKind,
    outcome_from_value,
    outcome_meets,
    outcome_restored,
    outcome_stored,
    outcomes_agree,
)


def raised(error: str, *bases: str) -> Outcome:
    return outcome_from_value(error=f"{error}: text", bases=bases)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (raised("JSONDecodeError", "ValueError", "Exception"), "ValueError"),
        (raised("JSONDecodeError", "ValueError", "Exception"), "json.JSONDecodeError"),
        (raised("KeyError", "LookupError", "Exception"), "LookupError"),
        (raised("KeyError", "LookupError", "Exception"), "Exception"),
        (raised("FileNotFoundError", "OSError", "Exception"), "IOError"),
        (raised("OSError", "Exception"), "EnvironmentError"),
        (raised("TimeoutError", "OSError", "Exception"), "socket.timeout"),
        (raised("IOError", "Error"), "IOError"),
    ],
)
def test_an_expected_exception_is_met_by_any_kind_of_it(outcome: Outcome, expected: str) -> None:
    assert outcome_meets(outcome, Expected(raises=expected))


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (raised("ValueError", "Exception"), "JSONDecodeError"),
        (raised("KeyError", "LookupError", "Exception"), "IndexError"),
        (raised("SystemExit"), "Exception"),
        (outcome_from_value("ValueError"), "ValueError"),
        (outcome_from_value(has_value=False, status="signal"), "Exception"),
    ],
)
def test_nothing_else_meets_it(outcome: Outcome, expected: str) -> None:
    assert not outcome_meets(outcome, Expected(raises=expected))


def test_behaviours_are_told_apart_by_the_exception_itself() -> None:
    lookup, key = raised("LookupError", "Exception"), raised("KeyError", "LookupError", "Exception")
    assert not outcomes_agree(lookup, key)
    assert outcomes_agree(key, raised("KeyError", "OwnError", "Exception"))


def test_names_of_kinds_are_data_nobody_trusts() -> None:
    assert raised("E", "a b", "<script>", "x" * 101, "Exception").bases == ("Exception",)


def test_an_outcome_is_restored_as_it_was_kept() -> None:
    outcome = raised("KeyError", "LookupError", "Exception")
    assert outcome_restored(outcome_stored(outcome)) == outcome


def test_an_older_row_is_read_and_kept_as_it_was() -> None:
    row = {"kind": "error", "value": None, "error": "KeyError", "mutated": None}
    outcome = outcome_restored(row)
    assert outcome == Outcome(OutcomeKind.ERROR, error="KeyError")
    assert outcome_stored(outcome) == row
    assert outcome_meets(outcome, Expected(raises="KeyError"))
    assert not outcome_meets(outcome, Expected(raises="LookupError"))
