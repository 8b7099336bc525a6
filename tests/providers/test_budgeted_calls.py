"""Budgets at the door to models: kept before each call, in parallel too, recorded, and said in one sentence."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.providers.models import ModelCall, Provider
from apps.providers.selectors import month_spend
from apps.providers.services import answers_generate
from apps.providers.services.budgets import reservation_of
from apps.providers.types import Answer, BudgetRefused, CodeTask, Message, ProviderFailure
from tests.fault_server import Fault
from tests.policies import budget_ruled, budgets_lifted

pytestmark = pytest.mark.django_db
TASK = CodeTask(title="t", text="x", messages=(Message("user", "Return twice the number."),))
CODE = "def double(value):\n    return 2 * value\n"
# 24 bytes of the message, 32 around it, 100 for the answer.
MOST = 156


@pytest.fixture
def chair(person):
    return person("carl", Role.CHAIR, first_name="Carl", last_name="Chen")


@pytest.fixture
def provider(server):
    server.answers([CODE])
    return Provider.objects.create(
        name="one", kind="openai", base_url=server.url, model_id="one", max_tokens=100, timeout_s=20, max_concurrency=8
    )


@pytest.fixture
def ask(scope):
    def run(provider, samples=1, subject=None, within=scope, task=TASK):
        got = []
        answers_generate(
            task=task,
            samples=[(provider, index) for index in range(samples)],
            subject_kind="request",
            subject_id=subject or uuid.uuid4(),
            seed=1,
            cancelled=lambda: False,
            on_answer=lambda provider_id, sample, answer: got.append(answer),
            scope=within,
        )
        return got

    return run


def limit(scope, period="month", **limits):
    return budget_ruled(scope, period, **limits)


def test_a_call_that_may_go_beyond_a_budget_is_refused_recorded_and_not_made(server, provider, ask, scope, chair):
    limit(scope, token_limit=MOST - 1)
    [refused] = ask(provider)
    assert isinstance(refused, BudgetRefused)
    assert refused.message.startswith(
        "The monthly budget of Acme/shop has 155 of 155 tokens left, and this call may use up to 156. "
        "Carl Chen (an administrator or chair) can raise it; it begins anew on 1 "
    )
    assert server.requests == []
    call = ModelCall.objects.get()
    assert (call.outcome, call.error, call.cost, call.counted_tokens) == ("refused", refused.message, 0, 0)


def test_what_was_reserved_is_settled_by_what_was_used(provider, ask, scope):
    limit(scope, token_limit=MOST)
    assert isinstance(ask(provider)[0], Answer)
    call = ModelCall.objects.get()
    assert call.counted_tokens == call.prompt_tokens + call.completion_tokens < MOST
    assert isinstance(ask(provider)[0], BudgetRefused)


def test_samples_of_one_request_wait_for_no_one_and_still_do_not_overspend(server, provider, ask, scope):
    server.answers([Fault.slow(CODE, seconds=0.01)])
    limit(scope, period="request", token_limit=2 * MOST)
    got = ask(provider, samples=5)
    assert sum(isinstance(answer, BudgetRefused) for answer in got) == 3
    assert len(server.requests) == 2
    assert "for one request has" in next(str(answer) for answer in got if isinstance(answer, BudgetRefused))


@pytest.mark.django_db(transaction=True)
def test_calls_from_many_processes_at_once_do_not_overspend(server, provider, ask, scope):
    server.answers([Fault.slow(CODE * 3, seconds=0.005)])
    limit(scope, token_limit=3 * MOST)
    got = []

    def work():
        got.extend(ask(provider, samples=2))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == sum(isinstance(one, Answer) for one in got) == 3
    assert sum(isinstance(one, BudgetRefused) for one in got) == 5


def test_an_unknown_cost_is_refused_under_a_budget_in_money_by_default(provider, ask, scope):
    limit(scope, cost_limit=5)
    [refused] = ask(provider)
    assert "what this call would cost is not known" in str(refused)
    assert "write the model's price down" in str(refused)
    limit(scope, cost_limit=5, allows_unknown_cost=True)
    assert isinstance(ask(provider)[0], Answer)
    call = ModelCall.objects.get(outcome="answered")
    assert (call.cost, call.counted_cost) == (None, None)


def test_a_price_makes_costs_known_and_limits_them(provider, ask, scope):
    Provider.objects.update(prompt_price=100, completion_price=1000)
    provider.refresh_from_db()
    limit(scope, cost_limit=Decimal("0.11"))
    assert isinstance(ask(provider)[0], Answer)
    call = ModelCall.objects.get()
    assert call.cost == call.counted_cost == (100 * call.prompt_tokens + 1000 * call.completion_tokens) / Decimal(10**6)
    [refused] = ask(provider)
    assert "and this call may cost up to $0.1056" in str(refused)


def test_a_request_has_its_own_budget_and_another_begins_with_the_whole_of_it(provider, ask, scope):
    limit(scope, period="request", token_limit=MOST)
    first = uuid.uuid4()
    assert isinstance(ask(provider, subject=first)[0], Answer)
    assert isinstance(ask(provider, subject=first)[0], BudgetRefused)
    assert isinstance(ask(provider)[0], Answer)


def test_last_month_does_not_count(provider, ask, scope):
    limit(scope, token_limit=MOST)
    ask(provider)
    ModelCall.objects.update(created_at=timezone.now() - timedelta(days=32))
    assert isinstance(ask(provider)[0], Answer)


def test_budgets_of_repository_organisation_and_platform_all_hold(provider, ask, scope):
    organisation = scope_create(organisation="Acme", created_by=None)
    sister = scope_create(organisation="Acme", repository="till", created_by=None)
    stranger = scope_create(organisation="Other", repository="far", created_by=None)
    limit(organisation, token_limit=MOST)
    assert isinstance(ask(provider, within=sister)[0], Answer)
    assert "all repositories of Acme" in str(ask(provider)[0])
    assert isinstance(ask(provider, within=stranger)[0], Answer)
    limit(None, token_limit=MOST)
    for place in (stranger, None):
        assert "the whole platform" in str(ask(provider, within=place)[0])


def test_what_is_built_in_is_asked_whatever_the_budgets_say(ask, scope):
    limit(scope, token_limit=0, cost_limit=0)
    builtin = Provider.objects.create(name="patterns", kind="builtin", model_id="patterns")
    task = CodeTask(title="Slugs", text="Turn a title into a slug for a URL: lower case, words joined by dashes.")
    assert isinstance(ask(builtin, task=task)[0], Answer)


@pytest.mark.parametrize("fault", [Fault.failure(401), Fault.failure(404)], ids=lambda fault: str(fault.status))
def test_a_call_that_reached_no_model_counts_nothing(server, provider, ask, scope, fault):
    server.answers([fault])
    limit(scope, token_limit=MOST)
    ask(provider)
    call = ModelCall.objects.get()
    assert (call.outcome, call.counted_tokens, call.counted_cost, call.cost) == ("failed", 0, 0, None)


def test_an_answer_that_broke_off_counts_as_reserved_and_is_not_paid_for_twice(server, provider, ask, scope):
    server.answers([Fault.cut("def "), CODE])
    limit(scope, token_limit=10 * MOST)
    [failure] = ask(provider)
    assert isinstance(failure, ProviderFailure)
    assert len(server.requests) == 1
    assert ModelCall.objects.get().counted_tokens == MOST
    budgets_lifted(scope)
    server.answers([Fault.cut("def "), CODE])
    assert isinstance(ask(provider)[0], Answer)


def test_a_local_model_costs_nothing_but_counts_tokens(server, provider):
    local = Provider(name="l", kind="local", base_url=server.url, model_id="l", max_tokens=100)
    assert (reservation_of(local, TASK).tokens, reservation_of(local, TASK).cost) == (MOST, 0)
    assert reservation_of(provider, TASK).cost is None


class TestPage:
    def test_it_shows_what_is_spent_of_which_limit_and_until_when(self, client, provider, ask, scope, person):
        limit(scope, token_limit=50_000, cost_limit=20, allows_unknown_cost=True)
        ask(provider)
        client.force_login(person("erin", Role.ENGINEER))
        page = client.get(reverse("providers:spend")).content.decode()
        used = ModelCall.objects.get().counted_tokens
        assert f"{used} / 50,000" in page
        assert "0.00 + unknown / 20.00" in page
        assert "begin anew on 1 " in page
        assert "Propose budgets" not in page

    def test_it_takes_as_many_queries_for_one_place_as_for_twenty(
        self, scope, person, django_assert_num_queries, provider, ask
    ):
        above = scope_create(organisation="Acme", created_by=None)
        reader = person("rita", Role.ADMIN, where=above)
        limit(above, token_limit=10**6)
        for number in range(20):
            place = scope_create(organisation="Acme", repository=f"r{number}", created_by=None)
            limit(place, token_limit=5)
        ask(provider)
        with django_assert_num_queries(4):
            month = month_spend(reader)
        used = ModelCall.objects.get().counted_tokens
        sums = {str(place.scope): place.usage.tokens for place in month.places}
        assert sums["all of Acme"] == sums["Acme/shop"] == used
        assert sums["Acme/r3"] == 0
