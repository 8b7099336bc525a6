"""The laws of budgets: nothing is allowed beyond a limit, unknown is not free, and a refusal says all it has to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers.engine.budgets import Limits, Price, Usage, month_start, next_month, prompt_bound, refusal

AMOUNTS = st.decimals(0, 1000, places=4)


@given(limit=st.integers(0, 10**9), used=st.integers(0, 10**9), wanted=st.integers(0, 10**9))
def test_a_call_is_allowed_exactly_when_the_most_it_may_use_is_left(limit, used, wanted):
    reason = refusal(Limits(tokens=limit), Usage(tokens=used), tokens=wanted, cost=None)
    assert (reason is None) == (used + wanted <= limit)


@given(limit=AMOUNTS, used=AMOUNTS, wanted=AMOUNTS, unknown=st.booleans())
def test_money_is_counted_like_tokens(limit, used, wanted, unknown):
    limits = Limits(cost=limit, allows_unknown_cost=unknown)
    assert (refusal(limits, Usage(cost=used), tokens=10**9, cost=wanted) is None) == (used + wanted <= limit)


def test_an_unknown_cost_is_refused_under_money_unless_the_budget_allows_it():
    denied = refusal(Limits(cost=Decimal(10)), Usage(), tokens=5, cost=None)
    assert denied is not None and "not known" in denied
    allowing = Limits(cost=Decimal(10), allows_unknown_cost=True)
    assert refusal(allowing, Usage(), tokens=5, cost=None) is None
    assert "nothing left" in refusal(allowing, Usage(cost=Decimal(10)), tokens=5, cost=None)


def test_no_limit_refuses_nothing():
    assert refusal(Limits(), Usage(10**12, Decimal(10**9), 7), tokens=10**9, cost=None) is None


@given(prompt=st.integers(0, 10**6), completion=st.integers(0, 10**6), price=st.decimals("0.0001", "999", places=4))
def test_a_cost_is_never_rounded_below_what_it_is(prompt, completion, price):
    cost = Price(price, price).cost(prompt, completion)
    assert cost is not None
    assert 0 <= cost - price * (prompt + completion) / 1_000_000 < Decimal("0.000001")


def test_half_a_price_is_no_price():
    assert Price(Decimal(1), None).cost(5, 5) is None
    assert Price(None, Decimal(1)).cost(5, 5) is None
    assert Price(Decimal(0), Decimal(0)).cost(5, 5) == 0


@given(st.lists(st.text()))
def test_a_prompt_has_no_more_tokens_than_bytes_and_what_stands_around_messages(texts):
    assert prompt_bound(texts) >= sum(len(text.encode(errors="surrogatepass")) for text in texts) + len(texts)


@pytest.mark.parametrize(
    ("at", "start", "anew"),
    [
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_month_is_a_calendar_month_of_utc(at, start, anew):
    assert (month_start(at), next_month(at)) == (start, anew)
