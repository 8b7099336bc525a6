"""The policy about providers: who may be asked for a repository, and what it would have done to the past."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.governance.models import AuditEvent, PolicyVersion
from apps.governance.services import PolicyInvalid, scope_create
from apps.governance.services.policy_versions import version_simulate
from apps.governance.types import Role
from apps.providers.engine.allowed import allowed_before
from apps.providers.models import ModelCall, Provider
from apps.providers.selectors import providers_refused
from apps.providers.services import answers_generate
from apps.providers.types import Answer, CodeTask, Message, ModelWithdrawn
from tests.fault_server import Fault
from tests.policies import kind_named, version_proposed, version_ruled, version_signed

pytestmark = pytest.mark.django_db
TASK = CodeTask(title="t", text="x", messages=(Message("user", "Return twice the number."),))
CODE = "def double(value):\n    return 2 * value\n"


@pytest.fixture
def chair(person):
    return person("carl", Role.CHAIR, first_name="Carl", last_name="Chen")


@pytest.fixture
def admin(person):
    return person("adam", Role.ADMIN)


@pytest.fixture
def providers(server):
    server.answers([CODE])
    return [
        Provider.objects.create(name=name, kind="openai", base_url=server.url, model_id=name, timeout_s=20)
        for name in ("one", "two")
    ]


def allow(*providers):
    return {"allowed": sorted(str(one.pk) for one in providers)}


def ask(scope, providers):
    got = {}
    answers_generate(
        task=TASK,
        samples=[(one, 0) for one in providers],
        subject_kind="request",
        subject_id=uuid.uuid4(),
        seed=1,
        cancelled=lambda: False,
        on_answer=lambda provider_id, sample, answer: got.setdefault(provider_id, answer),
        scope=scope,
    )
    return [got[one.pk] for one in providers]


def test_nobody_is_asked_whom_the_policy_does_not_allow_and_the_refusal_names_rule_and_people(
    server, scope, providers, chair
):
    version_ruled("providers", scope, allow(providers[0]))
    answer, refused = ask(scope, providers)
    assert isinstance(answer, Answer)
    assert isinstance(refused, ModelWithdrawn)
    assert str(refused) == (
        "two is not asked here: it is not in version 1 of the allowed providers of Acme/shop. "
        "Carl Chen (an administrator or chair) can propose another version."
    )
    assert len(server.requests) == ModelCall.objects.count() == 1


def test_a_call_under_way_is_cut_when_another_version_is_published(server, scope, providers, monkeypatch):
    server.answers([Fault.slow(CODE * 40, seconds=0.2)])
    refused = {}
    monkeypatch.setattr("apps.providers.services.calls.providers_refused", lambda scope, providers: dict(refused))
    monkeypatch.setattr("apps.providers.services.calls._WITHDRAWAL_SECONDS", 0.0)

    def cancelled():
        refused[providers[0].pk] = "Not here."
        return False

    got = []
    answers_generate(
        task=TASK,
        samples=[(providers[0], 0)],
        subject_kind="request",
        subject_id=uuid.uuid4(),
        seed=1,
        cancelled=cancelled,
        on_answer=lambda provider_id, sample, answer: got.append(answer),
        scope=scope,
    )
    assert [str(one) for one in got] == ["Not here."]


def test_an_organisations_policy_rules_its_repositories_without_their_own(scope, providers):
    above = scope_create(organisation="Acme", created_by=None)
    other = scope_create(organisation="Acme", repository="billing", created_by=None)
    version_ruled("providers", above, allow(providers[0]))
    assert providers_refused(scope, providers).keys() == {providers[1].pk}
    version_ruled("providers", scope, {"allowed": None})
    assert providers_refused(scope, providers) == {}
    assert providers_refused(other, providers).keys() == {providers[1].pk}
    assert providers_refused(None, providers) == {}


def test_a_version_that_is_not_published_rules_nothing(scope, providers, chair):
    version_proposed("providers", scope, allow(providers[0]), chair)
    assert providers_refused(scope, providers) == {}


@pytest.mark.parametrize(
    ("allowed", "why"), [([], "nobody could be asked"), ([str(uuid.uuid4())], "no such"), (["x"], "no such")]
)
def test_what_cannot_be_meant_is_refused(scope, chair, allowed, why):
    with pytest.raises(PolicyInvalid, match=why):
        version_proposed("providers", scope, {"allowed": allowed}, chair)


def test_what_the_past_says_is_counted_by_request():
    calls = [("r1", "a"), ("r1", "b"), ("r2", "b"), ("r3", "a")]
    found = allowed_before(calls, ["a"])
    assert (found.requests, found.nobody, found.fewer) == (("r1", "r2", "r3"), ("r2",), ("r1",))
    assert found.refused == {"b": ("r1", "r2")}
    assert allowed_before(calls, None).nobody == ()


def call(scope, provider, subject, *, outcome="answered", days=1):
    made = ModelCall.objects.create(
        provider=provider,
        scope=scope,
        subject_kind="request",
        subject_id=subject,
        sample_index=0,
        model_id=provider.model_id,
        prompt_digest="d",
        outcome=outcome,
    )
    ModelCall.objects.filter(pk=made.pk).update(created_at=now() - timedelta(days=days))


def test_a_version_is_tried_on_the_recorded_calls_of_ninety_days(scope, providers, chair, admin):
    one, two = providers
    both, only_two, old = (uuid.uuid4() for _ in range(3))
    call(scope, one, both)
    call(scope, two, both)
    call(scope, two, only_two)
    call(scope, two, old, days=91)
    call(scope, two, uuid.uuid4(), outcome="refused")
    version = version_proposed("providers", scope, allow(one), chair)
    tried = version_simulate(kind_named("providers"), version_id=version.pk, actor=admin, is_interactive=True)
    found = tried.simulation
    assert (found["seen"], found["stopped"], found["days"]) == (2, 1, 90)
    assert {hit["rule"]: (hit["count"], set(hit["ids"])) for hit in found["hits"]} == {
        "requests would have asked nobody": (1, {str(only_two)}),
        "requests would have asked fewer providers": (1, {str(both)}),
        "requests would not have asked two": (2, {str(both), str(only_two)}),
    }
    detail = AuditEvent.objects.get(action="policy_version.simulate").detail
    assert (detail["what"], detail["seen"], detail["stopped"]) == ("the allowed providers", 2, 1)


def test_two_people_change_it_at_the_pages(scope, providers, chair, admin, client):
    client.force_login(chair)
    assert "Every approved provider" in client.get("/governance/policies/providers/new").content.decode()
    form = {"scope": scope.pk, "reason": "Keep code here.", "allowed": [str(providers[0].pk)]}
    page = client.post("/governance/policies/providers/new", form, follow=True).content.decode()
    assert "one may be asked." in page and "You proposed this version" in page
    assert "An administrator or the chair of the committee does." in page
    version = version_signed(PolicyVersion.objects.get(), admin)
    page = client.get(f"/governance/policies/versions/{version.pk}").content.decode()
    assert "There were no requests here in the last 90 days" in page
    assert "Version 1" in client.get("/governance/policies/providers").content.decode()
    shown = client.get("/api/v1/policy-versions", {"kind": "providers"}).json()["items"]
    assert [one["number"] for one in shown] == [1]


def test_a_form_that_allows_nobody_comes_back_with_its_words(scope, providers, chair, client):
    client.force_login(chair)
    answer = client.post("/governance/policies/providers/new", {"scope": scope.pk, "reason": "Why not."})
    assert answer.status_code == 422
    assert "Allow at least one provider." in answer.content.decode()
    assert "Why not." in answer.content.decode()
