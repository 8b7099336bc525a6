"""The laws of waiting: bounded, never before a server's wish, never past the time that is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers.engine.retry import RetryPolicy, is_retryable_status, next_delay, parse_retry_after

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
POLICY = RetryPolicy(attempts=4, base_s=1, longest_s=8, longest_wish_s=30)


def delay(failures=1, elapsed_s=0.0, budget_s=1000.0, wish_s=None, chance=1.0, policy=POLICY):
    return next_delay(policy, failures=failures, elapsed_s=elapsed_s, budget_s=budget_s, wish_s=wish_s, chance=chance)


def test_the_longest_wait_doubles_with_every_failure_up_to_its_limit():
    policy = RetryPolicy(attempts=9, base_s=1, longest_s=8)
    assert [delay(failures, policy=policy) for failures in range(1, 7)] == [1, 2, 4, 8, 8, 8]


def test_the_last_attempt_is_not_followed_by_a_wait():
    assert delay(failures=3) is not None
    assert delay(failures=4) is None


def test_a_servers_wish_replaces_the_backoff_up_to_a_limit():
    assert delay(wish_s=12) == 12
    assert delay(wish_s=3600) == 30


def test_a_wait_that_uses_up_the_time_is_not_begun():
    assert delay(wish_s=10, elapsed_s=5, budget_s=15) is None
    assert delay(wish_s=10, elapsed_s=5, budget_s=16) == 10


def test_nothing_is_repeated_before_it_failed():
    with pytest.raises(ValueError, match="first failure"):
        delay(failures=0)


@given(
    failures=st.integers(1, 5000),
    attempts=st.integers(1, 5000),
    chance=st.floats(0, 1),
    wish_s=st.none() | st.floats(-10, 1e9),
    elapsed_s=st.floats(0, 1000),
    budget_s=st.floats(0, 1000),
)
def test_a_wait_is_never_negative_never_too_long_and_always_affordable(
    failures, attempts, chance, wish_s, elapsed_s, budget_s
):
    policy = RetryPolicy(attempts=attempts, base_s=1, longest_s=8, longest_wish_s=30)
    wait = delay(failures, elapsed_s, budget_s, wish_s, chance, policy)
    if wait is not None:
        assert 0 <= wait <= (8 if wish_s is None else 30)
        assert elapsed_s + wait < budget_s
        assert failures < attempts


@given(chance=st.floats(0, 1), failures=st.integers(1, 3))
def test_more_luck_never_waits_longer_than_the_worst_case(chance, failures):
    assert delay(failures, chance=chance) <= delay(failures, chance=1.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5),
        (" 0.5 ", 0.5),
        ("0", 0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
    ],
)
def test_a_retry_after_header_is_read_as_seconds_or_as_a_date(value, seconds):
    assert parse_retry_after(value, now=NOW) == seconds


@given(st.text())
def test_no_retry_after_header_is_an_error(value):
    wish = parse_retry_after(value, now=NOW)
    assert wish is None or wish >= 0


def test_only_what_may_pass_is_worth_repeating():
    assert {status for status in range(400, 600) if is_retryable_status(status)} >= {429, 500, 502, 503, 504}
    assert not any(is_retryable_status(status) for status in (200, 301, 400, 401, 403, 404, 422, 501))


@pytest.mark.parametrize("bad", [{"attempts": 0}, {"base_s": -1}, {"longest_s": -1}])
def test_a_policy_without_attempts_or_with_negative_times_is_refused(bad):
    with pytest.raises(ValueError, match="retry policy"):
        RetryPolicy(**bad)
