"""Approval policies: proposed by one person, tried on the past, published by another, never changed."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.clock import now
from apps.governance import subjects
from apps.governance.engine.policies import policy_content, policy_read
from apps.governance.models import ApprovalPolicyVersion, AuditEvent, Ballot
from apps.governance.selectors.policies import policy_in, policy_ruling
from apps.governance.services import (
    NotAllowed,
    NotEligible,
    NotInteractive,
    PolicyClosed,
    PolicyInvalid,
    code_owner_assign,
    policy_propose,
    policy_publish,
    policy_simulate,
)
from apps.governance.types import DEFAULT_POLICIES, Policy, Role, Seat, Subject
from tests.linked import linked
from tests.people import signed_in

THREE = Policy("three", (Seat("a reviewer"), Seat("a second reviewer"), Seat("an owner", is_owner=True)))
ONE = Policy("one", (Seat("an owner", is_owner=True),))


@pytest.fixture
def admin(person):
    return person("adam", Role.ADMIN)


@pytest.fixture
def chair(person, organisation):
    return person("chloe", Role.CHAIR, where=organisation)


@pytest.fixture
def reviewers(person, scope):
    people = [person(name, Role.REVIEWER) for name in ("ravi", "rosa", "rene")]
    code_owner_assign(user=people[2], scope=scope, granted_by=None)
    return people


def propose(scope, actor, policy=THREE, tier="low", **options):
    given = {"reason": "More eyes.", "is_interactive": True, **options}
    return policy_propose(scope=scope, risk_tier=tier, policy=policy, actor=actor, **given)


def publish(version, actor, **options):
    given = {"digest": version.content_digest, "is_interactive": True, **options}
    return policy_publish(version_id=version.pk, actor=actor, **given)


def ruled_by(scope, proposer, publisher, policy=THREE, tier="low"):
    version = propose(scope, proposer, policy, tier)
    policy_simulate(version_id=version.pk, actor=proposer, is_interactive=True)
    return publish(version, publisher)


@pytest.mark.parametrize("policy", [*DEFAULT_POLICIES.values(), THREE])
def test_a_policy_is_kept_as_data_and_read_again(policy):
    assert policy_read(policy_content(policy)) == policy


def test_a_version_rules_once_a_second_person_published_it(scope, admin, chair, reviewers):
    version = propose(scope, admin)
    assert policy_ruling(scope, "low") is None
    assert policy_in(None, "low") == DEFAULT_POLICIES["low"]
    with pytest.raises(PolicyClosed, match="not simulated"):
        publish(version, chair)
    policy_simulate(version_id=version.pk, actor=chair, is_interactive=True)
    with pytest.raises(NotEligible, match="another person publishes"):
        publish(version, admin)
    publish(version, chair)
    assert policy_ruling(scope, "low") == version
    assert policy_ruling(scope, "high") is None
    event = AuditEvent.objects.get(action="policy.publish")
    assert (event.actor_id, event.before_digest, event.after_digest) == (str(chair.pk), "", version.content_digest)
    later = ruled_by(scope, chair, admin, ONE)
    assert (later.number, policy_ruling(scope, "low")) == (2, later)
    assert AuditEvent.objects.filter(action="policy.publish").latest("sequence").before_digest == version.content_digest


def test_a_second_account_of_the_proposer_is_no_second_person(scope, admin, chair, reviewers, person):
    twin = person("adam2", Role.ADMIN)
    linked(admin, twin)
    version = propose(scope, admin)
    policy_simulate(version_id=version.pk, actor=admin, is_interactive=True)
    with pytest.raises(NotEligible):
        publish(version, twin)


def test_only_people_with_the_right_at_the_page_change_policies(scope, admin, reviewers):
    with pytest.raises(NotAllowed):
        propose(scope, reviewers[0])
    with pytest.raises(NotInteractive):
        propose(scope, admin, is_interactive=False)
    version = propose(scope, admin)
    for refused, actor, options in ((NotAllowed, reviewers[0], {}), (NotInteractive, admin, {"is_interactive": False})):
        with pytest.raises(refused):
            publish(version, actor, **options)


@pytest.mark.bar(3)
def test_a_policy_that_nobody_could_satisfy_is_refused_with_the_seats(scope, admin, reviewers):
    policy = Policy("two architects", (Seat("an architect", also=Role.ARCHITECT), Seat("a reviewer")))
    with pytest.raises(PolicyInvalid, match="in Acme/shop nobody could fill an architect"):
        propose(scope, admin, policy)
    assert not ApprovalPolicyVersion.objects.exists()


@pytest.mark.bar(3)
def test_a_policy_that_nobody_could_satisfy_any_more_is_not_published(scope, admin, chair, reviewers):
    version = propose(scope, admin)
    policy_simulate(version_id=version.pk, actor=admin, is_interactive=True)
    reviewers[0].is_active = False
    reviewers[0].save()
    with pytest.raises(PolicyInvalid, match="Nobody could ever approve"):
        publish(version, chair)


def test_a_policy_of_the_organisation_rules_its_repositories_without_their_own(
    scope, other_scope, organisation, chair, person, reviewers
):
    root = person("root", is_superuser=True)
    above = ruled_by(organisation, chair, root)
    assert policy_ruling(scope, "low") == policy_ruling(other_scope, "low") == above
    own = ruled_by(scope, chair, root, ONE)
    assert policy_ruling(scope, "low") == own
    assert policy_ruling(other_scope, "low") == above


def test_the_same_again_no_reason_and_stale_content_are_refused(scope, admin, chair, reviewers):
    version = ruled_by(scope, admin, chair)
    with pytest.raises(PolicyInvalid, match="rules already"):
        propose(scope, admin)
    with pytest.raises(PolicyInvalid, match="Say why"):
        propose(scope, admin, ONE, reason=" ")
    with pytest.raises(PolicyClosed, match="published before"):
        publish(version, chair)
    older = propose(scope, admin, ONE)
    policy_simulate(version_id=older.pk, actor=admin, is_interactive=True)
    with pytest.raises(PolicyClosed, match="not the version you looked at"):
        publish(older, chair, digest="0" * 64)
    ruled_by(scope, admin, chair, Policy("two", (Seat("a reviewer"), Seat("another"))))
    with pytest.raises(PolicyClosed, match="A later version rules"):
        publish(older, chair)


@pytest.fixture
def past(scope, reviewers, monkeypatch):
    """Two approved requests, the second by one person who left; and a rejected one."""
    decided = []
    for voters, approved in ((reviewers, True), (reviewers[1:], True), (reviewers[:1], False)):
        subject = Subject("request", uuid4(), "d" * 64, {})
        for voter in voters:
            Ballot.objects.create(
                subject_kind=subject.kind,
                subject_id=subject.id,
                subject_digest=subject.digest,
                scope=scope,
                voter=voter,
                verdict="approve" if approved else "block",
                rationale="r",
            )
        decided.append(subjects.PastSubject(subject, scope.pk, "a.py", approved, now() - timedelta(days=1)))
    monkeypatch.setitem(subjects._decided, "request", lambda scopes, risk_tier, *, since, limit: decided)
    return decided


def test_a_version_is_tried_on_what_was_decided(scope, admin, past):
    version = propose(scope, admin)
    found = policy_simulate(version_id=version.pk, actor=admin, is_interactive=True).simulation
    assert {name: found[name] for name in ("requests", "approved", "blocked", "unsatisfiable")} == {
        "requests": 3,
        "approved": 2,
        "blocked": 1,
        "unsatisfiable": 0,
    }
    assert found["blocked_ids"] == [str(past[1].subject.id)]
    assert any("those of today" in limit for limit in found["limits"])
    assert AuditEvent.objects.get(action="policy.simulate").detail["blocked"] == 1
    page = signed_in(admin).get(f"/governance/policies/{version.pk}").content.decode()
    assert "<strong>1 of 2</strong> approved requests would not have been approved." in page
    assert "<strong>0 of 3</strong> decided requests could not have been approved by anybody." in page


# --- What the database holds by itself ------------------------------------------------------------------------------


def refuse(why, statement, *values):
    with pytest.raises(Error, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_sql_changes_no_version_and_publishes_none_alone(scope, admin, chair, reviewers, person):
    version = propose(scope, admin)
    table = "UPDATE governance_approvalpolicyversion SET"
    kept = "published once, and never changed otherwise"
    refuse(kept, "UPDATE governance_approvalpolicyversion SET needed = 1")
    refuse(kept, "UPDATE governance_approvalpolicyversion SET content = '{}'")
    refuse(kept, "DELETE FROM governance_approvalpolicyversion")
    sign = f"{table} simulated_at = now(), published_at = now(), published_by_id = %s"
    refuse("another active person", sign, admin.pk)
    refuse("another active person", sign, person("gone", Role.ADMIN, is_active=False).pk)
    refuse("another active person", sign, person("bot", Role.SERVICE, is_service=True).pk)
    refuse("by somebody whose role", sign, reviewers[0].pk)
    refuse("published_by_somebody", f"{table} published_at = now(), published_by_id = %s", chair.pk)
    policy_simulate(version_id=version.pk, actor=admin, is_interactive=True)
    publish(version, chair)
    refuse(kept, "UPDATE governance_approvalpolicyversion SET published_at = now()")


def test_sql_adds_no_published_version_and_none_that_needs_less_than_it_says(scope, admin, reviewers):
    version = propose(scope, admin)
    copy = (
        "INSERT INTO governance_approvalpolicyversion (id, scope_id, risk_tier, number, content, content_digest,"
        " needed, reason, proposed_by_id, simulated_at, published_at, published_by_id)"
        " SELECT gen_random_uuid(), scope_id, risk_tier, 9, content, content_digest, %s, 'r', proposed_by_id,"
        " now(), %s, %s FROM governance_approvalpolicyversion WHERE id = %s"
    )
    refuse("proposed before it is published", copy, 3, now(), reviewers[0].pk, version.pk)
    refuse("as many approvals as it says", copy, 1, None, None, version.pk)
    by_another = copy.replace("'r', proposed_by_id", f"'r', {reviewers[0].pk}")
    refuse("proposed by somebody whose role", by_another, 3, None, None, version.pk)


# --- The pages ------------------------------------------------------------------------------------------------------


def seats(*rows):
    form = {"seats-TOTAL_FORMS": len(rows), "seats-INITIAL_FORMS": 0}
    return form | {f"seats-{at}-{name}": value for at, row in enumerate(rows) for name, value in row.items()}


def test_a_version_is_proposed_simulated_and_published_at_the_pages(scope, admin, chair, reviewers):
    client = signed_in(admin)
    page = client.get("/governance/policies/new", {"scope": scope.pk, "risk": "high"}).content.decode()
    assert 'value="an architect"' in page
    form = {"scope": scope.pk, "risk_tier": "low", "reason": "More eyes.", "ballot_days": 14} | seats(
        {"name": "the lead", "holders": "ravi", "alternates": "rosa", "has_veto": "on"},
        {"name": "an owner", "is_owner": "on"},
        {"name": ""},
    )
    answer = client.post("/governance/policies/new", form, follow=True)
    version = ApprovalPolicyVersion.objects.get()
    html = answer.content.decode()
    assert "Seat 1: the lead, held by ravi, in their absence rosa, with a veto." in html
    assert "Another administrator, or the chair, publishes it." in html
    assert "the built-in policy" in html
    client.post(f"/governance/policies/{version.pk}/simulate")
    page = signed_in(chair).get(f"/governance/policies/{version.pk}").content.decode()
    assert "No request of this risk was decided here in the last 90 days" in page
    assert "What this cannot know:" in page
    answer = signed_in(chair).post(
        f"/governance/policies/{version.pk}/publish", {"digest": version.content_digest}, follow=True
    )
    assert "Published. It rules requests" in answer.content.decode()
    assert policy_ruling(scope, "low") == version
    listed = signed_in(reviewers[0]).get("/governance/policies").content.decode()
    assert "Version 1" in listed
    assert "Propose a version" not in listed


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": ""}, "This field is required."),
        ({"seats-0-holders": "nobody"}, "There is no active person called nobody."),
        ({"seats-0-holders": "", "seats-0-alternates": "rosa"}, "say who holds the seat"),
        ({"seats-0-name": "", "seats-0-role": "architect"}, "Give the seat a name."),
        ({"needed": 3}, "Of 1 seats at least 1 and at most 1 must approve."),
        ({"seats-0-role": "architect"}, "Nobody could ever approve under this policy"),
        ({"seats-0-name": "", "seats-0-is_owner": ""}, "A policy needs at least one seat"),
    ],
)
def test_a_proposal_that_cannot_be_says_why_and_keeps_what_was_written(scope, admin, reviewers, change, sentence):
    form = {"scope": scope.pk, "risk_tier": "low", "reason": "More eyes."} | seats({"name": "one reviewer"}) | change
    answer = signed_in(admin).post("/governance/policies/new", form)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ApprovalPolicyVersion.objects.exists()


def test_policies_of_places_that_somebody_does_not_read_are_not_there(scope, other_scope, admin, reviewers, person):
    version = propose(scope, admin)
    client = signed_in(person("olga", Role.REVIEWER, where=other_scope))
    assert client.get(f"/governance/policies/{version.pk}").status_code == 404
    assert "Version 1" not in client.get("/governance/policies").content.decode()
    assert client.get("/governance/policies/new").status_code == 403
    assert client.get("/api/v1/approval-policies").json()["items"] == []
    shown = signed_in(reviewers[0]).get("/api/v1/approval-policies").json()["items"]
    assert [one["number"] for one in shown] == [1]


def test_the_pages_cost_the_same_for_one_version_and_for_many(scope, admin, reviewers):
    client = signed_in(admin)
    first = propose(scope, admin, ONE)

    def queries():
        counts = []
        for path in ("/governance/policies", f"/governance/policies/{first.pk}"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            counts.append(len(captured))
        return counts

    queries()
    few = queries()
    for number in range(10):
        propose(scope, admin, Policy("p", (Seat(f"seat {number}"),)))
    assert queries() == few
