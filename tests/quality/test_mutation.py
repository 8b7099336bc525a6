"""Tests are tried on changed programs in the sandbox, and what they noticed is kept and read by the measure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.utils import InternalError, ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.checks.services import is_test_path
from apps.checks.types import MeasurementFailed
from apps.core.clock import now
from apps.governance.measures import Reading, Window, measure_find
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.quality.models import MeasuredCode, MutationRun
from apps.quality.selectors import python_paths
from apps.quality.services import code_load, mutation_measure
from apps.quality.types import MUTATION_JOB, Code, NothingToMeasure
from apps.repositories.models import Repository, Revision
from tests.asked import jobs_asked

pytestmark = pytest.mark.django_db

DISCOUNT = "def left(price: int, percent: int) -> int:\n    return price * (100 - percent) // 100\n"
WEAK = "from left import left\n\n\ndef test_it_runs():\n    assert left(100, 0) is not None\n"
GOOD = "from left import left\n\n\ndef test_it_is_right():\n    assert left(250, 10) == 225 and left(99, 50) == 49\n"
ENDLESS = (
    "def count(n: int) -> int:\n    seen = 0\n    while n > 0:\n        n -= 1\n        seen += 1\n    return seen\n"
)
COUNTED = "from left import count\n\n\ndef test_it_counts():\n    assert count(3) == 3\n"


def tried(tests: str, source: str = DISCOUNT, **options: object) -> MutationRun:
    user, _ = User.objects.get_or_create(username="asks")
    return mutation_measure(
        code=Code(source, "left.py"),
        requested_by=user,
        changed={"test_left.py": tests},
        tests=["test_left.py"],
        **{"budget_s": 60.0, "most": 20, **options},  # type: ignore[arg-type]
    )


@pytest.mark.slow
def test_tests_that_look_at_the_result_notice_more_than_tests_that_only_run() -> None:
    weak, good = tried(WEAK), tried(GOOD)
    assert weak.counted == good.counted == 8
    assert (weak.noticed, good.noticed) == (1, 8)
    assert {one["after"] for one in good.survivors} == set()
    assert weak.survivors[0]["diff"].startswith("@@ -1,2 +1,2 @@\n def left")
    assert (good.tests, good.untried, good.is_sample) == (1, 0, False)


@pytest.mark.slow
def test_a_change_that_makes_the_tests_endless_is_noticed() -> None:
    run = tried(COUNTED, ENDLESS, lines={4})
    assert run.timed_out >= 1
    assert run.noticed == run.killed + run.timed_out


def test_what_is_not_drawn_is_counted_as_untried() -> None:
    run = tried(GOOD, most=3)
    assert (run.counted, run.untried, run.is_sample) == (3, 5, True)


def test_a_changed_program_that_breaks_what_the_others_need_is_not_believed() -> None:
    spoiling = (
        "import pathlib\nfrom left import left\n\n\ndef test_it():\n    if left(100, 10) != 90:\n"
        "        pathlib.Path(__file__).write_text('def test_it():\\n    assert 0\\n')\n"
        "    assert left(100, 10) == 90\n"
    )
    with pytest.raises(MeasurementFailed, match="no longer pass on the file as it is"):
        tried(spoiling, most=2)


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ("def test_no():\n    assert False\n", "The tests fail without any change: test_left.py::test_no"),
        ("from nowhere import nothing\n", "The tests fail without any change"),
        ("VALUE = 1\n", "pytest found no test to run"),
        ("import os\n\n\ndef test_end():\n    os.kill(os.getppid(), 15)\n", "ended before they could report"),
    ],
)
def test_tests_that_cannot_judge_are_refused_with_what_is_wrong(tests: str, words: str) -> None:
    with pytest.raises(MeasurementFailed, match=words):
        tried(tests)
    assert not MutationRun.objects.exists()


def test_a_change_of_what_judges_tests_is_refused() -> None:
    with pytest.raises(MeasurementFailed, match=r"conftest\.py, which decides how tests are judged"):
        mutation_measure(
            code=Code(DISCOUNT, "left.py"), requested_by=None, changed={"conftest.py": ""}, tests=["test_left.py"]
        )


def test_a_text_in_which_nothing_can_be_changed_is_refused() -> None:
    with pytest.raises(NothingToMeasure, match=r"functions of left\.py"):
        tried(GOOD, "LIMIT = 3\n")


def reading(repository: Repository) -> Reading:
    measure = measure_find("quality.mutation_score")
    assert measure is not None
    return measure.read([repository.scope_id], Window(now() - timedelta(days=28), now() + timedelta(minutes=1)))


def run_of(code: MeasuredCode, killed: int, survived: int, *, days_ago: int = 0) -> MutationRun:
    return MutationRun.objects.create(
        code=code,
        seed=1,
        tests=2,
        killed=killed,
        survived=survived,
        timed_out=0,
        invalid=0,
        untried=0,
        seconds=1,
        created_at=now() - timedelta(days=days_ago),
    )


def test_without_a_run_the_measure_says_what_is_missing(repository: Repository) -> None:
    found = reading(repository)
    assert (found.value, found.n) == (None, 0)
    assert "No program was changed to try its tests" in found.missing


def test_the_newest_run_of_each_file_and_each_candidate_counts(revision: Revision) -> None:
    file = MeasuredCode.objects.create(revision=revision, path="shop/prices.py", digest="1", text="x")
    later = MeasuredCode.objects.create(revision=revision, path="shop/prices.py", digest="2", text="y")
    candidates = [
        MeasuredCode.objects.create(revision=revision, path="shop/prices.py", digest="3", is_candidate=True)
        for _ in range(2)
    ]
    run_of(file, 0, 50, days_ago=3)
    run_of(later, 8, 2, days_ago=2)
    run_of(candidates[0], 0, 9, days_ago=2)
    run_of(candidates[0], 6, 3, days_ago=1)
    run_of(candidates[1], 4, 1)
    found = reading(revision.repository)
    assert (found.value, found.n) == (18 / 24, 24)
    assert found.low is not None and found.low < 18 / 24
    assert "a candidate for shop/prices.py: 4 of 5 noticed" in found.sources[0].title


def test_what_was_measured_is_kept_by_the_database(revision: Revision) -> None:
    run = run_of(MeasuredCode.objects.create(revision=revision, path="a.py", digest="1"), 1, 1)
    for statement in ("UPDATE quality_mutationrun SET survived = 0", "DELETE FROM quality_mutationrun"):
        with pytest.raises((ProgrammingError, InternalError, DatabaseError)), transaction.atomic():
            connection.cursor().execute(statement)
    run.refresh_from_db()
    assert run.survived == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_person_has_a_file_tried_on_its_tab_and_reads_what_no_test_notices(
    repository: Repository, engineer: User, client_of: Callable[[User], Client]
) -> None:
    client, tab = client_of(engineer), reverse("quality:mutation", args=["shop"])
    assert "No tests were tried yet" in client.get(tab).content.decode()
    client.post(reverse("quality:mutation-new", args=["shop"]), {"path": "shop/prices.py"})
    job = jobs_asked().get()
    assert job.kind == MUTATION_JOB
    job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    run = MutationRun.objects.get(pk=job.pk)
    assert run.noticed and run.survived
    page = client.get(tab).content.decode()
    assert f"{run.noticed} of {run.counted}" in page
    detail = client.get(reverse("quality:mutation-detail", args=["shop", run.pk])).content.decode()
    assert "Changes that no test notices" in detail and "discount" in detail
    table = client.get(reverse("quality:mutation-export", args=["shop"])).content.decode()
    assert len(table.splitlines()) == 2 + len(run.survivors)


def test_a_file_without_functions_is_said_on_the_tab(
    repository: Repository, engineer: User, client_of: Callable[[User], Client]
) -> None:
    new = reverse("quality:mutation-new", args=["shop"])
    page = client_of(engineer).post(new, {"path": "shop/__init__.py"}, follow=True).content.decode()
    assert "Nothing in the functions of shop/__init__.py can be changed" in page
    assert not jobs_asked().exists()


def test_tests_are_not_offered_to_be_changed(
    repository: Repository, engineer: User, client_of: Callable[[User], Client]
) -> None:
    path = next(path for path in python_paths(repository) if is_test_path(path))
    page = client_of(engineer).get(reverse("quality:mutation", args=["shop"])).content.decode()
    assert f">{path}</option>" not in page and ">shop/prices.py</option>" in page
    new = reverse("quality:mutation-new", args=["shop"])
    assert "Choose one of the files" in client_of(engineer).post(new, {"path": path}, follow=True).content.decode()


def test_whoever_may_not_read_or_measure_gets_neither(
    repository: Repository, stranger: User, auditor: User, client_of: Callable[[User], Client]
) -> None:
    new = reverse("quality:mutation-new", args=["shop"])
    assert client_of(stranger).get(reverse("quality:mutation", args=["shop"])).status_code == 404
    assert client_of(auditor).post(new, {"path": "shop/prices.py"}).status_code == 403
    assert client_of(auditor).get(reverse("quality:mutation", args=["shop"])).status_code == 200


def test_the_list_asks_the_database_as_often_for_many_runs(
    revision: Revision, engineer: User, client_of: Callable[[User], Client]
) -> None:
    code, client = MeasuredCode.objects.create(revision=revision, path="a.py", digest="1"), client_of(engineer)
    counts = []
    client.get(reverse("quality:mutation", args=["shop"]))
    for _ in range(2):
        for _ in range(10):
            run_of(code, 1, 1)
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("quality:mutation", args=["shop"]))
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_job_that_runs_twice_keeps_one_run(revision: Revision, engineer: User) -> None:
    code = code_load(repository=revision.repository, path="shop/prices.py")
    first, second = (
        mutation_measure(code=code, requested_by=engineer, run_id=revision.pk, budget_s=60.0, most=2) for _ in range(2)
    )
    assert first == second and MutationRun.objects.count() == 1
