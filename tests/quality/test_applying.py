"""Applying a proposal: a branch of its own, never the base, taken back as it came, refused where things moved on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client

from apps.core.errors import NofxError
from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.quality import services
from apps.quality.models import ProposalBranch, QualityImprovement
from apps.quality.types import Code, NotApplicable, ProposalOutdated
from apps.repositories.models import Repository, Revision
from apps.repositories.types import BranchKept, PatchRejected, PushRefused
from tests.asked import jobs_asked
from tests.git import git, remote_add
from tests.killed import killed_behind

pytestmark = pytest.mark.django_db(transaction=True)

Commit = Callable[..., str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: object) -> None:
    settings.NOFX_HOME = tmp_path / "home"  # type: ignore[attr-defined]  # pytest-django's settings


@pytest.fixture
def proposal(repository: Repository, engineer: User) -> QualityImprovement:
    code = services.code_load(repository=repository, path="shop/prices.py")
    return services.optimise_suggest(code=code, requested_by=engineer)


@pytest.fixture
def remote(repository: Repository, tmp_path: Path) -> Path:
    repository.remote = "origin"
    repository.save()
    return remote_add(tmp_path / "shop")


def branches(path: Path) -> list[str]:
    return git(path, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()


def applied(proposal: QualityImprovement, actor: User) -> ProposalBranch:
    return services.proposal_apply(proposal_id=proposal.pk, actor=actor)


def test_the_fixes_become_one_commit_on_a_branch_and_the_base_stays(
    proposal: QualityImprovement, engineer: User, remote: Path, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    base = git(shop, "rev-parse", "main")
    branch = applied(proposal, engineer)
    assert git(shop, "rev-parse", "main") == git(remote, "rev-parse", "main") == base
    assert git(shop, "rev-parse", f"{branch.branch}^") == base
    assert git(remote, "rev-parse", branch.branch) == git(shop, "rev-parse", branch.branch) == branch.head_sha
    assert git(shop, "diff", "--name-only", base, branch.branch) == "shop/prices.py"
    assert "import os" not in git(shop, "show", f"{branch.branch}:shop/prices.py")
    assert git(shop, "status", "--porcelain") == ""
    message = git(shop, "log", "-1", "--format=%an%n%B", branch.branch)
    assert message.startswith("NOFX\nFix shop/prices.py\n\nSafe fixes of the linter: F401")
    assert f"NOFX-Improvement: improvement_{proposal.pk}" in message
    proposal.refresh_from_db()
    assert proposal.applied_at is not None
    event = AuditEvent.objects.get(action="proposal.apply")
    assert (event.actor_id, event.detail["commit"]) == (str(engineer.pk), branch.head_sha)


def test_applied_twice_there_is_one_branch(proposal: QualityImprovement, engineer: User, tmp_path: Path) -> None:
    assert applied(proposal, engineer).head_sha == applied(proposal, engineer).head_sha
    assert ProposalBranch.objects.count() == 1
    assert len(branches(tmp_path / "shop")) == 2


def test_what_is_discarded_is_gone_and_merely_proposed(
    proposal: QualityImprovement, engineer: User, remote: Path, tmp_path: Path
) -> None:
    applied(proposal, engineer)
    for _ in range(2):
        services.proposal_discard(proposal_id=proposal.pk, actor=engineer)
    assert branches(tmp_path / "shop") == branches(remote) == ["main"]
    proposal.refresh_from_db()
    assert proposal.applied_at is None
    assert AuditEvent.objects.filter(action="proposal.discard").count() == 1
    assert applied(proposal, engineer).is_pushed


def test_a_base_that_moved_elsewhere_is_what_the_branch_begins_at(
    proposal: QualityImprovement, engineer: User, commit: Commit, tmp_path: Path
) -> None:
    head = commit({"README.md": "New\n"})
    branch = applied(proposal, engineer)
    assert branch.base.sha == head == git(tmp_path / "shop", "rev-parse", f"{branch.branch}^")


@pytest.mark.parametrize(
    ("text", "words"),
    [("X = 1\n", "main moved on: shop/prices.py is no longer what"), (None, "shop/prices.py is no longer on main")],
)
def test_a_file_that_changed_on_the_base_is_said_and_nothing_is_made(
    proposal: QualityImprovement, engineer: User, commit: Commit, tmp_path: Path, text: str | None, words: str
) -> None:
    commit({"shop/prices.py": text})
    with pytest.raises(ProposalOutdated, match=words):
        applied(proposal, engineer)
    assert branches(tmp_path / "shop") == ["main"]
    proposal.refresh_from_db()
    assert proposal.applied_at is None


def added_to(shop: Path, branch: str) -> None:
    git(shop, "switch", "--quiet", branch)
    git(shop, "commit", "--quiet", "--allow-empty", "-m", "More")
    git(shop, "switch", "--quiet", "main")


def merged(shop: Path, branch: str) -> None:
    git(shop, "merge", "--quiet", "--no-ff", branch)


def checked_out(shop: Path, branch: str) -> None:
    git(shop, "switch", "--quiet", branch)


@pytest.mark.parametrize(
    ("happens", "words"), [(added_to, "Somebody added"), (merged, "is merged into main"), (checked_out, "checked out")]
)
def test_a_branch_that_somebody_works_with_is_kept(
    proposal: QualityImprovement,
    engineer: User,
    tmp_path: Path,
    happens: Callable[[Path, str], None],
    words: str,
) -> None:
    shop = tmp_path / "shop"
    branch = applied(proposal, engineer).branch
    happens(shop, branch)
    with pytest.raises(BranchKept, match=words):
        services.proposal_discard(proposal_id=proposal.pk, actor=engineer)
    assert branch in branches(shop)
    assert ProposalBranch.objects.exists()


def test_a_remote_that_refuses_loses_nothing(
    proposal: QualityImprovement, engineer: User, remote: Path, tmp_path: Path
) -> None:
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho closed for today\nexit 1\n")
    hook.chmod(0o755)
    branch = applied(proposal, engineer)
    assert not branch.is_pushed
    assert "closed for today" in branch.push_error
    hook.rename(remote / "hooks/off")
    assert applied(proposal, engineer).is_pushed
    (remote / "hooks/off").rename(hook)
    with pytest.raises(PushRefused, match="closed for today"):
        services.proposal_discard(proposal_id=proposal.pk, actor=engineer)
    assert branch.branch in branches(tmp_path / "shop")


def test_what_changes_no_file_of_a_repository_cannot_be_applied(
    engineer: User, revision: Revision, repository: Repository
) -> None:
    text = services.optimise_suggest(code=Code("import os\n", "a.py"), requested_by=engineer)
    nothing = services.optimise_suggest(code=Code("X = 1\n", "a.py", revision), requested_by=engineer)
    for one in (text, nothing):
        with pytest.raises(NotApplicable):
            services.proposal_apply_start(proposal=one, requested_by=engineer)
        with pytest.raises(NotApplicable):
            applied(one, engineer)


def test_a_file_that_is_no_plain_text_is_refused(
    repository: Repository, engineer: User, commit: Commit, tmp_path: Path
) -> None:
    (tmp_path / "shop/shop/odd.py").write_bytes(b"import os\nX = '\xff'\n")
    commit({})
    code = services.code_load(repository=repository, path="shop/odd.py")
    with pytest.raises((PatchRejected, NofxError)):
        applied(services.optimise_suggest(code=code, requested_by=engineer), engineer)
    assert branches(tmp_path / "shop") == ["main"]


def worked_off() -> Job:
    job = jobs_asked().latest("created_at")
    job_execute(job.pk)
    job.refresh_from_db()
    return job


def test_the_page_applies_and_discards_in_the_background(
    proposal: QualityImprovement, client_of: Callable[[User], Client], engineer: User, auditor: User, tmp_path: Path
) -> None:
    url = f"/repos/shop/quality/proposals/{proposal.pk}"
    client = client_of(engineer)
    page = client.get(url).content.decode()
    assert page.split("<dialog")[0].count("button--primary") == 1
    assert "Apply to a branch" in page
    assert "Apply to a branch" not in client_of(auditor).get(url).content.decode()
    assert client.post(f"{url}/apply").headers["Location"] == url
    assert "data-live-job" in client.get(url).content.decode()
    assert worked_off().state == Job.State.SUCCEEDED
    page = client.get(url).content.decode()
    assert f"nofx/fixes-{proposal.pk}" in page
    assert "Discard the branch" in page
    assert "Discard the branch" not in client_of(auditor).get(url).content.decode()
    assert "applied" in client.get("/repos/shop/quality/proposals").content.decode()
    client.post(f"{url}/discard")
    assert worked_off().state == Job.State.SUCCEEDED
    assert "Apply to a branch" in client.get(url).content.decode()
    assert branches(tmp_path / "shop") == ["main"]


def test_a_base_that_moved_is_said_on_the_page(
    proposal: QualityImprovement, client_of: Callable[[User], Client], engineer: User, commit: Commit
) -> None:
    client = client_of(engineer)
    url = f"/repos/shop/quality/proposals/{proposal.pk}"
    client.post(f"{url}/apply")
    commit({"shop/prices.py": "X = 1\n"})
    assert worked_off().state == Job.State.FAILED
    page = client.get(url).content.decode()
    assert "main moved on: shop/prices.py is no longer what the fixes are for." in page
    assert "Propose fixes for the file as it is today." in page


def test_who_may_not_write_or_not_read_changes_no_branch(
    proposal: QualityImprovement,
    client_of: Callable[[User], Client],
    engineer: User,
    auditor: User,
    stranger: User,
    tmp_path: Path,
) -> None:
    url = f"/repos/shop/quality/proposals/{proposal.pk}"
    for verb in ("apply", "discard"):
        assert client_of(auditor).post(f"{url}/{verb}").status_code == 403
        assert client_of(stranger).post(f"{url}/{verb}").status_code == 404
        assert client_of(engineer).post(f"/repos/shop/quality/proposals/{uuid4()}/{verb}").status_code == 404
    assert AuditEvent.objects.filter(outcome="denied", action="spec.write").count() == 2
    client_of(engineer).post(f"{url}/apply")
    RoleAssignment.objects.filter(user=engineer, role=Role.ENGINEER.value).delete()
    assert worked_off().state == Job.State.FAILED
    assert branches(tmp_path / "shop") == ["main"]


def test_the_api_applies_and_discards(
    proposal: QualityImprovement, client_of: Callable[[User], Client], engineer: User, stranger: User, tmp_path: Path
) -> None:
    body = {"improvement": f"improvement_{proposal.pk}"}
    client = client_of(engineer)
    early = client.post("/api/quality/discard", body, content_type="application/json")
    assert (early.status_code, early.json()["code"]) == (422, "quality.not_applicable")
    answer = client.post("/api/quality/apply", body, content_type="application/json")
    assert answer.status_code == 202
    assert worked_off().progress["branch"] == f"nofx/fixes-{proposal.pk}"
    assert client.get("/api/v1/proposal-branches").json()["items"][0]["id"] == f"improvement_{proposal.pk}"
    other = client_of(stranger)
    assert other.post("/api/quality/discard", body, content_type="application/json").status_code == 404
    assert other.get("/api/v1/proposal-branches").json()["items"] == []
    assert client.post("/api/quality/discard", body, content_type="application/json").status_code == 202
    assert worked_off().state == Job.State.SUCCEEDED
    assert branches(tmp_path / "shop") == ["main"]
    text = services.optimise_suggest(code=Code("import os\n", "a.py"), requested_by=engineer)
    body = {"improvement": f"improvement_{text.pk}"}
    assert client.post("/api/quality/apply", body, content_type="application/json").status_code == 422


def test_an_application_that_died_after_its_commit_is_finished_by_the_next(
    proposal: QualityImprovement, engineer: User, tmp_path: Path
) -> None:
    killed_behind(("update-ref",), lambda: services.proposal_apply(proposal_id=proposal.pk, actor=engineer))
    assert not ProposalBranch.objects.exists()
    made = branches(tmp_path / "shop")
    branch = applied(proposal, engineer)
    assert branch.branch in made
    assert git(tmp_path / "shop", "rev-parse", branch.branch) == branch.head_sha
