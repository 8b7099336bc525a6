"""Snapshots, plans and dry runs of a real repository."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from apps.checks.types import CodeUnreadable
from apps.core.errors import NotFound
from apps.evolution import services
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot
from apps.evolution.types import InputInvalid, NothingToSuggest
from apps.governance.models import AuditEvent, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.selectors import job_get
from apps.jobs.services import JobCancelled
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.types import RepositoryUnavailable
from tests.evolution.conftest import ACYCLIC
from tests.git import git
from tests.project import newest

pytestmark = pytest.mark.django_db
CYCLE = ["shop.basket", "shop.prices", "shop.rates"]


def take(repository: Repository, actor: User) -> ArchitectureSnapshot:
    return services.snapshot_take(revision=newest(repository), actor=actor)


def test_a_snapshot_holds_graph_metrics_cycles_and_what_could_be_better(repository, engineer):
    snapshot = take(repository, engineer)
    assert snapshot.architecture_graph["modules"] == ["shop", "shop.basket", "shop.cli", "shop.prices", "shop.rates"]
    assert snapshot.pattern_analysis["cycles"] == [CYCLE]
    assert snapshot.pattern_analysis["layers"] == [["shop", *CYCLE], ["shop.cli"]]
    assert snapshot.complexity_metrics["cycles"] == 1
    assert snapshot.complexity_metrics["imports"] == 4
    assert snapshot.complexity_metrics["import_lines"] == 5
    [found] = snapshot.improvement_opportunities
    assert found["cut"] == [{"importer": "shop.rates", "imported": "shop.basket", "lines": [1]}]
    assert snapshot.source.revision.sha == head_sha(repository)
    assert AuditEvent.objects.filter(action="architecture.analyse", actor_id=str(engineer.pk)).count() == 1


def test_another_commit_gives_another_snapshot_and_the_same_one_none(repository, engineer, commit):
    first = take(repository, engineer)
    assert take(repository, engineer).pk == first.pk
    commit(ACYCLIC)
    second = take(repository, engineer)
    assert second.pk != first.pk
    assert second.complexity_metrics["cycles"] == 0
    assert second.improvement_opportunities == []
    assert ArchitectureSnapshot.objects.count() == 2


def test_an_earlier_commit_can_be_analysed_by_its_full_id(repository, engineer, commit):
    before = head_sha(repository)
    commit(ACYCLIC)
    job = services.analysis_start(repository=repository, requested_by=engineer, sha=before)
    assert Revision.objects.get(pk=job.subject_id).sha == before
    for sha in ("main", "--help", before[:12]):
        with pytest.raises(InputInvalid):
            services.analysis_start(repository=repository, requested_by=engineer, sha=sha)
    with pytest.raises(RepositoryUnavailable):
        services.analysis_start(repository=repository, requested_by=engineer, sha="f" * 40)


def test_code_that_cannot_be_read_leaves_no_row(repository, engineer, commit):
    commit({"shop/rates.py": "def (\n"})
    with pytest.raises(CodeUnreadable, match=r"shop/rates\.py does not parse"):
        take(repository, engineer)
    assert ArchitectureSnapshot.objects.count() == 0


def test_an_analysis_that_is_repeated_after_a_death_writes_its_row_once(repository, engineer):
    job = uuid4()
    rows = [services.snapshot_take(revision=newest(repository), actor=engineer, snapshot_id=job) for _ in range(2)]
    assert [row.pk for row in rows] == [job, job]
    ArchitectureSnapshot.objects.update(snapshot_date="2026-01-01")  # the repetition came after midnight
    services.snapshot_take(revision=newest(repository), actor=engineer, snapshot_id=job)
    assert ArchitectureSnapshot.objects.get().source.revision == newest(repository)
    assert AuditEvent.objects.filter(action="architecture.analyse").count() == 1


def test_an_analysis_that_was_stopped_writes_nothing(repository, engineer):
    def stop() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        services.snapshot_take(revision=newest(repository), actor=engineer, before_save=stop)
    assert ArchitectureSnapshot.objects.count() == 0


def test_asking_twice_for_the_same_analysis_gives_one_job_and_another_commit_another(repository, engineer, commit):
    first, second = (services.analysis_start(repository=repository, requested_by=engineer) for _ in range(2))
    assert first.pk == second.pk
    commit(ACYCLIC)
    assert services.analysis_start(repository=repository, requested_by=engineer).pk != first.pk


@pytest.mark.django_db(transaction=True)
def test_an_analysis_in_the_background_ends_with_its_figures(repository, engineer, auditor, stranger):
    job = services.analysis_start(repository=repository, requested_by=engineer)
    job_execute(job.pk)
    job.refresh_from_db()
    snapshot = ArchitectureSnapshot.objects.get()
    assert (job.state, snapshot.pk) == (Job.State.SUCCEEDED, job.pk)
    assert job.progress == {"stage": "analysed", "snapshot": f"snap_{snapshot.pk}", "modules": 5, "cycles": 1}
    assert job_get(job_id=job.pk, user=auditor) == job
    with pytest.raises(NotFound):
        job_get(job_id=job.pk, user=stranger)


@pytest.mark.django_db(transaction=True)
def test_an_analysis_of_code_that_cannot_be_read_fails_with_the_reason_and_a_remedy(repository, engineer, commit):
    commit({"shop/rates.py": "def (\n"})
    job = services.analysis_start(repository=repository, requested_by=engineer)
    job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "shop/rates.py does not parse" in job.error_message
    assert job.error_remedy


def test_a_plan_removes_every_cycle_with_the_fewest_lines(repository, engineer):
    plan = services.plan_suggest(snapshot=take(repository, engineer), actor=engineer)
    [step] = plan.migration_steps
    assert (step["importer"], step["imported"], step["lines"]) == ("shop.rates", "shop.basket", [1])
    assert set(step) >= {"goal", "migration_type", "risk", "rollback", "estimate_hours"}
    assert plan.target_architecture["cycles"] == 0
    assert plan.benefits["cycles_before"] == 1
    assert plan.benefits["modules_in_cycles_after"] == 0
    assert plan.estimated_effort_hours == step["estimate_hours"] == 2
    assert str(plan.risk_score) == "0.75"
    assert plan.status == "suggested"


def test_a_snapshot_has_one_plan_and_one_without_cycles_has_none(repository, engineer, commit):
    snapshot = take(repository, engineer)
    plan = services.plan_suggest(snapshot=snapshot, actor=engineer)
    assert services.plan_suggest(snapshot=snapshot, actor=engineer).pk == plan.pk
    commit(ACYCLIC)
    with pytest.raises(NothingToSuggest):
        services.plan_suggest(snapshot=take(repository, engineer), actor=engineer)
    assert ArchitectureEvolutionPlan.objects.count() == 1


def test_a_dry_run_says_where_each_import_is_and_changes_nothing(repository, architect):
    plan = services.plan_suggest(snapshot=take(repository, architect), actor=architect)
    before = head_sha(repository), git_state(repository)
    rehearsed = services.plan_dry_run(plan=plan, actor=architect)
    assert (head_sha(repository), git_state(repository)) == before
    assert rehearsed.status == "ready"
    run = rehearsed.benefits["dry_run"]
    assert (run["cycles_before"], run["cycles_after"], run["sha"]) == (1, 0, head_sha(repository))
    [step] = run["steps"]
    assert (step["exists"], step["path"], step["lines"]) == (True, "shop/rates.py", [1])


@pytest.mark.parametrize(
    ("change", "status", "cycles"),
    [
        (ACYCLIC, "done", (0, 0)),
        ({"shop/rates.py": "import shop.basket\nimport shop.cli\n"}, "stale", (1, 1)),
        ({"shop/rates.py": "import shop.cli\n"}, "stale", (1, 1)),
        ({"shop/rates.py": "\n\nimport shop.basket\n"}, "ready", (1, 0)),
    ],
)
def test_a_dry_run_is_held_against_todays_code(repository, architect, commit, change, status, cycles):
    plan = services.plan_suggest(snapshot=take(repository, architect), actor=architect)
    commit(change)
    rehearsed = services.plan_dry_run(plan=plan, actor=architect)
    run = rehearsed.benefits["dry_run"]
    assert (rehearsed.status, (run["cycles_before"], run["cycles_after"])) == (status, cycles)


def git_state(repository: Repository) -> tuple[str, str]:
    path = Path(repository.path)
    return git(path, "status", "--porcelain"), git(path, "for-each-ref")
