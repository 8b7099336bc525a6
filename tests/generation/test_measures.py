"""The figures of generation are counted as they are defined, and say what is missing where there are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.clock import now
from apps.generation.measures import MEASURES
from apps.generation.models import (
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    GenerationRun,
    PullRequest,
    StageRecord,
)
from apps.generation.services.deliveries import deliveries_of_repository
from apps.governance.measures import Window, measure_find
from apps.governance.models import Ballot, RoleAssignment, Scope
from apps.governance.services import audit_record
from apps.governance.types import Role
from apps.providers.models import ModelCall, Provider
from apps.repositories.models import Lineage, LineBirth, LineEnd, Revision

pytestmark = pytest.mark.django_db

END = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=84), END)
INSIDE = END - timedelta(days=1)
GATES = ("lint", "types", "tests")


@pytest.fixture
def decide(repository, engineer):
    """Make a request that people decided, and what became of it."""

    def make(*, is_approved=True, at=INSIDE, gates=None, is_merged=None, reverted_at=None, patch=""):
        is_merged = gates is not None if is_merged is None else is_merged
        request = CodeGenerationRequest.objects.create(
            specification="s",
            context_snapshot={},
            target_language="python",
            status="in_review" if is_approved else "rejected",
        )
        run = GenerationRun.objects.create(
            request=request,
            repository=repository,
            requester=engineer,
            title="T",
            target_path="a.py",
            base_sha="0" * 40,
            risk_tier="low",
            seed=1,
        )
        StageRecord.objects.create(run=run, stage="review", started_at=at, finished_at=at)
        consensus = CodeGenerationConsensus(request=request, human_approved=False if not is_approved else None)
        consensus.save()
        if is_approved:
            _as_if_approved(request)
        candidate = Candidate.objects.create(
            request=request, model_id="m", sample_index=0, ordinal=0, state="executed", patch=patch
        )
        if gates is not None or is_merged:
            PullRequest.objects.create(
                request=request,
                candidate=candidate,
                branch="b",
                base_sha="0",
                head_sha="1",
                gates=[{"gate": name, "status": status} for name, status in (gates or {}).items()],
                opened_at=at,
                state="merged" if is_merged else "open",
                merged_by=engineer if is_merged else None,
                merged_at=at if is_merged else None,
                merge_sha=request.pk.hex if is_merged else "",
                reverted_at=reverted_at,
                revert_sha="f" * 40 if reverted_at else "",
            )
        return request

    def _as_if_approved(request):
        """Approve as people do: the database takes nothing else."""
        digest = "d" * 64
        for number in range(4):
            voter = engineer.__class__.objects.create_user(username=f"voter-{request.pk}-{number}")
            RoleAssignment.objects.create(user=voter, scope=repository.scope, role="reviewer")
            Ballot.objects.create(
                subject_kind="request",
                subject_id=request.pk,
                subject_digest=digest,
                scope=repository.scope,
                voter=voter,
                verdict="approve",
            )
        GenerationRun.objects.filter(pk=request.pk).update(review_digest=digest)
        CodeGenerationConsensus.objects.filter(request=request).update(human_approved=True)

    return make


def read(key, scope, window=WINDOW):
    return measure_find(f"generation.{key}").read([scope.pk], window)


def test_without_data_every_measure_says_what_is_missing(scope, repository):
    for measure in MEASURES:
        reading = measure.read([scope.pk], WINDOW)
        assert reading.value is None
        assert reading.missing.endswith(".")


def test_approval_counts_what_was_decided_in_the_window(scope, decide):
    for is_approved in (True, True, True, False):
        decide(is_approved=is_approved)
    decide(at=END)
    decide(at=WINDOW.start - timedelta(seconds=1), is_approved=False)
    reading = read("approval_rate", scope)
    assert (reading.value, reading.n, reading.as_of) == (0.75, 4, INSIDE)
    assert (round(reading.low, 2), round(reading.high, 2)) == (0.30, 0.95)
    assert len(reading.sources) == 4 and reading.sources[0].url.startswith("/requests/")


def test_another_candidate_or_a_void_verdict_is_no_first_pass(scope, decide, engineer):
    decide()
    chosen, changed = decide(), decide()
    audit_record(action="review.choose", object_kind="request", object_id=chosen.pk, actor=engineer, scope=scope)
    Ballot.objects.filter(pk=Ballot.objects.filter(subject_id=changed.pk).first().pk).update(
        voided_at=INSIDE, void_reason="The candidate or its evidence changed."
    )
    assert read("first_pass_approval", scope).value == pytest.approx(1 / 3)
    assert read("approval_rate", scope).value == 1.0


def test_gates_count_once_judged_and_an_error_is_no_pass(scope, decide):
    decide(gates=dict.fromkeys(GATES, "passed"))
    decide(gates={"lint": "failed", "types": "error", "tests": "passed"})
    decide(gates={"lint": "passed", "types": "not_applicable", "tests": "passed"})
    values = {key: read(key, scope) for key in ("lint_pass", "type_pass", "test_pass")}
    assert {key: (one.value, one.n) for key, one in values.items()} == {
        "lint_pass": (pytest.approx(2 / 3), 3),
        "type_pass": (0.5, 2),
        "test_pass": (1.0, 3),
    }


def test_a_pull_request_that_failed_counts_though_nobody_can_merge_it(scope, decide):
    decide(gates={"tests": "passed"})
    decide(gates={"tests": "failed"}, is_merged=False)
    decide(gates={"tests": "failed"}, is_merged=False, at=END)
    reading = read("test_pass", scope)
    assert (reading.value, reading.n, reading.as_of) == (0.5, 2, INSIDE)


def test_reverted_merges_are_counted_among_those_of_the_window(scope, decide):
    decide(is_merged=True)
    decide(is_merged=True, reverted_at=END + timedelta(days=3))
    assert read("revert_rate", scope).value == 0.5


def test_rework_waits_until_the_21_days_of_a_line_are_over(scope, repository):
    def born(number, at, *, again, days, origin="ai"):
        request = "11111111-1111-1111-1111-111111111111" if origin == "ai" else None
        birth = LineBirth.objects.create(
            repository=repository,
            number=number,
            position=number,
            sha=f"{number:040}",
            born_at=at,
            origin=origin,
            request_id=request,
            lines=10,
        )
        LineEnd.objects.create(
            birth=birth, path="a", position=99, ended_at=at + timedelta(days=days), is_change=True, lines=again
        )

    born(0, END - timedelta(days=30), again=4, days=21)
    born(1, END - timedelta(days=31), again=4, days=22)
    born(2, END - timedelta(days=20), again=9, days=1)
    born(3, END - timedelta(days=30), again=9, days=1, origin="human")
    reading = read("rework_rate", scope)
    assert (reading.value, reading.n) == (0.2, 20)


def test_shares_are_those_of_the_newest_followed_commit(scope, repository):
    for number, (ai, human) in enumerate([(1, 9), (4, 12)]):
        revision = Revision.objects.create(repository=repository, sha=f"{number:040}", committed_at=INSIDE)
        Lineage.objects.create(
            revision=revision,
            reader=1,
            position=number,
            ai_lines=ai,
            human_lines=human,
            mixed_lines=4 * number,
            measured_at=INSIDE + timedelta(minutes=number),
            survival={"ai": {"weeks": [[0, 1.0, 1.0, 1.0, 9], [84, 0.5, 0.4, 0.6, 3]]}} if number else {},
        )
    assert (read("ai_share", scope).value, read("ai_share", scope).n) == (0.2, 20)
    assert (read("survival", scope).value, read("survival", scope).low) == (0.5, 0.4)


def test_what_calls_cost_is_told_only_when_every_cost_is_known(scope, decide):
    decide()
    decide()
    provider = Provider.objects.create(name="p", kind="builtin", model_id="m")

    def call(cost):
        return ModelCall.objects.create(
            provider=provider,
            subject_kind="request",
            subject_id="11111111-1111-1111-1111-111111111111",
            scope=scope,
            sample_index=0,
            model_id="m",
            prompt_digest="d",
            outcome="answered",
            cost=cost,
            created_at=INSIDE,
        )

    call(Decimal("1.5"))
    call(Decimal("0.5"))
    assert read("cost_per_accepted", scope).value == 1.0
    call(None)
    assert read("cost_per_accepted", scope).missing.startswith("The cost of 1 of 3 calls is not known")


def test_the_scope_of_an_organisation_stands_for_its_repositories_and_another_for_none(scope, decide):
    decide()
    whole = Scope.objects.create(organisation=scope.organisation, repository="")
    elsewhere = Scope.objects.create(organisation=scope.organisation, repository="other")
    assert read("approval_rate", whole).n == 1
    assert read("approval_rate", elsewhere).value is None


def test_a_thousand_rows_take_as_many_queries_as_one(scope, decide):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            for measure in MEASURES:
                measure.read([scope.pk], WINDOW)
        return len(seen)

    decide(gates=dict.fromkeys(GATES, "passed"))
    one = queries()
    for _ in range(5):
        decide(gates=dict.fromkeys(GATES, "passed"))
    assert queries() == one


def test_only_merged_rows_of_the_platform_are_deliveries(repository, decide):
    patch = "--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+x = 1\n"
    merged = decide(is_merged=True, patch=patch, reverted_at=INSIDE)
    decide()
    found = deliveries_of_repository(repository.pk)
    assert set(found) == {merged.pk.hex, "f" * 40}
    assert found[merged.pk.hex].request == str(merged.pk)
    assert dict(found[merged.pk.hex].added["a.py"]) == {"x=1": 1}
    assert found["f" * 40].is_revert


def undecided(repository, engineer, status="in_review", moment=None):
    """Make a request that nobody decided."""
    request = CodeGenerationRequest.objects.create(
        specification="s", context_snapshot={}, target_language="python", status=status
    )
    return GenerationRun.objects.create(
        request=request,
        repository=repository,
        requester=engineer,
        title="T",
        target_path="a.py",
        base_sha="0" * 40,
        risk_tier="low",
        seed=1,
        state_changed_at=moment or now(),
    )


def test_withdrawn_requests_are_in_no_rate_and_told_beside_it(scope, decide, repository, engineer):
    decide()
    for moment in (INSIDE, INSIDE, END):
        undecided(repository, engineer, "cancelled", moment)
    reading = read("approval_rate", scope)
    assert reading.n == 1
    assert [one.title for one in reading.sources] == ["2 withdrawn, in no rate", "T"]
    assert reading.sources[0].url == "/requests?state=cancelled"
    assert len(read("first_pass_approval", scope).sources) == 1


def test_models_agree_as_far_as_the_largest_group_of_the_middle_request_goes(scope, decide):
    for sizes in ((3, 1), (1, 1), (5,)):
        details = {"is_compared": True, "clusters": [{"members": ["x"] * size} for size in sizes]}
        CodeGenerationConsensus.objects.filter(request=decide()).update(voting_details=details)
    CodeGenerationConsensus.objects.filter(request=decide()).update(
        voting_details={"is_compared": False, "clusters": []}
    )
    reading = read("model_consensus", scope)
    assert (reading.value, reading.n, reading.low, reading.high, reading.as_of) == (0.75, 3, 0.5, 1.0, INSIDE)


def test_reviewers_agree_beyond_chance_on_what_several_judged(scope, repository, engineer, person):
    people = [person(f"judge-{number}", Role.REVIEWER) for number in range(2)]
    wanted = {"subject_kind": "request", "scope": repository.scope, "rationale": "r"}
    for verdicts in (("approve", "approve"), ("block", "block"), ("approve", "block"), ("approve",)):
        run = undecided(repository, engineer)
        for voter, verdict in zip(people, verdicts, strict=False):
            Ballot.objects.create(subject_id=run.pk, subject_digest="d", voter=voter, verdict=verdict, **wanted)
        Ballot.objects.filter(subject_id=run.pk).update(voided_at=now(), void_reason="It changed.")
        Ballot.objects.create(subject_id=run.pk, subject_digest="e", voter=people[0], verdict="abstain", **wanted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment = cursor.fetchone()[0]
    around = Window(moment - timedelta(hours=1), moment + timedelta(hours=1))
    reading = read("reviewer_agreement", scope, around)
    assert reading.n == 3 and reading.value == pytest.approx(4 / 9)
    assert reading.low < reading.value < reading.high and reading.as_of == moment
