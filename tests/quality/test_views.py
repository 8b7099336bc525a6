"""The quality pages: honest when empty, true when not, closed to who has no role."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.clock import now
from apps.governance.models import AuditEvent, User
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    GeneratedTestSuite,
    MeasuredCode,
    QualityImprovement,
)
from apps.repositories.models import Repository, Revision
from tests.asked import jobs_asked

pytestmark = pytest.mark.django_db

TABS = ("coverage", "debt", "reviews", "tests", "proposals")
Get = Callable[..., HttpResponse]


def revision_at(repository: Repository, number: int) -> Revision:
    return Revision.objects.create(
        repository=repository, sha=f"{number:040x}", subject="Change", committed_at=now() - timedelta(days=100 - number)
    )


def coverage_at(repository: Repository, number: int, percent: float, **fields: Any) -> CoverageReport:
    file = {"path": f"shop/part_{number}.py", "statements": 10, "missing_lines": [3, 4, 5, 9], "branches": 4}
    return CoverageReport.objects.create(
        revision=revision_at(repository, number),
        line_percent=percent,
        branch_percent=50,
        files=[file | {"missing_branches": 2, "line_percent": 60.0}],
        tests_run=7,
        **fields,
    )


def debt_at(repository: Repository, number: int, *minutes: int) -> DebtAssessment:
    files = [
        {
            "path": f"shop/part_{index}.py",
            "code_lines": 10,
            "highest_complexity": 3,
            "minutes": amount,
            "minutes_by_kind": {"complexity": 0, "findings": amount, "docstrings": 0, "tests": 0},
            "touches": index,
            "ratio": amount / 300,
            "rating": "B",
        }
        for index, amount in enumerate(minutes)
    ]
    return DebtAssessment.objects.create(
        revision=revision_at(repository, number), files=files, remediation_minutes=sum(minutes)
    )


def review_of(revision: Revision, number: int, **fields: Any) -> AiCodeReview:
    code = MeasuredCode.objects.create(revision=revision, path=f"shop/part_{number}.py", digest=str(uuid4()))
    finding = {"tool": "ruff", "rule": "F401", "message": "unused", "path": code.path, "line": 1, "column": 1}
    return AiCodeReview.objects.create(
        code_artifact_id=code.pk,
        review_type="static",
        findings=[finding | {"severity": "low"}],
        severity_distribution={"low": 1, "medium": 0, "high": 0},
        quality_score="0.91",
        review_model="ruff 1",
        **fields,
    )


def suite_of(revision: Revision, number: int) -> GeneratedTestSuite:
    code = MeasuredCode.objects.create(revision=revision, path=f"shop/part_{number}.py", digest=str(uuid4()))
    case = {"test": "test_mean_never_crashes", "input": "prices=[]", "error": "ZeroDivisionError"}
    return GeneratedTestSuite.objects.create(
        target_code_id=code.pk,
        test_type="property",
        coverage_achieved="88.50",
        edge_cases_found=1,
        test_code="def test_mean_never_crashes():\n    pass\n",
        execution_results={"passed": 3, "failed": 1, "edge_cases": [case]},
        quality_metrics={"skipped": [{"name": "later", "reason": "It is asynchronous."}]},
    )


def proposal_of(revision: Revision, number: int) -> QualityImprovement:
    code = MeasuredCode.objects.create(revision=revision, path=f"shop/part_{number}.py", digest=str(uuid4()))
    fix = {"rule": "F401", "message": "unused", "line": 1}
    return QualityImprovement.objects.create(
        original_code_id=code.pk,
        improvement_type="safe_fixes",
        original_metrics={"issues": 2, "safe_fixes": 1},
        improved_metrics={"issues": 1, "safe_fixes": 0, "fixes": [fix], "patch": "-import os\n"},
        improvement_percentage="50.00",
    )


def test_without_a_readable_repository_the_page_says_so(
    client_of: Callable[[User], Client], stranger: User, repository: Repository
) -> None:
    answer = client_of(stranger).get("/quality")
    assert answer.status_code == 200
    assert "No repository to measure" in answer.content.decode()


def test_the_page_opens_the_first_readable_repository(
    client_of: Callable[[User], Client], engineer: User, repository: Repository
) -> None:
    assert client_of(engineer).get("/quality").headers["Location"] == "/repos/shop/quality/coverage"


@pytest.mark.parametrize("tab", TABS)
def test_nobody_without_a_role_learns_that_the_repository_exists(
    client_of: Callable[[User], Client], stranger: User, repository: Repository, tab: str
) -> None:
    client = client_of(stranger)
    assert client.get(f"/repos/shop/quality/{tab}").status_code == 404
    assert client.get(f"/repos/shop/quality/{tab}.csv").status_code == 404
    assert client.get(f"/repos/nowhere/quality/{tab}").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_who_is_not_signed_in_is_asked_to(repository: Repository, tab: str) -> None:
    assert Client().get(f"/repos/shop/quality/{tab}").status_code == 302


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("coverage", "No coverage was measured for main yet"),
        ("debt", "No debt was assessed for main yet"),
        ("reviews", "No code was reviewed yet"),
        ("tests", "No tests were generated yet"),
        ("proposals", "Nothing was proposed yet"),
    ],
)
def test_what_was_never_measured_is_not_zero(
    client_of: Callable[[User], Client], engineer: User, repository: Repository, tab: str, words: str
) -> None:
    page = client_of(engineer).get(f"/repos/shop/quality/{tab}").content.decode()
    assert words in page
    assert "0.0 %" not in page
    assert "data-chart" not in page


def test_coverage_shows_trend_sentence_twin_and_uncovered_lines(
    client_of: Callable[[User], Client], engineer: User, repository: Repository
) -> None:
    coverage_at(repository, 1, 70.0)
    coverage_at(repository, 2, 82.5, tests_failed=2)
    page = client_of(engineer).get("/repos/shop/quality/coverage").content.decode()
    assert "The tests run 82.5 % of the lines at 00000000, 12.5 points more than at the commit measured before" in page
    assert "data-chart-data" in page
    assert '<td class="num num--left">70.0 %</td>' in page
    assert "3–5, 9" in page
    assert "2 failed or could not start" in page


def test_debt_shows_treemap_with_the_ramp_and_the_largest_files(
    client_of: Callable[[User], Client], engineer: User, repository: Repository
) -> None:
    debt_at(repository, 1, *range(1, 31))
    client = client_of(engineer)
    page = client.get("/repos/shop/quality/debt").content.decode()
    assert '"type": "treemap"' in page or '"type":"treemap"' in page
    assert "var(--debt-" in page
    assert "Largest 20" in page
    assert "30 of 30 files owe something" in page
    weighted = client.get("/repos/shop/quality/debt?area=interest").content.decode()
    assert "minutes weighted by recent changes" in weighted


def test_reviews_and_suites_are_listed_and_open(
    client_of: Callable[[User], Client], engineer: User, revision: Revision
) -> None:
    review, suite = review_of(revision, 1), suite_of(revision, 2)
    client = client_of(engineer)
    assert "shop/part_1.py" in client.get("/repos/shop/quality/reviews").content.decode()
    assert "unused" in client.get(f"/repos/shop/quality/reviews/{review.pk}").content.decode()
    assert "shop/part_2.py" in client.get("/repos/shop/quality/tests").content.decode()
    page = client.get(f"/repos/shop/quality/tests/{suite.pk}").content.decode()
    assert "prices=[]" in page
    assert "It is asynchronous." in page
    assert client.get(f"/repos/shop/quality/reviews/{uuid4()}").status_code == 404
    assert client.get(f"/repos/shop/quality/tests/{uuid4()}").status_code == 404


@pytest.mark.parametrize("tab", ["coverage", "debt"])
def test_the_button_starts_a_job_and_the_page_shows_it(
    client_of: Callable[[User], Client], engineer: User, repository: Repository, tab: str
) -> None:
    client = client_of(engineer)
    assert client.post(f"/repos/shop/quality/{tab}/measure").headers["Location"] == f"/repos/shop/quality/{tab}"
    job = jobs_asked().get()
    assert (job.kind, job.requested_by) == (f"quality.{tab}", engineer)
    page = client.get(f"/repos/shop/quality/{tab}").content.decode()
    assert f'data-live-job="{job.pk}"' in page
    fragment = client.get(f"/repos/shop/quality/{tab}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert f'data-live-job="{job.pk}"' in fragment


def test_a_failed_measurement_shows_its_reason(
    client_of: Callable[[User], Client], engineer: User, repository: Repository
) -> None:
    client = client_of(engineer)
    client.post("/repos/shop/quality/coverage/measure")
    Job.objects.update(state=Job.State.FAILED, error="pytest found no test to run.", finished_at=now())
    assert "pytest found no test to run." in client.get("/repos/shop/quality/coverage").content.decode()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMMITTEE, Role.CHAIR, Role.ADMIN])
@pytest.mark.parametrize(
    "address", ["coverage/measure", "coverage/history", "debt/measure", "reviews/new", "tests/new", "proposals/new"]
)
def test_who_may_only_read_sees_no_button_and_is_refused_and_recorded(
    client_of: Callable[[User], Client], person: Callable[..., User], repository: Repository, role: Role, address: str
) -> None:
    client = client_of(person("reader", role))
    page = client.get(f"/repos/shop/quality/{address.split('/')[0]}").content.decode()
    assert "Measure coverage</span>" not in page
    assert "Write and run tests" not in page
    assert "Propose safe fixes" not in page
    assert client.post(f"/repos/shop/quality/{address}", {"path": "shop/prices.py"}).status_code == 403
    assert jobs_asked().count() == AiCodeReview.objects.count() == 0
    assert AuditEvent.objects.filter(outcome=AuditEvent.Outcome.DENIED).count() == 1


def test_a_stranger_cannot_measure_what_they_cannot_see(
    client_of: Callable[[User], Client], stranger: User, repository: Repository
) -> None:
    assert client_of(stranger).post("/repos/shop/quality/coverage/measure").status_code == 404
    assert jobs_asked().count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_file_is_reviewed_from_the_page_and_a_wrong_one_is_not(
    client_of: Callable[[User], Client], engineer: User, repository: Repository
) -> None:
    client = client_of(engineer)
    answer = client.post("/repos/shop/quality/reviews/new", {"path": "shop/prices.py"})
    assert answer.headers["Location"] == "/repos/shop/quality/reviews"
    job = jobs_asked().get()
    assert f'data-live-job="{job.pk}"' in client.get("/repos/shop/quality/reviews").content.decode()
    job_execute(job.pk)
    review = AiCodeReview.objects.get()
    assert {finding["rule"] for finding in review.findings} == {"F401"}
    assert f"/repos/shop/quality/reviews/{review.pk}" in client.get("/repos/shop/quality/reviews").content.decode()
    client.post("/repos/shop/quality/reviews/new", {"path": "../../etc/passwd"})
    assert jobs_asked().count() == 1


def test_a_suite_is_asked_for_from_the_page(
    client_of: Callable[[User], Client], engineer: User, repository: Repository
) -> None:
    client = client_of(engineer)
    assert client.post("/repos/shop/quality/tests/new", {"path": "shop/prices.py"}).status_code == 302
    job = jobs_asked().get()
    assert job.kind == "quality.suite"
    assert f'data-live-job="{job.pk}"' in client.get("/repos/shop/quality/tests").content.decode()


def test_a_file_that_nothing_can_be_done_with_is_said_so_on_its_tab(
    client_of: Callable[[User], Client], engineer: User, repository: Repository, commit: Callable[..., str]
) -> None:
    commit({"shop/broken.py": "def half(:\n", "shop/empty.py": "x = 1\n"})
    client = client_of(engineer)
    for path, tab, words in (
        ("shop/broken.py", "proposals", "does not parse"),
        ("shop/broken.py", "tests", "does not parse"),
        ("shop/empty.py", "tests", "No test can be written"),
        ("../../etc/passwd", "proposals", "Choose one of the files."),
    ):
        answer = client.post(f"/repos/shop/quality/{tab}/new", {"path": path}, follow=True)
        assert answer.redirect_chain[-1][0] == f"/repos/shop/quality/{tab}"
        assert words in answer.content.decode()
    assert jobs_asked().count() == QualityImprovement.objects.count() == 0


def test_a_repository_that_is_gone_is_an_error_state_and_not_a_crash(
    client_of: Callable[[User], Client], engineer: User, repository: Repository
) -> None:
    Repository.objects.update(path="/nowhere/at/all")
    client = client_of(engineer)
    for tab in TABS:
        assert client.get(f"/repos/shop/quality/{tab}").status_code == 200
    for tab in ("reviews", "tests", "proposals"):
        assert "What to do" in client.get(f"/repos/shop/quality/{tab}").content.decode()


def test_tables_are_exported_and_no_cell_is_a_formula(
    client_of: Callable[[User], Client], engineer: User, repository: Repository, revision: Revision
) -> None:
    coverage_at(repository, 1, 70.0)
    debt_at(repository, 2, 10, 20)
    suite_of(revision, 3)
    proposal_of(revision, 5)
    review = review_of(revision, 4)
    review.findings[0]["message"] = "=cmd|' /C calc'!A0"
    review.save(update_fields=["findings"])
    client = client_of(engineer)
    tables = {}
    for tab in TABS:
        answer = client.get(f"/repos/shop/quality/{tab}.csv")
        assert answer.headers["Content-Type"].startswith("text/csv")
        tables[tab] = list(csv.reader(io.StringIO(answer.content.decode())))
    assert [len(rows) for rows in tables.values()] == [2, 3, 2, 2, 2]
    assert tables["coverage"][1][-1] == "3–5, 9"
    assert tables["reviews"][1][-1] == "'=cmd|' /C calc'!A0"
    assert client.get("/repos/shop/quality/nothing.csv").status_code == 404


@pytest.mark.parametrize("tab", TABS)
def test_a_page_asks_the_database_as_often_for_one_row_as_for_twenty(
    client_of: Callable[[User], Client], engineer: User, repository: Repository, revision: Revision, tab: str
) -> None:
    client = client_of(engineer)

    def add(numbers: range) -> None:
        for number in numbers:
            if tab == "coverage":
                coverage_at(repository, number, 70.0)
            elif tab == "debt":
                debt_at(repository, number, *range(number))
            elif tab == "reviews":
                review_of(revision, number)
            elif tab == "tests":
                suite_of(revision, number)
            else:
                proposal_of(revision, number)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(f"/repos/shop/quality/{tab}").status_code == 200
        return len(captured)

    add(range(1, 2))
    queries()
    few = queries()
    add(range(2, 22))
    assert queries() == few
    assert few <= 15


def test_the_admin_site_shows_every_model_and_changes_none(
    client_of: Callable[[User], Client], repository: Repository, revision: Revision
) -> None:
    coverage_at(repository, 1, 70.0)
    review = review_of(revision, 1)
    client = client_of(User.objects.create_superuser("root", password="correct horse battery staple"))
    for model in apps.get_app_config("quality").get_models():
        assert client.get(f"/admin/quality/{model._meta.model_name}/?q=shop").status_code == 200
        assert client.get(f"/admin/quality/{model._meta.model_name}/add/").status_code == 403
    assert client.get(f"/admin/quality/aicodereview/{review.pk}/change/").status_code == 200
    assert client.post(f"/admin/quality/aicodereview/{review.pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/quality/aicodereview/{review.pk}/delete/", {"post": "yes"}).status_code == 403
