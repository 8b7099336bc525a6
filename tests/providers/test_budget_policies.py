"""Budgets in versions: what they would have stopped, who sets them, and that nothing gets round two people."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse

from apps.core.clock import now
from apps.governance.models import AuditEvent, PolicyVersion
from apps.governance.services import NotAllowed, PolicyInvalid, scope_create
from apps.governance.services.policy_versions import version_simulate
from apps.governance.types import Role
from apps.providers.engine.budgets import Limits
from apps.providers.engine.replay_budgets import PastCall, replay
from apps.providers.models import Budget, ModelCall, Provider
from tests.people import signed_in
from tests.policies import budget_ruled, budgets_lifted, kind_named, version_proposed, version_signed

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 10, tzinfo=UTC)


@pytest.fixture
def chair(person):
    return person("carl", Role.CHAIR)


@pytest.fixture
def admin(person):
    return person("adam", Role.ADMIN)


def said(tokens=None, cost=None, *, unknown=False):
    return {"tokens": tokens, "cost": cost, "allows_unknown_cost": unknown}


def past(subject, tokens, at=MAY, cost=Decimal(0)):
    return PastCall(subject, at, tokens, cost)


class TestReplay:
    def test_a_request_is_stopped_by_its_own_limit_and_others_begin_anew(self):
        calls = [past("a", 60), past("a", 60), past("b", 60), past("a", 40)]
        found = replay(calls, {"request": Limits(tokens=100)}, since=MAY)
        assert (found.asked, found.stopped) == (("a", "b"), {"request": ("a",)})

    def test_what_is_refused_counts_against_nothing(self):
        calls = [past("a", 90), past("b", 20), past("c", 10)]
        assert replay(calls, {"month": Limits(tokens=100)}, since=MAY).stopped == {"month": ("b",)}

    def test_a_month_begins_anew_and_what_was_before_the_window_counts_but_is_not_told(self):
        early, later = MAY - timedelta(days=5), MAY + timedelta(days=25)
        calls = [past("old", 80, early), past("a", 30), past("b", 90, later)]
        found = replay(calls, {"month": Limits(tokens=100)}, since=MAY)
        assert (found.asked, found.stopped) == (("a", "b"), {"month": ("a",)})

    def test_a_cost_that_nobody_knows_is_refused_unless_it_is_allowed(self):
        calls = [past("a", 1, cost=None)]
        for allows, stopped in ((False, ("a",)), (True, ())):
            limits = {"month": Limits(cost=Decimal(5), allows_unknown_cost=allows)}
            assert replay(calls, limits, since=MAY).stopped == {"month": stopped}


def call(scope, tokens, subject=None, *, kind="openai", days=1, outcome="answered"):
    provider, _ = Provider.objects.get_or_create(
        name=kind, defaults={"kind": kind, "base_url": "https://models.example/v1", "model_id": kind}
    )
    made = ModelCall.objects.create(
        provider=provider,
        scope=scope,
        subject_kind="request",
        subject_id=subject or uuid.uuid4(),
        sample_index=0,
        model_id=kind,
        prompt_digest="d",
        outcome=outcome,
        counted_tokens=tokens,
        counted_cost=0,
    )
    ModelCall.objects.filter(pk=made.pk).update(created_at=now() - timedelta(days=days))
    return str(made.subject_id)


def test_a_version_is_tried_on_what_was_spent_in_ninety_days(scope, chair, admin):
    elsewhere = scope_create(organisation="Acme", repository="till", created_by=None)
    small, large = call(scope, 50), call(scope, 500)
    call(scope, 500, days=200)
    call(scope, 500, kind="builtin")
    call(scope, 500, outcome="refused")
    call(elsewhere, 500)
    content = {"request": said(100), "month": None}
    version = version_proposed("budgets", scope, content, chair)
    found = version_simulate(kind_named("budgets"), version_id=version.pk, actor=admin, is_interactive=True).simulation
    assert (found["seen"], found["stopped"]) == (2, 1)
    assert found["hits"] == [{"rule": "requests by the budget of each request", "count": 1, "ids": [large]}]
    assert small not in str(found["hits"])
    page = signed_in(chair).get(f"/governance/policies/versions/{version.pk}").content.decode()
    assert "<strong>1 of 2</strong> requests would have been stopped." in page


def test_budgets_hold_once_another_person_published_them_and_end_in_the_same_way(scope, chair, admin):
    version = version_proposed("budgets", scope, {"request": None, "month": said(5)}, chair)
    assert not Budget.objects.exists()
    version_signed(version, admin)
    budget = Budget.objects.get()
    assert (budget.period, budget.token_limit, budget.set_by) == ("month", 5, admin)
    version_signed(version_proposed("budgets", scope, {"request": None, "month": said(9, "2.00")}, admin), chair)
    budget.refresh_from_db()
    assert (budget.token_limit, budget.cost_limit) == (9, 2)
    events = AuditEvent.objects.filter(action="policy_version.publish").order_by("sequence")
    assert [event.before_digest for event in events] == ["", version.content_digest]
    budgets_lifted(scope)
    assert not Budget.objects.exists()


def test_only_who_answers_for_money_there_proposes(scope, person, chair, admin):
    with pytest.raises(NotAllowed):
        version_proposed("budgets", scope, {"request": None, "month": said(5)}, person("erin", Role.ENGINEER))
    for one in (chair, admin):
        with pytest.raises(NotAllowed):
            version_proposed("budgets", None, {"request": None, "month": said(5)}, one)
    budget_ruled(None, "month", token_limit=5)


@pytest.mark.parametrize("limits", [said(), said(-1), said(cost="-1.00")])
def test_what_cannot_be_meant_is_refused(scope, chair, limits):
    with pytest.raises(PolicyInvalid, match="Each month"):
        version_proposed("budgets", scope, {"request": None, "month": limits}, chair)


def test_what_was_set_before_there_were_versions_stays_and_is_what_the_first_one_is_compared_with(
    as_owner, scope, chair, admin
):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE providers_budget DISABLE TRIGGER providers_budget_kept")
        Budget.objects.create(scope=scope, period="month", token_limit=1_000)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE providers_budget ENABLE TRIGGER providers_budget_kept")
    client = signed_in(chair)
    form = client.get("/governance/policies/budgets/new", {"scope": scope.pk}).content.decode()
    assert 'name="month_tokens" value="1000"' in form
    version = version_signed(version_proposed("budgets", scope, {"request": None, "month": said(2_000)}, chair), admin)
    page = client.get(f"/governance/policies/versions/{version.pk}").content.decode()
    text = re.sub(r"<[^>]+>", "", page)
    assert "at most 1,000 tokens." in text and "at most 2,000 tokens." in text


def test_the_pages_propose_what_the_form_says_and_keep_what_is_wrong(scope, chair):
    client = signed_in(chair)
    assert reverse("governance:version-new", args=["budgets"]) in client.get("/spend").content.decode()
    form = {"scope": scope.pk, "reason": "Less.", "month_tokens": "1000", "request_cost": "2"}
    page = client.post("/governance/policies/budgets/new", form, follow=True).content.decode()
    assert "Each month: at most 1,000 tokens." in page
    assert "Each request: at most $2.00, unknown costs refused." in page
    assert PolicyVersion.objects.get().content == {"request": said(None, "2.00"), "month": said(1000)}
    answer = client.post("/governance/policies/budgets/new", {**form, "month_tokens": "-1"})
    assert answer.status_code == 422 and "Less." in answer.content.decode()
    far = scope_create(organisation="Other", repository="far", created_by=None)
    assert client.post("/governance/policies/budgets/new", {**form, "scope": far.pk}).status_code == 422
    assert client.post("/governance/policies/budgets/new", {**form, "scope": ""}).status_code == 422


def test_two_people_of_the_whole_platform_limit_all_of_it(person):
    people = [person(name, is_superuser=True) for name in ("root", "rita")]
    form = {"scope": "", "reason": "Less.", "month_tokens": "1000"}
    page = signed_in(people[0]).post("/governance/policies/budgets/new", form, follow=True).content.decode()
    assert "The whole platform" in page
    version_signed(PolicyVersion.objects.get(), people[1])
    assert Budget.objects.get().scope is None
    again = signed_in(people[1]).get("/governance/policies/budgets").content.decode()
    assert "ruling" in again.lower()


# --- What the database holds by itself ------------------------------------------------------------------------------


def refuse(statement, *values):
    why = "what the published version of the budgets of its place says"
    with pytest.raises(Error, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_sql_sets_raises_moves_and_removes_no_budget(scope, chair):
    add = (
        "INSERT INTO providers_budget (id, scope_id, period, token_limit, allows_unknown_cost)"
        " VALUES (gen_random_uuid(), %s, 'month', 5, %s)"
    )
    refuse(add, scope.pk, False)
    refuse(add, None, False)
    version_proposed("budgets", scope, {"request": None, "month": said(5)}, chair)
    refuse(add, scope.pk, False)
    budget_ruled(scope, "month", token_limit=5)
    refuse("UPDATE providers_budget SET token_limit = 999999999")
    refuse("UPDATE providers_budget SET allows_unknown_cost = true")
    refuse("UPDATE providers_budget SET period = 'request'")
    refuse("UPDATE providers_budget SET scope_id = NULL")
    refuse("DELETE FROM providers_budget")


def test_the_admin_site_only_looks(scope, person, client):
    client.force_login(person("root", is_superuser=True, is_staff=True))
    budget = budget_ruled(scope, "month", token_limit=5)
    assert client.get(reverse("admin:providers_budget_change", args=[budget.pk])).status_code == 200
    for name, args in (("add", []), ("change", [budget.pk]), ("delete", [budget.pk])):
        answer = client.post(reverse(f"admin:providers_budget_{name}", args=args), {"post": "yes", "token_limit": "9"})
        assert answer.status_code == 403
    budget.refresh_from_db()
    assert budget.token_limit == 5
