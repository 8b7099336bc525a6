"""API pages of a real repository, and whether they still hold."""

from __future__ import annotations

import pytest

from apps.core.errors import NotFound
from apps.docs import services
from apps.docs.models import DocumentationArtifact
from apps.docs.types import InputInvalid, NothingToDocument
from apps.governance.models import AuditEvent
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.selectors import job_get
from apps.jobs.services import JobCancelled
from apps.repositories.selectors import head_sha
from tests.docs.conftest import PRICES
from tests.project import newest

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(repository, engineer):
    return services.documentation_generate(revision=newest(repository), actor=engineer)


def test_a_page_describes_the_public_symbols_of_the_commit(page, repository, engineer):
    assert (page.artifact_type, page.format, page.target_code_version) == ("api", "markdown", head_sha(repository))
    assert str(page.quality_score) == "0.50"
    assert "### `mean`" in page.generated_content
    assert "_hidden" not in page.generated_content
    assert "test_nothing" not in page.generated_content
    assert "| `discount` | `shop.prices` | 12 |" in page.generated_content
    assert page.last_updated is not None
    assert page.source.validation is None
    assert AuditEvent.objects.filter(action="docs.generate", actor_id=str(engineer.pk)).count() == 1


def test_a_commit_has_one_page_and_another_commit_another(page, repository, engineer, commit):
    again = services.documentation_generate(revision=newest(repository), actor=engineer)
    assert again.pk == page.pk
    commit({"shop/prices.py": PRICES.replace("percent: int) -> int:", "percent: int) -> int:\n    '''Cut.'''")})
    other = services.documentation_generate(revision=newest(repository), actor=engineer)
    assert other.pk != page.pk
    assert str(other.quality_score) == "1.00"
    assert other.generated_content != page.generated_content
    old = services.documentation_generate(revision=page.source.revision, actor=engineer)
    assert old.pk == page.pk
    assert DocumentationArtifact.objects.count() == 2


def test_code_that_offers_nothing_has_no_page(repository, engineer, commit):
    commit({"shop/prices.py": "_RATE = 2\n"})
    with pytest.raises(NothingToDocument):
        services.documentation_generate(revision=newest(repository), actor=engineer)
    with pytest.raises(InputInvalid):
        services.generation_start(repository=repository, requested_by=engineer, sha="main")
    assert DocumentationArtifact.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "state", "counts"),
    [
        (None, "in_sync", (2, 0, 0)),
        ({"README.md": "New"}, "in_sync", (2, 0, 0)),
        ({"shop/prices.py": PRICES.replace("percent: int", "share: int")}, "stale", (1, 1, 0)),
        ({"shop/prices.py": PRICES.replace("Return the mean.", "Return an average.")}, "stale", (1, 1, 0)),
        ({"shop/prices.py": PRICES.replace("def discount", "def rebate")}, "broken", (1, 0, 1)),
        ({"shop/more.py": "def extra() -> None: ...\n"}, "stale", (2, 0, 0)),
    ],
)
def test_a_page_is_held_against_todays_code(page, engineer, commit, change, state, counts):
    if change:
        commit(change)
    checked = services.documentation_validate(artifact=page, actor=engineer)
    validation = checked.source.validation
    assert validation["state"] == state
    assert (validation["in_sync"], validation["stale"], validation["broken"]) == counts
    assert checked.source.validated_at is not None


def test_docstrings_that_contradict_signatures_are_found(page, engineer, commit):
    before = services.documentation_validate(artifact=page, actor=engineer).source.validation
    assert before["docstring_style"] == "sphinx"
    assert before["finding_count"] == 0
    commit({"shop/prices.py": PRICES.replace(":param prices:", ":param values:")})
    after = services.documentation_validate(artifact=page, actor=engineer).source.validation
    assert [finding["rule"] for finding in after["findings"]] == ["DOC103"]
    assert after["findings"][0]["path"] == "shop/prices.py"


def test_what_was_stopped_writes_nothing(repository, engineer, page, commit):
    def stop() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        services.documentation_validate(artifact=page, actor=engineer, before_save=stop)
    page.source.refresh_from_db()
    assert page.source.validation is None
    commit({"shop/more.py": "def extra() -> None: ...\n"})
    with pytest.raises(JobCancelled):
        services.documentation_generate(revision=newest(repository), actor=engineer, before_save=stop)
    assert DocumentationArtifact.objects.count() == 1


def test_asking_twice_gives_one_job(repository, engineer, page):
    written = {services.generation_start(repository=repository, requested_by=engineer).pk for _ in range(2)}
    checked = {services.validation_start(artifact=page, requested_by=engineer).pk for _ in range(2)}
    assert len(written) == len(checked) == 1
    assert written != checked


@pytest.mark.django_db(transaction=True)
def test_pages_are_written_and_checked_in_the_background(repository, engineer, auditor, stranger):
    written = services.generation_start(repository=repository, requested_by=engineer)
    job_execute(written.pk)
    page = DocumentationArtifact.objects.get()
    checked = services.validation_start(artifact=page, requested_by=engineer)
    job_execute(checked.pk)
    for job, stage in ((written, "written"), (checked, "checked")):
        job.refresh_from_db()
        assert (job.state, job.progress["stage"]) == (Job.State.SUCCEEDED, stage)
        assert job.progress["page"] == f"page_{page.pk}"
        assert job_get(job_id=job.pk, user=auditor) == job
        with pytest.raises(NotFound):
            job_get(job_id=job.pk, user=stranger)
    assert checked.progress["state"] == "in_sync"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_a_dead_worker_left_is_done_again_and_leaves_one_page(repository, engineer):
    job = services.generation_start(repository=repository, requested_by=engineer)
    for _ in range(2):
        job_execute(job.pk)
        Job.objects.update(state=Job.State.QUEUED, finished_at=None)
    assert DocumentationArtifact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_page_that_cannot_be_written_fails_with_the_reason_and_a_remedy(repository, engineer, commit):
    commit({"shop/prices.py": "_RATE = 2\n"})
    job = services.generation_start(repository=repository, requested_by=engineer)
    job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "has no public Python function or class" in job.error_message
    assert job.error_remedy
