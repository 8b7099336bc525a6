"""Who counts towards an approval, and what stays of one, whoever connects: without models, sandboxes or pages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from apps.core.clock import now
from apps.generation.models import (
    CodeGenerationConsensus,
    CodeGenerationRequest,
    Contribution,
    GeneratedCodeArtifact,
    GenerationRun,
    StageRecord,
)
from apps.generation.services.reviews import verdict_cast
from apps.governance.engine.permissions import Role as PermittedRole
from apps.governance.engine.permissions import allowed
from apps.governance.models import AccountLink, Ballot, CodeOwner, Override, RoleAssignment, Scope, User
from apps.governance.services import NotEligible
from apps.governance.types import Action, Verdict
from apps.repositories.models import Repository
from tests.linked import linked

Person = Callable[..., User]
DIGEST = "d" * 64
SHORT = "of 2 people have approved what is there now"
Role = RoleAssignment.Role


@pytest.fixture
def run(repository: Repository, engineer: User) -> GenerationRun:
    """A request in review, as the database knows it."""
    request = CodeGenerationRequest.objects.create(
        specification="s", context_snapshot={}, target_language="python", status="in_review"
    )
    made = GenerationRun.objects.create(
        request=request,
        repository=repository,
        requester=engineer,
        title="T",
        target_path="a.py",
        base_sha="0" * 40,
        risk_tier="low",
        seed=1,
        review_digest=DIGEST,
    )
    Contribution.objects.create(run=made, user=engineer, kind="requester")
    StageRecord.objects.create(run=made, stage="review", started_at=now(), finished_at=now())
    code = [
        GeneratedCodeArtifact.objects.create(
            request=request, model_id="m", code_type="implementation", generated_code=text
        )
        for text in ("right", "wrong")
    ]
    CodeGenerationConsensus.objects.create(request=request, selected_implementation=code[0])
    return made


def cast(run: GenerationRun, voter: User, verdict: str = "approve") -> Ballot:
    return Ballot.objects.create(
        subject_kind="request",
        subject_id=run.pk,
        subject_digest=DIGEST,
        scope=run.repository.scope,
        voter=voter,
        verdict=verdict,
        rationale="r",
    )


def void(ballot: Ballot) -> None:
    Ballot.objects.filter(pk=ballot.pk).update(voided_at=now(), void_reason="x")


def approve(run: GenerationRun) -> None:
    CodeGenerationRequest.objects.filter(pk=run.pk).update(status="approved")


def decide(run: GenerationRun, *, is_approved: bool = True) -> None:
    CodeGenerationConsensus.objects.filter(request=run.pk).update(human_approved=is_approved)


def refuse(why: str, act: Callable[[], object]) -> None:
    with pytest.raises(Error, match=why), transaction.atomic():
        act()
        # What is looked at when a transaction ends, looked at now.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.bar(1)
@pytest.mark.parametrize("roles", [(), *((role,) for role in PermittedRole), (Role.REVIEWER, Role.ADMIN)])
def test_the_database_counts_whom_the_matrix_lets_vote(
    run: GenerationRun, reviewer: User, person: Person, roles: tuple[str, ...]
) -> None:
    cast(run, reviewer)
    cast(run, person("joan", *roles))
    if allowed([PermittedRole(role) for role in roles], Action.VERDICT_VOTE):
        approve(run)
        return
    refuse(f"1 {SHORT}", lambda: approve(run))
    refuse(f"1 {SHORT}", lambda: decide(run))


def test_a_role_in_another_place_does_not_count_and_one_of_the_organisation_does(
    run: GenerationRun, reviewer: User, person: Person, scope: Scope
) -> None:
    elsewhere = Scope.objects.create(organisation=scope.organisation, repository="elsewhere")
    joan = person("joan")
    RoleAssignment.objects.create(user=joan, scope=elsewhere, role=Role.REVIEWER)
    cast(run, reviewer)
    cast(run, joan)
    refuse(f"1 {SHORT}", lambda: approve(run))
    whole = Scope.objects.create(organisation=scope.organisation)
    RoleAssignment.objects.create(user=joan, scope=whole, role=Role.REVIEWER)
    approve(run)


def test_a_reviewer_who_administers_in_another_account_is_not_counted(
    run: GenerationRun, reviewer: User, owner: User, person: Person
) -> None:
    cast(run, reviewer)
    cast(run, owner)
    root = person("root")
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    linked(owner, root)
    refuse(f"1 {SHORT}", lambda: approve(run))


@pytest.mark.bar(1)
@pytest.mark.parametrize("role", list(PermittedRole))
def test_nothing_is_approved_against_a_block_of_whoever_the_matrix_lets_block(
    run: GenerationRun, reviewer: User, owner: User, person: Person, role: PermittedRole
) -> None:
    cast(run, reviewer)
    cast(run, owner)
    lead = person("joan", role)
    block = cast(run, lead, "block")
    if not allowed([role], Action.CANDIDATE_BLOCK):
        approve(run)
        return
    refuse("veto blocks it", lambda: approve(run))
    refuse("stands until its author says otherwise", lambda: void(block))
    Contribution.objects.create(run=run, user=lead, kind="guidance")
    refuse("veto blocks it", lambda: approve(run))


@pytest.mark.parametrize("way", ["other word", "closed", "content", "linked"])
def test_a_block_makes_room_for_what_its_author_says_or_for_what_changed(
    run: GenerationRun, reviewer: User, owner: User, person: Person, way: str
) -> None:
    cast(run, reviewer)
    cast(run, owner)
    lead = person("joan", Role.QUALITY_LEAD)
    block = cast(run, lead, "block")
    if way == "closed":
        User.objects.filter(pk=lead.pk).update(is_active=False)
    elif way == "content":
        GenerationRun.objects.filter(pk=run.pk).update(review_digest="e" * 64)
    elif way == "linked":
        linked(lead, person("joan-2"))
    void(block)
    if way == "other word":
        cast(run, lead, "recuse")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    if way != "content":
        approve(run)


def test_what_was_decided_is_not_taken_back_exchanged_or_removed(
    run: GenerationRun, reviewer: User, owner: User
) -> None:
    cast(run, reviewer)
    cast(run, owner)
    decide(run)
    approve(run)
    consensus = CodeGenerationConsensus.objects.filter(request=run.pk)
    other = GeneratedCodeArtifact.objects.get(request=run.pk, generated_code="wrong")
    for verdict in (None, False):
        refuse("never taken back", lambda verdict=verdict: consensus.update(human_approved=verdict))
    refuse("not exchanged", lambda: consensus.update(selected_implementation=other, human_approved=None))
    refuse("never taken back or removed", lambda: consensus._raw_delete("default"))
    chosen = GeneratedCodeArtifact.objects.filter(request=run.pk, generated_code="right")
    refuse("approved is never changed", lambda: chosen.update(generated_code="worse"))
    GeneratedCodeArtifact.objects.filter(pk=other.pk).update(generated_code="")


@pytest.mark.parametrize("is_approved", [True, False])
def test_the_stages_of_what_was_decided_stay(
    run: GenerationRun, reviewer: User, owner: User, is_approved: bool
) -> None:
    StageRecord.objects.create(run=run, stage="delivery", started_at=now())
    StageRecord.objects.filter(run=run, stage="review").update(note="again")
    cast(run, reviewer)
    cast(run, owner)
    decide(run, is_approved=is_approved)
    refuse("never changed or removed", lambda: StageRecord.objects.filter(run=run)._raw_delete("default"))
    moved = now() - timedelta(days=90)
    refuse(
        "never changed or removed",
        lambda: StageRecord.objects.filter(run=run, stage="review").update(finished_at=moved),
    )
    StageRecord.objects.filter(run=run, stage="delivery").update(finished_at=now())
    refuse("never taken back", lambda: decide(run, is_approved=not is_approved))


@pytest.mark.bar(1)
@pytest.mark.parametrize("days", [91, 900])
def test_an_override_is_signed_by_those_whose_role_it_is_without_a_part_and_ends(
    run: GenerationRun, engineer: User, reviewer: User, person: Person, scope: Scope, days: int
) -> None:
    lead, chair, admin = person("lead", Role.QUALITY_LEAD), person("chair", Role.CHAIR), person("adam", Role.ADMIN)

    def sign(asked_by: User, confirmed_by: User | None = None, until: int = 90) -> Override:
        return Override.objects.create(
            subject_kind="request",
            subject_id=run.pk,
            subject_digest=DIGEST,
            scope=scope,
            check_name="tests",
            reason="r",
            ends_at=now() + timedelta(days=until),
            asked_by=asked_by,
            confirmed_by=confirmed_by,
            confirmed_at=now() if confirmed_by else None,
        )

    refuse("within 90 days", lambda: sign(lead, until=days))
    refuse("quality lead or an architect asks", lambda: sign(reviewer))
    refuse("chair confirms", lambda: sign(lead, admin))
    RoleAssignment.objects.create(user=engineer, scope=scope, role=Role.ARCHITECT)
    refuse("has a part", lambda: sign(engineer))
    linked(engineer, person("ada-2", Role.CHAIR))
    refuse("has a part", lambda: sign(lead, User.objects.get(username="ada-2")))
    sign(lead, chair)


@pytest.mark.bar(1)
def test_a_part_and_a_vote_stay_with_the_person_who_has_them(
    run: GenerationRun, engineer: User, reviewer: User, person: Person
) -> None:
    twin = person("ada-2", Role.REVIEWER)
    linked(engineer, twin)
    users = User.objects.filter(pk=twin.pk)
    for key in ("", "another"):
        refuse("changed by two people", lambda key=key: users.update(person_key=key))
    engineer.refresh_from_db()
    refuse("changed by two people", lambda: User.objects.filter(pk=reviewer.pk).update(person_key=engineer.person_key))
    refuse("has a part", lambda: cast(run, twin))


@pytest.mark.django_db(transaction=True)
def test_an_approval_and_the_end_of_a_vote_do_not_pass_one_another(
    run: GenerationRun, reviewer: User, owner: User
) -> None:
    first = cast(run, reviewer)
    cast(run, owner)
    done: list[str] = []

    def end() -> None:
        try:
            void(first)
            done.append("voided")
        finally:
            connection.close()

    other = threading.Thread(target=end)
    with transaction.atomic():
        approve(run)
        other.start()
        other.join(timeout=1)
        assert done == []
    other.join()
    assert done == ["voided"]


def test_the_fixtures_are_what_they_say(run: GenerationRun, reviewer: User, owner: User) -> None:
    """Two who may vote approve, so each refusal above is about what it changes."""
    cast(run, reviewer)
    cast(run, owner)
    approve(run)
    assert CodeOwner.objects.filter(user=owner).exists()
    assert not AccountLink.objects.exists()


@pytest.mark.bar(1)
def test_a_temporary_table_takes_the_place_of_none_that_a_law_reads(
    run: GenerationRun, reviewer: User, owner: User
) -> None:
    def attack() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE governance_ballot AS SELECT * FROM public.governance_ballot")
            cursor.execute(
                "INSERT INTO pg_temp.governance_ballot (subject_kind, subject_id, subject_digest, verdict, voter_id,"
                " cast_at) SELECT 'request', %s, %s, 'approve', id, now() FROM governance_user WHERE id IN (%s, %s)",
                [run.pk, DIGEST, reviewer.pk, owner.pk],
            )
        approve(run)

    refuse(f"0 {SHORT}", attack)


@pytest.mark.bar(1)
def test_an_account_that_was_parted_from_another_meanwhile_does_not_vote(
    run: GenerationRun, engineer: User, reviewer: User, owner: User, person: Person
) -> None:
    twin, signer = person("ada-2", Role.REVIEWER), person("signer")
    linked(engineer, twin)
    linked(reviewer, owner)
    for account in (twin, owner):
        parted = AccountLink.objects.create(account=account, reason="r", asked_by=person(f"asks-{account}"))
        AccountLink.objects.filter(pk=parted.pk).update(confirmed_by=signer, confirmed_at=now())
        with pytest.raises(Error, match="was parted"), transaction.atomic():
            cast(run, account)
        denied = {"request_id": run.pk, "reviewer": account, "verdict": Verdict.APPROVE, "digest": DIGEST}
        with pytest.raises(NotEligible, match="parted from another"):
            verdict_cast(**denied, is_interactive=True)
