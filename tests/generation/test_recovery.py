"""Stopped, killed, raced: nothing is lost, nothing is done twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from apps.core.errors import NofxError
from apps.generation.models import (
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    GeneratedCodeArtifact,
    GenerationRun,
    PullRequest,
    StageRecord,
)
from apps.generation.services import asking, checking, pipeline, rounds
from apps.generation.services.delivery import ApprovalOutdated, pull_request_merge, request_deliver
from apps.generation.services.retries import request_retry
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import selection_change
from apps.governance.models import Ballot, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.services import job_cancel, jobs_sweep
from apps.providers.models import ModelCall, Provider
from apps.providers.selectors import calls_of, cost_of
from apps.repositories.gateways.local_git import LocalGit
from apps.repositories.types import MergeBlocked, PushRefused
from tests.fault_server import Fault, FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.generation.test_review import status_of, vote
from tests.git import git
from tests.kept import Keep
from tests.killed import killed_behind, killed_once
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
Status = CodeGenerationRequest.Status


class Killed(BaseException):
    """The worker is gone: nothing after this line runs."""


def kill_once_after(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Let the function do its work once and die behind it."""
    original = getattr(owner, name)
    dead: list[bool] = []

    def dying(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if not dead:
            dead.append(True)
            raise Killed
        return result

    monkeypatch.setattr(owner, name, dying)


def die_and_requeue(request_id: object, kind: str) -> None:
    job = Job.objects.get(subject_id=request_id, kind=kind)
    with pytest.raises(Killed):
        job_execute(job.pk)
    assert Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(state=Job.State.QUEUED, claim=None)


@pytest.fixture
def without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linters have tests of their own and take seconds."""
    monkeypatch.setattr(checking, "check_sources", lambda sources: dict.fromkeys(sources, ()))


@pytest.fixture
def run(in_review: Callable[..., GenerationRun]) -> GenerationRun:
    return in_review(CLAMP, [WRONG, RIGHT], title="Keep values in range", target_path="shop/ranges.py")


@pytest.mark.parametrize(
    ("module", "stage"),
    [
        pytest.param(pipeline, "candidates_plan", marks=pytest.mark.slow),
        (asking, "candidate_write"),
        pytest.param(pipeline, "duplicates_mark", marks=pytest.mark.slow),
        pytest.param(pipeline, "candidates_check", marks=pytest.mark.slow),
        pytest.param(rounds, "observe", marks=pytest.mark.slow),
        pytest.param(pipeline, "further_plan", marks=pytest.mark.slow),
        pytest.param(pipeline, "outcomes_keep", marks=pytest.mark.slow),
        pytest.param(pipeline, "consensus_decide", marks=pytest.mark.slow),
        (pipeline, "_hand_over"),
    ],
)
def test_a_job_that_died_behind_any_stage_ends_in_review_once(
    module: ModuleType,
    stage: str,
    submit: Submit,
    provider: Provider,
    server: FaultServer,
    without_tools: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answers([WRONG, RIGHT])
    request = submit(CLAMP)
    kill_once_after(monkeypatch, module, stage)
    die_and_requeue(request.pk, "generation.run")
    assert work_off(request).state == Job.State.SUCCEEDED
    assert request.status == Status.IN_REVIEW
    assert CodeGenerationConsensus.objects.filter(request=request).count() == 1
    candidates = Candidate.objects.filter(request=request)
    assert sorted(candidates.values_list("sample_index", flat=True)) == [0, 1, 2]
    assert not candidates.filter(state=Candidate.State.ASKED).exists()
    assert GeneratedCodeArtifact.objects.filter(request=request).count() == 9
    calls = Counter(ModelCall.objects.filter(subject_id=request.pk).values_list("outcome", flat=True))
    assert calls["answered"] in {3, 4}
    assert calls.keys() <= {"answered", "abandoned"}
    assert calls["abandoned"] <= 2
    unfinished = StageRecord.objects.filter(run_id=request.pk, finished_at__isnull=True)
    assert list(unfinished.values_list("stage", flat=True)) == ["review"]


def test_calls_whose_worker_was_killed_end_as_abandoned_and_are_asked_again(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User, client: Client, without_tools: None
) -> None:
    server.answers([Fault.hang()])
    request = submit(CLAMP)
    job = Job.objects.get(subject_id=request.pk)
    killed_once(lambda: len(server.requests) == 2, lambda: job_execute(job.pk))
    calls = calls_of(subject_kind="request", subject_id=request.pk)
    assert [call.outcome for call in calls] == ["under_way"] * 2
    assert not calls.filter(latency_ms__isnull=False).exists()
    Job.objects.filter(pk=job.pk).update(heartbeat_at=Now() - timedelta(minutes=1))
    assert jobs_sweep() == 1
    server.answers([WRONG, RIGHT])
    assert work_off(request).state == Job.State.SUCCEEDED
    assert Counter(call.outcome for call in calls.all()) == {"abandoned": 2, "answered": 3}
    asked = Counter((call.provider_id, call.sample_index) for call in calls.all())
    assert asked == {(provider.pk, 0): 2, (provider.pk, 1): 2, (provider.pk, 2): 1}
    assert cost_of(subject_kind="request", subject_id=request.pk) is None
    client.force_login(engineer)
    page = client.get(f"/requests/{request.pk}").content.decode()
    assert page.count("abandoned") >= 2


def test_a_request_that_ends_leaves_no_call_under_way(
    submit: Submit, provider: Provider, server: FaultServer, engineer: User
) -> None:
    server.answers([Fault.hang()])
    request = submit(CLAMP)
    job = Job.objects.get(subject_id=request.pk)
    killed_once(lambda: len(server.requests) == 2, lambda: job_execute(job.pk))
    job_cancel(job_id=job.pk, actor=engineer)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=Now() - timedelta(minutes=1))
    jobs_sweep()
    assert Job.objects.get(pk=job.pk).state == Job.State.CANCELLED
    calls = calls_of(subject_kind="request", subject_id=request.pk)
    assert [call.outcome for call in calls] == ["abandoned"] * 2


def test_a_queued_request_that_is_stopped_is_cancelled(submit: Submit, engineer: User) -> None:
    request = submit(CLAMP)
    job_cancel(job_id=Job.objects.get(subject_id=request.pk).pk, actor=engineer)
    request.refresh_from_db()
    assert request.status == Status.CANCELLED


@pytest.mark.parametrize(
    ("module", "stage"),
    [(pipeline, "candidates_check"), pytest.param(rounds, "observe", marks=pytest.mark.slow)],
)
def test_a_request_that_is_stopped_while_it_works_is_cancelled(
    module: ModuleType,
    stage: str,
    submit: Submit,
    provider: Provider,
    server: FaultServer,
    engineer: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP)
    job_id = Job.objects.get(subject_id=request.pk).pk
    original = getattr(module, stage)

    def stopped_on_the_way(*args: Any, **kwargs: Any) -> Any:
        job_cancel(job_id=job_id, actor=engineer)
        waited.wait(5)
        return original(*args, **kwargs)

    waited = threading.Event()
    look = pipeline.JobRun.look

    def seen(job: pipeline.JobRun) -> None:
        look(job)
        if job.is_cancelled():
            waited.set()

    monkeypatch.setattr(pipeline.JobRun, "look", seen)
    monkeypatch.setattr(checking, "check_sources", lambda sources: dict.fromkeys(sources, ()))
    monkeypatch.setattr(module, stage, stopped_on_the_way)
    assert work_off(request).state == Job.State.CANCELLED
    assert request.status == Status.CANCELLED


@pytest.fixture
def approved(kept: Keep, run: GenerationRun, reviewer: User, owner: User) -> GenerationRun:
    def make() -> UUID:
        vote(run, reviewer)
        vote(run, owner)
        return run.pk

    return GenerationRun.objects.select_related("request").get(pk=kept("approved in the end", make))


@pytest.mark.parametrize("step", [pytest.param("branch_commit", marks=pytest.mark.slow), "branch_push"])
def test_a_delivery_that_died_is_finished_by_the_next_one(
    step: str, approved: GenerationRun, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_once_after(monkeypatch, LocalGit, step)
    die_and_requeue(approved.pk, "generation.deliver")
    job = work_off(approved.request)
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    assert PullRequest.objects.get(request_id=approved.pk).is_pushed
    assert git(code, "rev-list", "--count", f"main..nofx/{approved.pk}") == "1"


@pytest.mark.slow
@pytest.mark.parametrize("command", [("worktree", "add"), ("commit",)])
def test_the_worktree_of_a_delivery_that_was_killed_is_swept_by_the_next_one(
    command: tuple[str, ...], approved: GenerationRun, code: Path, home: Path
) -> None:
    job = Job.objects.get(subject_id=approved.pk, kind="generation.deliver")
    killed_behind(command, lambda: job_execute(job.pk))
    assert len(list((home / "worktrees").iterdir())) == 1
    Job.objects.filter(pk=job.pk).update(heartbeat_at=Now() - timedelta(minutes=1))
    assert jobs_sweep() == 1
    assert work_off(approved.request).state == Job.State.SUCCEEDED
    assert list((home / "worktrees").iterdir()) == []
    assert git(code, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert git(code, "rev-list", "--count", f"main..nofx/{approved.pk}") == "1"


def test_a_stopped_delivery_can_be_started_again(approved: GenerationRun, engineer: User) -> None:
    job_cancel(job_id=Job.objects.get(subject_id=approved.pk, kind="generation.deliver").pk, actor=engineer)
    assert GenerationRun.objects.get(pk=approved.pk).failure == "The delivery was stopped."
    assert request_retry(request_id=approved.pk, actor=engineer).state == Job.State.QUEUED


def test_what_was_changed_after_the_approval_is_not_delivered(approved: GenerationRun) -> None:
    Candidate.objects.filter(pk=selected_candidate(run=approved).pk).update(checks=[{"tool": "forged"}])
    job = work_off(approved.request)
    assert job.state == Job.State.FAILED
    assert "no longer what was approved" in job.error
    assert not PullRequest.objects.exists()
    with pytest.raises(ApprovalOutdated):
        request_deliver(job=None, request_id=approved.pk)  # type: ignore[arg-type]  # refused before it is used


def test_main_may_move_on_between_base_and_delivery(approved: GenerationRun, code: Path, owner: User) -> None:
    (code / "shop/new.py").write_text("NEW = 1\n")
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Meanwhile")
    git(code, "push", "--quiet", "origin", "main")
    work_off(approved.request)
    merged = pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert git(code, "rev-parse", "main") == merged.merge_sha
    assert (code / "shop/new.py").exists()
    assert (code / "shop/ranges.py").exists()


def merge(run: GenerationRun, owner: User) -> PullRequest:
    return pull_request_merge(request_id=run.pk, actor=owner, is_interactive=True)


@pytest.fixture
def taken_by_the_remote(approved: GenerationRun, code: Path, tmp_path: Path, owner: User) -> GenerationRun:
    """A merge that was killed as soon as the remote had taken it."""
    work_off(approved.request)
    killed_behind(("push",), lambda: merge(approved, owner))
    assert git(tmp_path / "remote.git", "rev-parse", "main^2") == git(code, "rev-parse", f"nofx/{approved.pk}")
    assert git(tmp_path / "remote.git", "rev-parse", "main^1") == git(code, "rev-parse", "main")
    assert PullRequest.objects.get().state == PullRequest.State.OPEN
    return approved


def test_a_merge_that_was_killed_after_the_remote_took_it_is_recorded_by_the_next(
    taken_by_the_remote: GenerationRun, code: Path, tmp_path: Path, owner: User
) -> None:
    merged = merge(taken_by_the_remote, owner)
    assert merged.state == PullRequest.State.MERGED
    assert merged.merge_sha == git(code, "rev-parse", "main") == git(tmp_path / "remote.git", "rev-parse", "main")
    assert (code / "shop/ranges.py").exists()
    assert git(code, "rev-list", "--merges", "--count", "main") == "1"
    assert git(code, "status", "--porcelain") == ""


def test_a_merge_that_the_remote_took_is_found_below_what_others_pushed_since(
    taken_by_the_remote: GenerationRun, code: Path, tmp_path: Path, owner: User
) -> None:
    taken = git(tmp_path / "remote.git", "rev-parse", "main")
    push_from_elsewhere(tmp_path)
    assert merge(taken_by_the_remote, owner).merge_sha == taken
    assert git(code, "rev-parse", "main~1") == taken
    assert git(code, "rev-parse", "main") == git(tmp_path / "remote.git", "rev-parse", "main")


def test_what_is_not_committed_is_put_aside_by_its_owner_before_a_merge_is_recovered(
    taken_by_the_remote: GenerationRun, code: Path, owner: User
) -> None:
    before = git(code, "rev-parse", "main")
    (code / "shop/__init__.py").write_text("# under way\n")
    with pytest.raises(MergeBlocked, match="not committed"):
        merge(taken_by_the_remote, owner)
    assert (git(code, "rev-parse", "main"), (code / "shop/__init__.py").read_text()) == (before, "# under way\n")
    git(code, "checkout", "--quiet", "shop/__init__.py")
    assert merge(taken_by_the_remote, owner).state == PullRequest.State.MERGED


@pytest.mark.slow
def test_a_merge_that_was_killed_before_it_was_written_down_is_recorded_by_the_next(
    approved: GenerationRun, code: Path, owner: User
) -> None:
    work_off(approved.request)
    killed_behind(("merge", "--ff-only"), lambda: merge(approved, owner))
    tip = git(code, "rev-parse", "main")
    (code / "shop/new.py").write_text("NEW = 1\n")
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Meanwhile")
    assert merge(approved, owner).merge_sha == tip
    assert git(code, "rev-list", "--merges", "--count", "main") == "1"


@pytest.mark.slow
def test_what_others_pushed_is_brought_in_before_the_merge(
    approved: GenerationRun, code: Path, tmp_path: Path, owner: User
) -> None:
    work_off(approved.request)
    push_from_elsewhere(tmp_path)
    merged = merge(approved, owner)
    assert merged.merge_sha == git(code, "rev-parse", "main") == git(tmp_path / "remote.git", "rev-parse", "main")
    assert (code / "shop/elsewhere.py").exists()


@pytest.mark.slow
def test_branches_that_went_apart_are_left_to_people(
    approved: GenerationRun, code: Path, tmp_path: Path, owner: User
) -> None:
    work_off(approved.request)
    push_from_elsewhere(tmp_path)
    (code / "shop/new.py").write_text("NEW = 1\n")
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Meanwhile")
    before = git(code, "rev-parse", "main"), git(tmp_path / "remote.git", "rev-parse", "main")
    with pytest.raises(PushRefused):
        merge(approved, owner)
    assert (git(code, "rev-parse", "main"), git(tmp_path / "remote.git", "rev-parse", "main")) == before


def test_a_remote_that_is_gone_is_a_sentence(approved: GenerationRun, tmp_path: Path, owner: User) -> None:
    work_off(approved.request)
    (tmp_path / "remote.git").rename(tmp_path / "gone.git")
    with pytest.raises(PushRefused, match="cannot be asked for main"):
        merge(approved, owner)


def push_from_elsewhere(tmp_path: Path) -> None:
    """Somebody else pushes a commit to the remote's main."""
    git(tmp_path, "clone", "--quiet", "remote.git", "elsewhere")
    (tmp_path / "elsewhere/shop/elsewhere.py").write_text("ELSEWHERE = 1\n")
    git(tmp_path / "elsewhere", "add", ".")
    git(tmp_path / "elsewhere", "commit", "--quiet", "-m", "From elsewhere")
    git(tmp_path / "elsewhere", "push", "--quiet", "origin", "main")


@pytest.mark.parametrize("is_committed", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_file_in_the_way_blocks_the_merge_with_a_sentence_and_a_new_request_can_begin(
    is_committed: bool, approved: GenerationRun, code: Path, tmp_path: Path, owner: User, client: Client
) -> None:
    work_off(approved.request)
    (code / "shop/ranges.py").write_text("MINE = 1\n")
    if is_committed:
        git(code, "add", ".")
        git(code, "commit", "--quiet", "-m", "Meanwhile")
        git(code, "push", "--quiet", "origin", "main")
    before = git(tmp_path / "remote.git", "rev-parse", "main")
    with pytest.raises(MergeBlocked, match="conflicts with main" if is_committed else "in the way"):
        pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert git(tmp_path / "remote.git", "rev-parse", "main") == git(code, "rev-parse", "main") == before
    assert (code / "shop/ranges.py").read_text() == "MINE = 1\n"
    client.force_login(approved.requester)
    page = client.get(reverse("generation:request-detail", args=[approved.pk])).content.decode()
    assert f"{reverse('generation:spec-new')}?request={approved.pk.hex}" in page


def test_the_last_verdict_and_another_choice_at_once_leave_one_of_the_two(
    run: GenerationRun, reviewer: User, owner: User
) -> None:
    vote(run, reviewer)
    first = selected_candidate(run=run)
    other = Candidate.objects.filter(request=run.request, duplicate_of=None).exclude(pk=first.pk).get()
    digest = review_digest(run=run)
    start = threading.Barrier(2, timeout=10)

    def at_once(action: Callable[[], object]) -> Callable[[], None]:
        def work() -> None:
            try:
                start.wait()
                action()
            except NofxError:
                pass
            finally:
                connection.close()

        return work

    def choose() -> None:
        selection_change(request_id=run.pk, actor=reviewer, candidate_id=other.pk, reason="Simpler.")

    threads = [threading.Thread(target=at_once(action)) for action in (lambda: vote(run, owner, digest=digest), choose)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    valid = Ballot.objects.filter(voided_at__isnull=True).count()
    outcome = (status_of(run), selected_candidate(run=run).pk, valid)
    assert outcome in {(Status.APPROVED, first.pk, 2), (Status.IN_REVIEW, other.pk, 0)}
