"""What no code path, admin action or SQL script of the application role gets round."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction

from apps.generation.models import GenerationRun
from apps.generation.services.review_subject import review_digest
from apps.generation.services.reviews import verdict_cast
from apps.governance.models import Ballot, User
from apps.governance.types import Verdict
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.linked import linked
from tests.viewed import look_at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(in_review: Callable[..., GenerationRun]) -> GenerationRun:
    """A request in review, with a right and a wrong candidate."""
    return in_review(CLAMP, [WRONG, RIGHT], title="Keep values in range")


def sql(statement: str, *values: object) -> None:
    """Run *statement* as the application role, in a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE nofx_app")
        cursor.execute(statement, values)


def refuse(why: str, statement: str, *values: object) -> None:
    with pytest.raises(Error, match=why):
        sql(statement, *values)


def cast(run: GenerationRun, voter: User, verdict: str = "approve", digest: str = "", ahead: int = 0) -> None:
    sql(
        "INSERT INTO governance_ballot (id, subject_kind, subject_id, subject_digest, scope_id, voter_id, verdict,"
        " rationale, detail, cast_at, void_reason)"
        " VALUES (%s, 'request', %s, %s, %s, %s, %s, 'r', '{}', now() + make_interval(secs => %s), '')",
        *(uuid4(), run.pk, digest or review_digest(run=run), run.repository.scope_id, voter.pk, verdict, ahead),
    )


APPROVE = "UPDATE code_generation_requests SET status = 'approved' WHERE id = %s"
SHORT = "of 2 people have approved what is there now"


@pytest.mark.bar(1)
def test_a_request_is_not_approved_without_people(run: GenerationRun, reviewer: User) -> None:
    for status in ("approved", "delivering", "delivered", "observed"):
        refuse(SHORT, "UPDATE code_generation_requests SET status = %s WHERE id = %s", status, run.pk)
    refuse(SHORT, "UPDATE code_generation_consensus SET human_approved = true WHERE request_id = %s", run.pk)
    cast(run, reviewer)
    refuse(f"1 {SHORT}", APPROVE, run.pk)


@pytest.mark.bar(1)
def test_two_people_on_the_current_digest_approve(run: GenerationRun, reviewer: User, owner: User) -> None:
    cast(run, reviewer)
    cast(run, owner, digest="e" * 64)
    refuse(f"1 {SHORT}", APPROVE, run.pk)
    sql("UPDATE governance_ballot SET voided_at = now(), void_reason = 'old' WHERE voter_id = %s", owner.pk)
    cast(run, owner)
    sql(APPROVE, run.pk)


@pytest.mark.bar(1)
@pytest.mark.parametrize(
    "spoiled",
    [
        "UPDATE governance_user SET is_active = false WHERE id = %s",
        "UPDATE governance_user SET is_service = true WHERE id = %s",
    ],
)
def test_who_is_no_active_person_any_more_is_not_counted(
    run: GenerationRun, reviewer: User, owner: User, spoiled: str
) -> None:
    cast(run, reviewer)
    cast(run, owner)
    sql(spoiled, owner.pk)
    refuse(f"1 {SHORT}", APPROVE, run.pk)


@pytest.mark.bar(1)
def test_who_got_a_part_or_stepped_aside_after_voting_is_not_counted(
    run: GenerationRun, reviewer: User, owner: User
) -> None:
    cast(run, reviewer)
    cast(run, owner)
    sql("INSERT INTO generation_contribution (run_id, user_id, kind) VALUES (%s, %s, 'guidance')", run.pk, owner.pk)
    refuse(f"1 {SHORT}", APPROVE, run.pk)
    sql("UPDATE governance_ballot SET voided_at = now(), void_reason = 'x' WHERE voter_id = %s", reviewer.pk)
    cast(run, reviewer, "recuse")
    refuse(f"0 {SHORT}", APPROVE, run.pk)


