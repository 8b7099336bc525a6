"""The origin of lines of a real history: followed by a job, kept for each revision, honest about rewritten branches."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.repositories.engine.lineage import lines_of
from apps.repositories.models import Lineage, LineBirth, LineEnd, LineSpans, Repository, Revision
from apps.repositories.services import Delivery, deliveries, patch_lines, revision_lineage, revision_record
from tests.git import commit as commit_files
from tests.git import git

pytestmark = pytest.mark.django_db

REQUEST = UUID("11111111-1111-1111-1111-111111111111")
WRITTEN = "def vat(amount: int) -> int:\n    return amount * 19 // 100\n\n\nVAT_OF_BOOKS = 7\n"


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Delivery]:
    """What the platform's rows say was delivered, by commit."""
    rows: dict[str, Delivery] = {}
    monkeypatch.setattr(deliveries, "_sources", [lambda _repository: rows])
    return rows


def commit(code: Path, repository: Repository, files: dict[str, str], message: str = "Change") -> Revision:
    return revision_record(repository=repository, sha=commit_files(code, files, message))


def deliver(code: Path, repository: Repository, delivered: dict[str, Delivery], text: str = WRITTEN) -> Revision:
    base = git(code, "rev-parse", "HEAD")
    git(code, "checkout", "--quiet", "-b", "nofx/x")
    commit(code, repository, {"shop/vat.py": text})
    patch = git(code, "diff", base, "HEAD") + "\n"
    git(code, "checkout", "--quiet", "main")
    git(code, "merge", "--quiet", "--no-ff", "-m", "Merge nofx/x", "nofx/x")
    merge = git(code, "rev-parse", "HEAD")
    delivered[merge] = Delivery(str(REQUEST), patch_lines(patch))
    return revision_record(repository=repository, sha=merge)


def counts(lineage: Lineage | None) -> tuple[int, int, int]:
    assert lineage is not None
    return lineage.ai_lines, lineage.mixed_lines, lineage.human_lines


@pytest.mark.django_db(transaction=True)
def test_a_new_revision_is_followed_by_a_job(code, repository):
    revision = revision_record(repository=repository, sha=git(code, "rev-parse", "main"))
    job = Job.objects.get(kind="repositories.lineage", subject_id=revision.pk)
    job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED
    assert counts(Lineage.objects.get(revision=revision)) == (0, 0, 14)
    assert job_execute(job.pk) and Lineage.objects.count() == 1


def test_what_was_delivered_is_the_candidates_and_an_edit_in_it_is_mixed(code, repository, delivered):
    merge = deliver(code, repository, delivered)
    assert counts(revision_lineage(revision=merge)) == (3, 0, 14)
    birth = LineBirth.objects.get(origin="ai")
    assert (birth.sha, birth.request_id, birth.lines) == (merge.sha, REQUEST, 3)
    edited = commit(code, repository, {"shop/vat.py": WRITTEN.replace("19", "21")})
    assert counts(revision_lineage(revision=edited)) == (2, 1, 14)
    end = LineEnd.objects.get(birth=birth)
    assert (end.path, end.lines, end.is_change) == ("shop/vat.py", 1, True)


def test_a_trailer_makes_nothing_generated(code, repository, delivered):
    forged = commit(code, repository, {"shop/vat.py": WRITTEN}, f"Merge nofx/{REQUEST}\n\nNOFX-Request: req_{REQUEST}")
    assert counts(revision_lineage(revision=forged)) == (0, 0, 17)


def test_it_goes_on_from_what_is_known_and_says_the_same_as_from_the_start(code, repository, delivered):
    first = deliver(code, repository, delivered)
    revision_lineage(revision=first)
    moved = commit(code, repository, {"shop/tax.py": WRITTEN, "shop/vat.py": ""})
    step_by_step = revision_lineage(revision=moved)
    rows = list(LineBirth.objects.order_by("number").values_list("number", "sha", "origin", "lines"))
    for model in (Lineage, LineEnd, LineBirth, LineSpans):
        model.objects.all().delete()
    at_once = revision_lineage(revision=moved)
    assert step_by_step is not None and at_once is not None
    assert at_once.files == step_by_step.files
    assert list(LineBirth.objects.order_by("number").values_list("number", "sha", "origin", "lines")) == rows
    assert counts(at_once) == (3, 0, 14)


def test_files_that_did_not_change_share_their_spans(code, repository, delivered):
    revision_lineage(revision=deliver(code, repository, delivered))
    before = set(LineSpans.objects.values_list("digest", flat=True))
    later = revision_lineage(revision=commit(code, repository, {"new.txt": "a line\n"}))
    assert len(set(LineSpans.objects.values_list("digest", flat=True)) - before) == 1
    assert sum(len(lines_of(one.spans)) for one in LineSpans.objects.filter(digest=later.files["new.txt"])) == 1


def test_a_rewritten_branch_takes_back_what_its_lost_commits_began(code, repository, delivered):
    revision_lineage(revision=revision_record(repository=repository, sha=git(code, "rev-parse", "main")))
    start = git(code, "rev-parse", "HEAD")
    lost = commit(code, repository, {"lost.txt": "one\ntwo\n"})
    revision_lineage(revision=lost)
    git(code, "reset", "--quiet", "--hard", start)
    kept = commit(code, repository, {"kept.txt": "one\n"})
    assert counts(revision_lineage(revision=kept)) == (0, 0, 15)
    assert not LineBirth.objects.filter(sha=lost.sha).exists()
    assert revision_lineage(revision=lost) is None


def test_a_delivery_that_is_recorded_after_its_merge_was_followed_is_followed_again(code, repository, delivered):
    merge = deliver(code, repository, delivered)
    kept = delivered.pop(merge.sha)
    assert counts(revision_lineage(revision=merge)) == (0, 0, 17)
    delivered[merge.sha] = kept
    later = commit(code, repository, {"new.txt": "a line\n"})
    assert counts(revision_lineage(revision=later)) == (3, 0, 15)


def test_a_commit_of_another_branch_has_no_lineage(code, repository):
    git(code, "checkout", "--quiet", "-b", "elsewhere")
    assert revision_lineage(revision=commit(code, repository, {"x.txt": "x\n"})) is None


def test_the_curve_tells_lines_of_candidates_from_peoples_in_the_same_files(code, repository, delivered):
    revision_lineage(revision=deliver(code, repository, delivered))
    lineage = revision_lineage(revision=commit(code, repository, {"shop/vat.py": WRITTEN + "TOLL = 1\n"}))
    assert lineage is not None
    assert (lineage.survival["ai"]["lines"], lineage.survival["ai"]["ended"]) == (3, 0)
    assert lineage.survival["human_same_files"]["lines"] == 1
    assert lineage.survival["human"]["lines"] == 15
