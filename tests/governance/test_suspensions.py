"""The kill switch: who may suspend, what it stops, and that only a vote of two people resumes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.governance.models import AuditEvent, Ballot, Scope, Suspension, User
from apps.governance.selectors.suspensions import banner_lines
from apps.governance.services import (
    AlreadyVoted,
    ContentChanged,
    GenerationRefused,
    LadderInvalid,
    NotAllowed,
    NotEligible,
    NotInteractive,
    RationaleMissing,
    SuspensionClosed,
    audit_verify,
    generation_require_allowed,
    generation_suspend,
    generation_suspend_everywhere,
    role_assign,
    scope_create,
    stopping,
    suspension_explain,
    suspension_vote,
)
from apps.governance.types import DecisionState, Role, Verdict
from tests.places import pilot_made

pytestmark = pytest.mark.django_db

MakePerson = Callable[..., User]


@pytest.fixture
def scope(organisation: Scope) -> Scope:
    return pilot_made(organisation, "shop")


@pytest.fixture
def pilot(scope: Scope) -> Scope:
    return scope


@pytest.fixture
def chair(person: MakePerson, organisation: Scope) -> User:
    return person("chair", Role.CHAIR, where=organisation)


@pytest.fixture
def member(person: MakePerson, organisation: Scope) -> User:
    return person("member", Role.COMMITTEE, where=organisation)


@pytest.fixture
def suspended(pilot: Scope, organisation: Scope, chair: User) -> Suspension:
    return generation_suspend(kind="everything", scope=organisation, actor=chair, reason="It deletes tests.")


def vote(suspension: Suspension, voter: User, verdict: Verdict = Verdict.APPROVE, **options: Any) -> Any:
    suspension.refresh_from_db()
    wanted: dict[str, Any] = {
        "digest": suspension.content_digest,
        "rationale": "The cause is mended.",
        "is_interactive": True,
    }
    return suspension_vote(suspension_id=suspension.pk, voter=voter, verdict=verdict, **{**wanted, **options})


def refused(scope: Scope) -> GenerationRefused:
    with pytest.raises(GenerationRefused) as caught:
        generation_require_allowed(scope=scope, risk="low", task_class="text")
    return caught.value


@pytest.mark.parametrize(
    ("role", "kind", "may"),
    [
        (Role.CHAIR, "everything", True),
        (Role.ADMIN, "everything", True),
        (Role.QUALITY_LEAD, "everything", False),
        (Role.QUALITY_LEAD, "model", False),
        (Role.QUALITY_LEAD, "repository", True),
        (Role.CHAIR, "model", True),
        (Role.COMMITTEE, "everything", False),
        (Role.REVIEWER, "repository", False),
        (Role.AUDITOR, "repository", False),
    ],
)
def test_who_may_suspend_follows_the_matrix(
    person: MakePerson, organisation: Scope, scope: Scope, role: Role, kind: str, may: bool
) -> None:
    actor = person("somebody", role, where=organisation)
    place = scope if kind == "repository" else organisation
    wanted = {"kind": kind, "scope": place, "actor": actor, "model": "qwen" if kind == "model" else ""}
    if may:
        assert generation_suspend(**wanted).suspended_by == actor
    else:
        with pytest.raises(NotAllowed) as caught:
            generation_suspend(**wanted)
        assert caught.value.denial is not None


def test_suspending_everything_stops_every_repository_of_the_organisation(
    suspended: Suspension, scope: Scope, other_scope: Scope
) -> None:
    error = refused(scope)
    assert error.code == "generation.suspended"
    assert "Generation for all of Acme is suspended since" in error.message
    assert "by chair: It deletes tests." in error.message
    assert refused(other_scope).code == "generation.suspended"


def test_one_act_suspends_in_every_organisation_in_which_one_may(
    organisation: Scope, pilot: Scope, chair: User, client: Client
) -> None:
    other = scope_create(organisation="Borealis", created_by=None)
    lumen = scope_create(organisation="Lumen", created_by=None)
    form = {"kind": "model", "scope": "", "model": "qwen", "reason": "It leaks."}
    client.force_login(chair)
    assert "All organisations" not in client.get("/governance/ladder").content.decode()
    assert client.post("/governance/ladder/suspend", form).status_code == 422
    role_assign(user=chair, scope=other, role=Role.CHAIR, granted_by=None)
    page = client.get("/governance/ladder").content.decode()
    assert '<option value="">All organisations</option>' in page and "selected>all of Acme<" in page
    assert client.post("/governance/ladder/suspend", form).status_code == 302
    told = Suspension.objects.values_list("scope", "kind", "model", "reason")
    assert set(told) == {(place.pk, "model", "qwen", "It leaks.") for place in (organisation, other)}
    assert lumen.pk not in {one[0] for one in told}
    assert AuditEvent.objects.filter(action="generation.suspend").count() == 2


def test_a_repository_is_suspended_where_it_is(organisation: Scope, pilot: Scope, chair: User, client: Client) -> None:
    role_assign(user=chair, scope=scope_create(organisation="B", created_by=None), role=Role.CHAIR, granted_by=None)
    client.force_login(chair)
    answer = client.post("/governance/ladder/suspend", {"kind": "repository", "scope": ""})
    assert answer.status_code == 422 and "Choose the repository." in answer.content.decode()
    with pytest.raises(LadderInvalid):
        generation_suspend_everywhere(kind="repository", actor=chair)
    assert not Suspension.objects.exists()


def test_who_may_nowhere_suspends_nothing_everywhere(person: MakePerson, pilot: Scope) -> None:
    with pytest.raises(NotAllowed) as caught:
        generation_suspend_everywhere(kind="everything", actor=person("lead", Role.QUALITY_LEAD, where=pilot))
    assert caught.value.denial is not None and not Suspension.objects.exists()


def test_suspending_a_repository_leaves_the_others(pilot: Scope, organisation: Scope, chair: User) -> None:
    generation_suspend(kind="repository", scope=pilot, actor=chair)
    assert refused(pilot).code == "generation.suspended"
    assert generation_require_allowed(scope=pilot_made(organisation), risk="low", task_class="text").is_given


def test_suspending_a_model_leaves_the_others(pilot: Scope, chair: User) -> None:
    generation_suspend(kind="model", scope=pilot, actor=chair, model="qwen")
    leave = generation_require_allowed(scope=pilot, risk="low", task_class="text")
    assert "qwen is suspended since" in leave.model_refused("qwen")
    assert leave.model_refused("patterns") == ""


def test_what_is_suspended_already_stays_one_suspension(
    suspended: Suspension, organisation: Scope, chair: User
) -> None:
    again = generation_suspend(kind="everything", scope=organisation, actor=chair, reason="Again.")
    assert (again.pk, again.reason) == (suspended.pk, "It deletes tests.")


@pytest.mark.parametrize(
    "options", [{"kind": "rung"}, {"kind": "model"}, {"kind": "everything", "model": "qwen"}, {"kind": "repository"}]
)
def test_what_does_not_fit_is_refused(organisation: Scope, chair: User, options: dict[str, str]) -> None:
    with pytest.raises(LadderInvalid):
        generation_suspend(scope=organisation, actor=chair, **options)


def test_work_under_way_is_stopped_in_the_same_transaction(
    pilot: Scope, chair: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def stop(suspension: Suspension, actor: User | None) -> int:
        seen.append(suspension.kind)
        return 3

    monkeypatch.setattr(stopping, "_stopping", [stop])
    generation_suspend(kind="repository", scope=pilot, actor=chair)
    assert seen == ["repository"]
    assert AuditEvent.objects.get(action="generation.suspend").detail["stopped"] == 3


def test_the_reason_may_come_after_once_and_voids_what_was_voted_without_it(
    pilot: Scope, chair: User, member: User
) -> None:
    suspension = generation_suspend(kind="repository", scope=pilot, actor=chair)
    vote(suspension, member)
    with pytest.raises(LadderInvalid):
        suspension_explain(suspension_id=suspension.pk, reason=" ", actor=chair)
    with pytest.raises(NotAllowed):
        suspension_explain(suspension_id=suspension.pk, reason="Because.", actor=member)
    suspension_explain(suspension_id=suspension.pk, reason="It deletes tests.", actor=chair)
    assert Ballot.objects.get().voided_at is not None
    with pytest.raises(SuspensionClosed):
        suspension_explain(suspension_id=suspension.pk, reason="Something else.", actor=chair)


@pytest.mark.bar(8)
def test_two_people_of_the_committee_resume_and_both_ends_are_in_the_chain(
    suspended: Suspension, chair: User, member: User, scope: Scope
) -> None:
    assert vote(suspended, chair).state is DecisionState.PENDING
    assert refused(scope).code == "generation.suspended"
    assert vote(suspended, member).state is DecisionState.APPROVED
    assert generation_require_allowed(scope=scope, risk="low", task_class="text").is_given
    actions = list(AuditEvent.objects.filter(object_id=str(suspended.pk)).values_list("action", flat=True))
    assert actions == ["generation.suspend", "ballot.cast", "ballot.cast", "generation.resume"]
    assert audit_verify().ok


@pytest.mark.bar(8)
def test_two_members_without_the_chair_do_not_resume(
    suspended: Suspension, person: MakePerson, organisation: Scope
) -> None:
    for name in ("one", "two"):
        decision = vote(suspended, person(name, Role.COMMITTEE, where=organisation))
    assert decision.state is DecisionState.PENDING


def test_two_accounts_of_one_person_do_not_resume(
    suspended: Suspension, chair: User, person: MakePerson, organisation: Scope
) -> None:
    User.objects.filter(pk=chair.pk).update(person_key="sso|1")
    chair.refresh_from_db()
    second = person("second", Role.COMMITTEE, where=organisation, person_key="sso|1")
    vote(suspended, chair)
    assert vote(suspended, second).state is DecisionState.PENDING
    suspended.refresh_from_db()
    assert suspended.resumed_at is None


def test_who_does_not_sit_on_the_committee_does_not_vote(
    suspended: Suspension, person: MakePerson, organisation: Scope
) -> None:
    with pytest.raises(NotEligible):
        vote(suspended, person("rosa", Role.REVIEWER, Role.QUALITY_LEAD, where=organisation))
    with pytest.raises(NotEligible):
        vote(suspended, person("alex", Role.ADMIN, where=organisation))


@pytest.mark.bar(8)
def test_no_token_resumes_and_no_ballot_goes_without_a_reason(suspended: Suspension, chair: User) -> None:
    with pytest.raises(NotInteractive):
        vote(suspended, chair, is_interactive=False)
    with pytest.raises(RationaleMissing):
        vote(suspended, chair, rationale=" ")
    with pytest.raises(ContentChanged):
        vote(suspended, chair, digest="0" * 64)


def test_who_said_not_yet_may_say_yes_later(suspended: Suspension, chair: User, member: User) -> None:
    vote(suspended, member, Verdict.REQUEST_CHANGES, rationale="Not yet.")
    vote(suspended, chair)
    assert vote(suspended, member).state is DecisionState.APPROVED


def test_who_stepped_aside_stays_aside(suspended: Suspension, member: User) -> None:
    vote(suspended, member, Verdict.RECUSE)
    with pytest.raises(AlreadyVoted):
        vote(suspended, member)


def test_nothing_is_resumed_twice(suspended: Suspension, chair: User, member: User) -> None:
    vote(suspended, chair)
    vote(suspended, member)
    with pytest.raises(SuspensionClosed):
        vote(suspended, chair)


@pytest.mark.bar(8)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE governance_suspension SET resumed_at = now()",
        "UPDATE governance_suspension SET content_digest = 'x', resumed_at = now()",
        "UPDATE governance_suspension SET kind = 'repository'",
        "UPDATE governance_suspension SET reason = 'Another one.'",
        "DELETE FROM governance_suspension",
    ],
)
def test_no_statement_takes_a_suspension_back(suspended: Suspension, chair: User, statement: str) -> None:
    vote(suspended, chair)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_counts_people_and_not_ballots_on_something_else(
    suspended: Suspension, chair: User, member: User
) -> None:
    for voter in (chair, member):
        Ballot.objects.create(
            subject_kind="suspension",
            subject_id=uuid4(),
            subject_digest=suspended.content_digest,
            scope=suspended.scope,
            voter=voter,
            verdict="approve",
        )
    with pytest.raises(DatabaseError, match="at least two people"), transaction.atomic():
        Suspension.objects.filter(pk=suspended.pk).update(resumed_at=suspended.suspended_at)


@pytest.mark.bar(8)
@pytest.mark.parametrize(
    "roles", [(Role.CHAIR, Role.ADMIN), (Role.CHAIR, Role.ENGINEER), (Role.COMMITTEE, Role.COMMITTEE)]
)
def test_the_database_resumes_by_the_chair_and_another_member_only(
    suspended: Suspension, person: MakePerson, organisation: Scope, roles: tuple[Role, ...]
) -> None:
    def cast(name: str, role: Role) -> None:
        Ballot.objects.create(
            subject_kind="suspension",
            subject_id=suspended.pk,
            subject_digest=suspended.content_digest,
            scope=suspended.scope,
            voter=person(name, role, where=organisation),
            verdict="approve",
        )

    resumed = Suspension.objects.filter(pk=suspended.pk)
    for number, role in enumerate(roles):
        cast(f"voter-{number}", role)
    with pytest.raises(DatabaseError, match="the chair and another member"), transaction.atomic():
        resumed.update(resumed_at=suspended.suspended_at)
    cast("missing", Role.COMMITTEE if Role.CHAIR in roles else Role.CHAIR)
    assert resumed.update(resumed_at=suspended.suspended_at) == 1


def test_the_banner_tells_those_who_read_there_and_costs_one_query_when_nothing_stands(
    pilot: Scope, organisation: Scope, chair: User, person: MakePerson, django_assert_num_queries: Callable[[int], Any]
) -> None:
    stranger = User.objects.create_user("stranger", password="correct horse battery")
    erin = person("erin", Role.ENGINEER)
    with django_assert_num_queries(1):
        assert banner_lines(erin) == []
    generation_suspend(kind="everything", scope=organisation, actor=chair, reason="It deletes tests.")
    with django_assert_num_queries(2):
        (line,) = banner_lines(erin)
    assert "All generation in Acme is suspended since" in line.sentence
    assert banner_lines(stranger) == []
