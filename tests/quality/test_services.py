"""What each measurement stores: different code, different rows; the same job, the same row."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest

from apps.checks.types import MeasurementFailed, Unparsable
from apps.core.errors import NotFound
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.types import JobCancelled
from apps.quality import services
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    GeneratedTestSuite,
    MeasuredCode,
    QualityImprovement,
)
from apps.quality.selectors import improvements_readable, reviews_readable, suites_readable
from apps.quality.types import COVERAGE_JOB, DEBT_JOB, Code, InputInvalid, NothingToMeasure
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record

pytestmark = pytest.mark.django_db

CLEAN = 'def double(number: int) -> int:\n    """Return twice the number."""\n    return number * 2\n'
INSECURE = (
    "import os\nimport subprocess\n\n\ndef run(text: str) -> int:\n    return subprocess.call(text, shell=True)\n"
)
MEAN = "def mean(prices: list[float]) -> float:\n    return sum(prices) / len(prices)\n"


def test_reviews_of_two_texts_differ_in_findings_score_and_fixes(engineer: User) -> None:
    clean = services.review_create(code=Code(CLEAN, "double.py"), requested_by=engineer)
    insecure = services.review_create(code=Code(INSECURE, "run.py"), requested_by=engineer)
    assert (clean.findings, clean.quality_score, clean.automated_fixes) == ([], Decimal("1.00"), [])
    assert {finding["rule"] for finding in insecure.findings} >= {"F401", "B602"}
    assert insecure.severity_distribution is not None
    assert insecure.severity_distribution["high"] == 1
    assert insecure.quality_score is not None
    assert Decimal(0) < insecure.quality_score < Decimal("0.6")
    assert insecure.automated_fixes is not None
    assert {fix["rule"] for fix in insecure.automated_fixes} == {"F401"}
    assert clean.review_model.startswith("ruff ")
    assert clean.created_at is not None


def test_a_text_that_does_not_parse_has_a_review_without_a_score(engineer: User) -> None:
    review = services.review_create(code=Code("def half(:\n", "half.py"), requested_by=engineer)
    assert review.quality_score is None
    assert {"invalid-syntax", "not-checked"} <= {finding["rule"] for finding in review.findings}


def test_a_review_of_a_text_is_for_its_sender_and_that_of_a_file_for_the_repository_readers(
    engineer: User, auditor: User, stranger: User, revision: Revision
) -> None:
    mine = services.review_create(code=Code(CLEAN, "double.py"), requested_by=engineer)
    shared = services.review_create(code=Code(CLEAN, "shop/double.py", revision), requested_by=engineer)
    assert set(reviews_readable(engineer)) == {mine, shared}
    assert set(reviews_readable(auditor)) == {shared}
    assert set(reviews_readable(stranger)) == set()


def test_the_same_file_of_the_same_commit_is_known_once(engineer: User, revision: Revision) -> None:
    code = Code(CLEAN, "shop/double.py", revision)
    first = services.review_create(code=code, requested_by=engineer)
    second = services.review_create(code=code, requested_by=engineer)
    assert first.pk != second.pk
    assert first.code_artifact_id == second.code_artifact_id
    assert MeasuredCode.objects.count() == 1


@pytest.mark.parametrize("text", ["x = 1\0\n", "x = '\ud800'\n"])
def test_text_that_no_file_can_hold_is_refused(engineer: User, text: str) -> None:
    with pytest.raises(InputInvalid):
        services.review_create(code=Code(text, "a.py"), requested_by=engineer)
    assert AiCodeReview.objects.count() == 0


def test_generated_tests_are_run_and_find_the_empty_list(engineer: User, stranger: User) -> None:
    mean = services.test_suite_generate(code=Code(MEAN, "prices.py"), requested_by=engineer)
    double = services.test_suite_generate(code=Code(CLEAN, "double.py"), requested_by=engineer)
    assert (mean.edge_cases_found, mean.coverage_achieved) == (1, Decimal("100.00"))
    assert mean.execution_results is not None
    [case] = mean.execution_results["edge_cases"]
    assert (case["input"], case["error"]) == ("prices=[]", "ZeroDivisionError: division by zero")
    assert (double.edge_cases_found, double.test_type) == (0, "property")
    assert double.execution_results is not None
    assert (double.execution_results["passed"], double.execution_results["failed"]) == (2, 0)
    assert "test_mean_never_crashes" in mean.test_code
    assert set(suites_readable(engineer)) == {mean, double}
    assert set(suites_readable(stranger)) == set()


def test_tests_of_a_repository_file_import_it_by_its_package(engineer: User, revision: Revision) -> None:
    code = services.code_load(repository=revision.repository, path="shop/prices.py")
    suite = services.test_suite_generate(code=code, requested_by=engineer)
    assert "from shop.prices import discount, mean" in suite.test_code
    assert suite.coverage_achieved == Decimal("100.00")


def test_code_without_annotations_has_no_suite_and_the_reason_is_given(engineer: User) -> None:
    with pytest.raises(NothingToMeasure, match="parameter x has no annotation"):
        services.test_suite_generate(code=Code("def f(x):\n    return x\n", "f.py"), requested_by=engineer)
    assert GeneratedTestSuite.objects.count() == 0


@pytest.mark.parametrize("path", ["../f.py", "/etc/f.py", "f.txt", "a-b.py", ""])
def test_a_path_that_no_module_has_is_refused(engineer: User, path: str) -> None:
    with pytest.raises(InputInvalid):
        services.test_suite_generate(code=Code(CLEAN, path), requested_by=engineer)


def test_coverage_of_a_commit_is_stored_and_another_commit_has_another(
    repository: Repository, revision: Revision, commit: Callable[..., str]
) -> None:
    before = services.coverage_analyse(revision=revision)
    more = "from shop.prices import discount\n\n\ndef test_discount() -> None:\n    assert discount(10, 50) == 5\n"
    sha = commit({"tests/test_discount.py": more})
    after = services.coverage_analyse(revision=revision_record(repository=repository, sha=sha))
    assert (before.tests_run, before.tests_failed, after.tests_run) == (1, 0, 2)
    assert before.line_percent < after.line_percent < 100
    prices = next(file for file in before.files if file["path"] == "shop/prices.py")
    assert prices["missing_lines"] == [12, 13, 14]
    reviews = AiCodeReview.objects.filter(review_type="coverage")
    assert sorted(len(review.findings) for review in reviews) == [1, 1]
    assert {review.findings[0]["message"] for review in reviews} == {
        "Lines 12 to 14 are run by no test.",
        "Line 13 is run by no test.",
    }


def test_a_commit_without_tests_has_no_coverage_rather_than_none_of_it(
    repository: Repository, commit: Callable[..., str]
) -> None:
    revision = revision_record(repository=repository, sha=commit({"tests/test_prices.py": None}))
    with pytest.raises(MeasurementFailed, match="no test"):
        services.coverage_analyse(revision=revision)
    assert CoverageReport.objects.count() == 0


def test_tests_that_cannot_start_have_no_coverage_either(repository: Repository, commit: Callable[..., str]) -> None:
    sha = commit({"tests/test_prices.py": "import a_library_that_is_not_there\n"})
    with pytest.raises(MeasurementFailed, match=r"None of the tests could start: .*a_library_that_is_not_there"):
        services.coverage_analyse(revision=revision_record(repository=repository, sha=sha))


def test_debt_names_what_a_file_owes_and_repayment_lowers_it(
    repository: Repository, revision: Revision, commit: Callable[..., str]
) -> None:
    before = services.debt_assess(revision=revision)
    prices = next(file for file in before.files if file["path"] == "shop/prices.py")
    assert prices["minutes_by_kind"] == {"complexity": 0, "findings": 2, "docstrings": 5, "tests": 10}
    assert prices["touches"] == 1
    sha = commit({"shop/prices.py": str(MEAN)})
    after = services.debt_assess(revision=revision_record(repository=repository, sha=sha))
    assert (before.remediation_minutes, after.remediation_minutes) == (17, 10)
    proposals = QualityImprovement.objects.filter(improvement_type="debt_repayment")
    assert {proposal.original_metrics["remediation_minutes"] for proposal in proposals} == {10, 17}
    assert all(proposal.applied_at is None for proposal in proposals)


def test_debt_of_a_commit_with_a_broken_file_counts_the_broken_file(
    repository: Repository, commit: Callable[..., str]
) -> None:
    sha = commit({"shop/broken.py": "def half(:\n"})
    assessment = services.debt_assess(revision=revision_record(repository=repository, sha=sha))
    broken = next(file for file in assessment.files if file["path"] == "shop/broken.py")
    assert broken["minutes_by_kind"]["findings"] >= 30


def test_safe_fixes_are_proposed_with_figures_and_not_applied(engineer: User, stranger: User) -> None:
    some = services.optimise_suggest(
        code=Code("import os\nimport sys\n\nprint(sys.path)\n", "a.py"), requested_by=engineer
    )
    none = services.optimise_suggest(code=Code(CLEAN, "b.py"), requested_by=engineer)
    assert some.original_metrics is not None and some.improved_metrics is not None
    assert (some.original_metrics["issues"], some.improved_metrics["issues"]) == (1, 0)
    assert some.improvement_percentage == Decimal("100.00")
    assert "-import os\n" in some.improved_metrics["patch"]
    assert (none.improvement_percentage, none.applied_at, some.applied_at) == (Decimal(0), None, None)
    assert none.improved_metrics is not None
    assert none.improved_metrics["patch"] == ""
    assert set(improvements_readable(engineer)) == {some, none}
    assert set(improvements_readable(stranger)) == set()


def test_code_that_is_not_python_has_no_proposal(engineer: User) -> None:
    with pytest.raises(Unparsable):
        services.optimise_suggest(code=Code("def half(:\n", "a.py"), requested_by=engineer)


def test_a_measurement_that_is_repeated_after_a_death_writes_its_rows_once(revision: Revision) -> None:
    job = uuid4()
    for _ in range(2):
        services.coverage_analyse(revision=revision, review_id=job)
        services.debt_assess(revision=revision, proposal_id=job)
    assert (CoverageReport.objects.count(), AiCodeReview.objects.count()) == (1, 1)
    assert (DebtAssessment.objects.count(), QualityImprovement.objects.count()) == (1, 1)


def test_a_measurement_that_was_stopped_writes_nothing(revision: Revision) -> None:
    def stop() -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        services.debt_assess(revision=revision, before_save=stop)
    assert DebtAssessment.objects.count() == 0


@pytest.mark.parametrize("kind", [COVERAGE_JOB, DEBT_JOB])
def test_asking_twice_for_the_same_measurement_gives_one_job(repository: Repository, engineer: User, kind: str) -> None:
    first = services.measurement_start(repository=repository, kind=kind, requested_by=engineer)
    second = services.measurement_start(repository=repository, kind=kind, requested_by=engineer)
    assert first.pk == second.pk


def test_the_history_is_measured_where_it_was_not(
    repository: Repository, engineer: User, commit: Callable[..., str]
) -> None:
    services.coverage_analyse(revision=revision_record(repository=repository, sha=head_sha(repository)))
    second, third = commit({"a.py": "A = 1\n"}), commit({"b.py": "B = 1\n"})
    jobs = services.history_measure(repository=repository, requested_by=engineer)
    shas = [Revision.objects.get(pk=job.subject_id).sha for job in jobs]
    assert shas == [second, third]
    again = services.history_measure(repository=repository, requested_by=engineer)
    assert [job.pk for job in again] == [job.pk for job in jobs]


@pytest.mark.parametrize("sha", ["HEAD", "--upload-pack=x", "main", "f" * 39])
def test_a_commit_is_named_by_its_full_id_only(repository: Repository, engineer: User, sha: str) -> None:
    with pytest.raises(InputInvalid):
        services.measurement_start(repository=repository, kind=DEBT_JOB, requested_by=engineer, sha=sha)


def test_a_file_that_is_not_in_the_commit_is_not_found(repository: Repository) -> None:
    with pytest.raises(NotFound):
        services.code_load(repository=repository, path="shop/nowhere.py")
    assert services.code_load(repository=repository, path="shop/prices.py").revision is not None
    assert head_sha(repository) == Revision.objects.get().sha


@pytest.mark.django_db(transaction=True)
def test_jobs_measure_in_the_background_and_end_with_their_figures(repository: Repository, engineer: User) -> None:
    coverage = services.measurement_start(repository=repository, kind=COVERAGE_JOB, requested_by=engineer)
    debt = services.measurement_start(repository=repository, kind=DEBT_JOB, requested_by=engineer)
    code = services.code_load(repository=repository, path="shop/prices.py")
    suite = services.suite_start(code=code, requested_by=engineer)
    for job in (coverage, debt, suite):
        job_execute(job.pk)
    asked = Job.objects.filter(pk__in=[coverage.pk, debt.pk, suite.pk])
    assert set(asked.values_list("state", flat=True)) == {Job.State.SUCCEEDED}
    assert CoverageReport.objects.get().tests_run == 1
    assert DebtAssessment.objects.get().remediation_minutes == 17
    assert GeneratedTestSuite.objects.get().pk == suite.pk
    assert GeneratedTestSuite.objects.get().edge_cases_found == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_that_cannot_measure_fails_with_the_reason(
    repository: Repository, engineer: User, commit: Callable[..., str]
) -> None:
    commit({"tests/test_prices.py": None})
    job = services.measurement_start(repository=repository, kind=COVERAGE_JOB, requested_by=engineer)
    job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "pytest found no test to run" in job.error
