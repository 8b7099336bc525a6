"""From an approval to a merge, in a real repository with a real remote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.errors import PermissionRefused
from apps.generation.models import CodeGenerationConsensus, CodeGenerationRequest, GenerationRun, PullRequest
from apps.generation.services import gates
from apps.generation.services.delivery import pull_request_merge, push_repeat
from apps.generation.services.overrides import pull_request_sheet
from apps.generation.services.retries import request_retry
from apps.governance.models import AuditEvent, Override, RoleAssignment, Scope, User
from apps.governance.services import NotInteractive
from apps.jobs.models import Job
from apps.repositories.types import MergeBlocked, PushRefused
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.generation.test_review import status_of, vote
from tests.git import git
from tests.kept import Keep
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Status = CodeGenerationRequest.Status


@pytest.fixture
def approved(kept: Keep, in_review: Callable[..., GenerationRun], reviewer: User, owner: User) -> GenerationRun:
    def make() -> UUID:
        run = in_review(CLAMP, [RIGHT], title="Keep values in range", target_path="shop/ranges.py")
        vote(run, reviewer)
        vote(run, owner)
        return run.pk

    return GenerationRun.objects.select_related("request").get(pk=kept("approved", make))


def deliver(run: GenerationRun) -> PullRequest:
    job = work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    return PullRequest.objects.get(request_id=run.pk)


def test_an_approval_becomes_a_commit_on_a_branch_of_the_remote(
    approved: GenerationRun, code: Path, tmp_path: Path, engineer: User
) -> None:
    pull_request = deliver(approved)
    assert pull_request.branch == f"nofx/{approved.pk}"
    assert pull_request.is_pushed
    assert git(tmp_path / "remote.git", "rev-parse", pull_request.branch) == pull_request.head_sha
    names = git(code, "diff", "--name-only", f"main...{pull_request.branch}").splitlines()
    assert names == ["docs/clamp.md", "shop/ranges.py", "tests/test_clamp.py"]
    message = git(code, "log", "-1", "--format=%an <%ae>%n%B", pull_request.branch)
    assert message.startswith("NOFX <nofx@localhost>\nKeep values in range\n")
    assert "Co-authored-by: ada <ada@localhost>" in message
    assert f"NOFX-Request: req_{approved.pk}" in message
    assert f"NOFX-Candidate: cand_{pull_request.candidate_id}" in message


def test_all_gates_run_on_the_branch(approved: GenerationRun) -> None:
    found = {gate["gate"]: gate for gate in deliver(approved).gates}
    assert {name: gate["status"] for name, gate in found.items()} == dict.fromkeys(
        ("lint", "types", "security", "tests"), "passed"
    )
    assert found["tests"]["trust"] == "in_process"
    assert "4 passed" in found["tests"]["detail"]


def test_a_change_to_what_judges_the_tests_never_passes(
    approved: GenerationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "changed_files", lambda *_: {"tests/conftest.py": "X = 1\n"})
    found = {gate["gate"]: gate for gate in deliver(approved).gates}
    assert found["tests"]["status"] == "failed"
    assert "tests/conftest.py, which decides how tests are judged" in found["tests"]["detail"]


def test_delivery_twice_makes_one_commit(approved: GenerationRun, code: Path) -> None:
    first = deliver(approved).head_sha
    CodeGenerationRequest.objects.filter(pk=approved.pk).update(status=Status.DELIVERING)
    Job.objects.filter(subject_id=approved.pk, kind="generation.deliver").update(state="queued", finished_at=None)
    assert deliver(approved).head_sha == first
    assert git(code, "rev-list", "--count", f"main..nofx/{approved.pk}") == "1"


def test_a_person_merges_and_the_consensus_says_when(
    approved: GenerationRun, code: Path, tmp_path: Path, owner: User
) -> None:
    deliver(approved)
    merged = pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert git(code, "rev-parse", "main") == git(tmp_path / "remote.git", "rev-parse", "main") == merged.merge_sha
    assert (code / "shop/ranges.py").exists()
    assert CodeGenerationConsensus.objects.get(request=approved.request).deployed_at == merged.merged_at
    assert status_of(approved) == Status.OBSERVED
    again = pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert again.merge_sha == merged.merge_sha


def test_neither_a_token_nor_a_stranger_merges(approved: GenerationRun, owner: User) -> None:
    deliver(approved)
    stranger = User.objects.create_user("stranger", password="correct horse battery")
    with pytest.raises(NotInteractive):
        pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=False)
    with pytest.raises(PermissionRefused):
        pull_request_merge(request_id=approved.pk, actor=stranger, is_interactive=True)


@pytest.mark.parametrize("is_reviewer_too", [False, True])
def test_whoever_asked_for_the_code_does_not_merge_it(
    approved: GenerationRun, engineer: User, scope: Scope, client: Client, is_reviewer_too: bool
) -> None:
    deliver(approved)
    if is_reviewer_too:
        RoleAssignment.objects.create(user=engineer, scope=scope, role="reviewer")
    client.force_login(engineer)
    assert (
        "Merge into main" not in client.get(reverse("generation:request-detail", args=[approved.pk])).content.decode()
    )
    assert "<td>Merge</td>" not in client.get(reverse("console:home")).content.decode()
    answer = client.post(reverse("generation:request-merge", args=[approved.pk]))
    assert answer.status_code == 403
    said = "You are the requester of this request" if is_reviewer_too else "You may not merge into this repository."
    assert said in answer.content.decode()
    assert PullRequest.objects.get().state == PullRequest.State.OPEN
    assert AuditEvent.objects.filter(action="request.merge", outcome="denied", actor_id=str(engineer.pk)).exists()


def test_a_gate_that_did_not_pass_blocks_the_merge(approved: GenerationRun, code: Path, owner: User) -> None:
    pull_request = deliver(approved)
    pull_request.gates[0]["status"] = "error"
    pull_request.save()
    before = git(code, "rev-parse", "main")
    with pytest.raises(MergeBlocked, match="lint"):
        pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert git(code, "rev-parse", "main") == before


@pytest.mark.parametrize("status", ["passed", "failed", "error"])
def test_pages_offer_a_merge_only_when_all_gates_passed(
    approved: GenerationRun, owner: User, client: Client, status: str
) -> None:
    pull_request = deliver(approved)
    pull_request.gates[0]["status"] = status
    pull_request.save(update_fields=["gates"])
    client.force_login(owner)
    is_offered = status == "passed"
    page = client.get(reverse("generation:request-detail", args=[approved.pk])).content.decode()
    assert ("Merge into main" in page) is is_offered
    assert ("It cannot be merged: lint did not pass" in page) is not is_offered
    assert ("Change the specification</span>" in page) is not is_offered
    assert ("<td>Merge</td>" in client.get(reverse("console:home")).content.decode()) is is_offered


def fail_lint(pull_request: PullRequest) -> None:
    pull_request.gates[0]["status"] = "failed"
    pull_request.save(update_fields=["gates"])


@pytest.mark.slow
def test_two_people_override_a_failed_gate_and_it_is_merged(
    approved: GenerationRun, owner: User, person: Callable[..., User], client: Client
) -> None:
    fail_lint(deliver(approved))
    lead, chair = person("quinn", "quality_lead"), person("chris", "chair")
    address = reverse("generation:request-detail", args=[approved.pk])

    client.force_login(chair)
    assert "Override this gate" not in client.get(address).content.decode()
    client.force_login(lead)
    page = client.get(address)
    assert "Override this gate" in page.content.decode()
    last_day = page.context["override_last"].isoformat()
    form = {"gate": "lint", "digest": page.context["gates"][0]["digest"], "reason": "A false alarm.", "until": last_day}
    refused = client.post(reverse("generation:override", args=[approved.pk]), form | {"until": "2999-01-01"})
    assert refused.status_code == 422
    assert (
        "An override ends within 90 days." in refused.content.decode() and "A false alarm." in refused.content.decode()
    )
    client.post(reverse("generation:override", args=[approved.pk]), form)
    override = Override.objects.get(subject_id=approved.pk)
    assert "Sign the override" not in client.get(address).content.decode()
    assert client.post(reverse("generation:override-confirm", args=[approved.pk, override.pk])).status_code == 403
    with pytest.raises(MergeBlocked, match="lint"):
        pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)

    client.force_login(chair)
    assert "Sign an override" in client.get(reverse("console:home")).content.decode()
    assert "Sign the override" in client.get(address).content.decode()
    client.post(reverse("generation:override-confirm", args=[approved.pk, override.pk]))
    assert "Sign an override" not in client.get(reverse("console:home")).content.decode()
    client.force_login(owner)
    page = client.get(address).content.decode()
    assert "overridden" in page and "Merge into main" in page
    pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert AuditEvent.objects.get(action="request.merge").detail["overridden"] == ["lint"]


def test_the_requester_cannot_override_and_an_error_is_never_overridden(
    approved: GenerationRun, engineer: User, scope: Scope, client: Client
) -> None:
    pull_request = deliver(approved)
    fail_lint(pull_request)
    RoleAssignment.objects.create(user=engineer, scope=scope, role="quality_lead")
    client.force_login(engineer)
    digest = pull_request_sheet(pull_request).subject("lint").digest
    form = {"gate": "lint", "digest": digest, "reason": "It is mine.", "until": "2999-01-01"}
    assert client.post(reverse("generation:override", args=[approved.pk]), form).status_code == 403
    pull_request.gates[0]["status"] = "error"
    pull_request.save(update_fields=["gates"])
    assert client.post(reverse("generation:override", args=[approved.pk]), form).status_code == 409
    assert not Override.objects.exists()


def test_uncommitted_work_in_the_checkout_is_left_alone(approved: GenerationRun, code: Path, owner: User) -> None:
    deliver(approved)
    (code / "shop/__init__.py").write_text("# under way\n")
    with pytest.raises(MergeBlocked, match="not committed"):
        pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert (code / "shop/__init__.py").read_text() == "# under way\n"


def test_a_remote_that_refuses_loses_nothing(approved: GenerationRun, code: Path, tmp_path: Path, owner: User) -> None:
    hook = tmp_path / "remote.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho closed for today\nexit 1\n")
    hook.chmod(0o755)
    pull_request = deliver(approved)
    assert not pull_request.is_pushed
    assert "did not take" in pull_request.push_error
    assert ": closed for today. Check the remote" in pull_request.push_error
    before = git(code, "rev-parse", "main")
    with pytest.raises(PushRefused):
        pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert git(code, "rev-parse", "main") == before
    hook.unlink()
    assert push_repeat(request_id=approved.pk, actor=owner).is_pushed


def test_a_delivery_that_failed_is_started_again(
    approved: GenerationRun, code: Path, tmp_path: Path, engineer: User
) -> None:
    code.rename(tmp_path / "elsewhere")
    job = work_off(CodeGenerationRequest.objects.get(pk=approved.pk))
    assert job.state == Job.State.FAILED
    assert status_of(approved) == Status.APPROVED
    assert GenerationRun.objects.get(pk=approved.pk).failure
    (tmp_path / "elsewhere").rename(code)
    request_retry(request_id=approved.pk, actor=engineer)
    assert deliver(approved).head_sha