@pytest.mark.bar(1)
def test_accounts_that_turn_out_to_be_one_persons_count_once(run: GenerationRun, reviewer: User, owner: User) -> None:
    cast(run, reviewer)
    cast(run, owner)
    linked(reviewer, owner)
    refuse(f"1 {SHORT}", APPROVE, run.pk)


def test_a_second_account_of_a_person_casts_no_second_ballot(
    run: GenerationRun, reviewer: User, owner: User, engineer: User
) -> None:
    linked(reviewer, owner)
    cast(run, reviewer)
    refuse_cast(run, owner, "governance_ballot_one_valid_per_person")
    sql("UPDATE governance_user SET person_key = 'eve' WHERE id = %s", engineer.pk)
    twin = User.objects.create_user("twin", person_key="eve")
    refuse_cast(run, twin, "has a part in a request")


def refuse_cast(run: GenerationRun, voter: User, why: str, **options: int) -> None:
    with pytest.raises(Error, match=why):
        cast(run, voter, **options)


@pytest.mark.bar(2)
def test_who_may_not_vote_casts_no_ballot(run: GenerationRun, engineer: User, owner: User) -> None:
    refuse_cast(run, engineer, "has a part in a request")
    refuse_cast(run, User.objects.create_user("bot", is_service=True), "Only an active person")
    refuse_cast(run, User.objects.create_user("gone", is_active=False), "Only an active person")
    refuse_cast(run, owner, "in the future", ahead=60)


def test_a_part_in_a_request_is_not_taken_back(run: GenerationRun, engineer: User) -> None:
    refuse("never changed or taken back", "DELETE FROM generation_contribution WHERE run_id = %s", run.pk)
    other = User.objects.create_user("other")
    refuse("never changed", "UPDATE generation_contribution SET user_id = %s WHERE run_id = %s", other.pk, run.pk)


def test_a_ballot_is_not_changed_removed_or_revived_and_a_recusal_not_voided(run: GenerationRun, owner: User) -> None:
    cast(run, owner, "recuse")
    kept = "never changed or removed"
    refuse(kept, "UPDATE governance_ballot SET verdict = 'approve'")
    refuse(kept, "UPDATE governance_ballot SET voided_at = now(), void_reason = 'x'")
    refuse(kept, "DELETE FROM governance_ballot")
    refuse("permission denied", "TRUNCATE governance_ballot CASCADE")


@pytest.mark.bar(1)
def test_the_law_itself_is_not_switched_off(run: GenerationRun) -> None:
    refuse("must be owner", "ALTER TABLE code_generation_requests DISABLE TRIGGER generation_request_approved")
    refuse("must be owner", "DROP TRIGGER governance_ballot_admitted ON governance_ballot")
    refuse("must be owner", "DROP FUNCTION generation_require_approval(uuid)")
    refuse("permission denied", "SET session_replication_role = replica")


@pytest.mark.bar(1)
def test_a_request_is_not_born_approved_and_its_risk_is_not_lowered(run: GenerationRun) -> None:
    refuse(
        "Nothing has been reviewed",
        "INSERT INTO code_generation_requests (id, specification, context_snapshot, target_language, status)"
        " VALUES (%s, 's', '{}', 'python', 'approved')",
        uuid4(),
    )
    refuse(
        "Nothing has been reviewed",
        "INSERT INTO code_generation_consensus (id, human_approved) VALUES (%s, true)",
        uuid4(),
    )
    refuse("risk of a request is never changed", "UPDATE generation_generationrun SET risk_tier = 'high'")


def test_what_was_approved_keeps_its_candidate(run: GenerationRun, reviewer: User, owner: User) -> None:
    for voter in (reviewer, owner):
        look_at(run, voter)
        verdict_cast(
            request_id=run.pk,
            reviewer=voter,
            verdict=Verdict.APPROVE,
            digest=review_digest(run=run),
            is_interactive=True,
        )
    refuse(
        "not exchanged",
        "UPDATE code_generation_consensus SET selected_implementation = NULL WHERE request_id = %s",
        run.pk,
    )
    assert Ballot.objects.filter(voided_at=None).count() == 2
