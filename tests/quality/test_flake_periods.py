"""The tab of tests and flakes looks back as far as it is asked, and at the tests of one origin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.governance.measures import Window
from apps.governance.models import User
from apps.quality import flake_figures
from apps.quality.engine.flakes import paths_named
from apps.quality.models import SuiteRun, SuiteTally, SuiteTest
from apps.repositories.models import LineBirth, Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_lineage, revision_record

pytestmark = pytest.mark.django_db

GENERATED = "def test_new():\n    assert 1 + 1 == 2\n"
NAMES = ("tests/test_prices.py::test_mean", "tests.test_new::test_new", "tests.test_new.TestIt::test_it", "x::y")
Commit = Callable[..., str]
MakeTally = Callable[..., SuiteTally]


@pytest.fixture
def tally(revision: Revision) -> MakeTally:
    def make(name: str, *, passed: int = 1, failed: int = 1, days_ago: int = 1, seconds: float = 0.1) -> SuiteTally:
        test, _ = SuiteTest.objects.get_or_create(repository=revision.repository, name=name)
        return SuiteTally.objects.create(
            repository=revision.repository,
            test=test,
            revision=revision,
            environment=f"ci-{days_ago}",
            passed=passed,
            failed=failed,
            seconds=seconds,
            last_at=now() - timedelta(days=days_ago),
        )

    return make


@pytest.fixture
def origins(repository: Repository, commit: Commit) -> None:
    """The tests of prices are a person's, those of test_new.py a candidate's."""
    commit({"tests/test_new.py": GENERATED}, "Deliver")
    revision_lineage(revision=revision_record(repository=repository, sha=head_sha(repository)))
    newest = LineBirth.objects.order_by("-position").first()
    assert newest is not None
    LineBirth.objects.filter(pk=newest.pk).update(origin="ai", request_id=repository.pk)


def names(repository: Repository, origin: str) -> set[str]:
    keys = flake_figures.tests_of_origin(repository, origin)
    return set(SuiteTest.objects.filter(pk__in=keys).values_list("name", flat=True))


def test_a_test_has_the_origin_of_most_lines_of_its_file(
    repository: Repository, tally: MakeTally, origins: None
) -> None:
    for name in (
        "tests/test_prices.py::test_mean",
        "tests.test_new::test_new",
        "tests.test_new.TestIt::test_it",
        "x::y",
    ):
        tally(name)
    assert names(repository, "human") == {"tests/test_prices.py::test_mean"}
    assert names(repository, "ai") == {"tests.test_new::test_new", "tests.test_new.TestIt::test_it"}
    assert names(repository, "mixed") == set()


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("tests/test_a.py::test_b[1]", ["tests/test_a.py"]),
        ("tests.test_a.TestB::test_c", ["tests/test_a/TestB.py", "tests/test_a.py", "tests.py"]),
        ("..::x", []),
        ("", []),
    ],
)
def test_the_name_of_a_test_leads_to_files(name: str, paths: list[str]) -> None:
    assert paths_named(name) == paths


def test_the_page_shows_the_period_and_the_origin_that_are_asked_for(
    repository: Repository,
    revision: Revision,
    tally: MakeTally,
    origins: None,
    engineer: User,
    client_of: Callable[[User], Client],
) -> None:
    SuiteRun.objects.create(revision=revision, environment="ci", source="junit", digest="d", passed=1)
    tally("tests/test_prices.py::test_mean", days_ago=60)
    tally("tests/test_new.py::test_new", days_ago=3)
    client, address = client_of(engineer), reverse("quality:flakes", args=["shop"])

    def shown(query: str) -> tuple[bool, bool]:
        page = client.get(f"{address}?{query}").content.decode()
        return "test_mean</a>" in page, "test_new</a>" in page

    assert shown("") == (False, True)
    assert shown("days=90") == (True, True)
    assert shown("days=90&origin=human") == (True, False)
    assert shown("days=90&origin=ai") == (False, True)
    assert shown("days=7000&origin=robot") == (False, True)
    page = client.get(f"{address}?days=90&origin=human").content.decode()
    assert "1 test of this origin" in page and "flakes.csv?days=90&amp;origin=human" in page
    rows = client.get(f"{address}.csv?days=90&origin=human").content.decode().splitlines()
    assert len(rows) == 2 and rows[1].startswith("tests/test_prices.py::test_mean")


def test_what_is_listed_is_what_a_look_at_every_test_would_list(repository: Repository, tally: MakeTally) -> None:
    tally("a", passed=2, failed=0)
    tally("slow", passed=2, failed=0, seconds=2.5)
    tally("slow-once", passed=1, failed=0, seconds=5.0)
    tally("slow-once", passed=9, failed=0, seconds=0.5, days_ago=2)
    tally("broken", passed=0, failed=2)
    tally("flaky", passed=1, failed=1)
    window = Window(now() - timedelta(days=30), now())
    assert [(one.test.name, one.kind) for one in flake_figures.tests_noticed(repository, window)] == [
        ("flaky", "flaky"),
        ("broken", "broken"),
        ("slow", "slow"),
    ]
    counted = [flake_figures.flakes_of([repository], window, tests=tests).pairs for tests in (None, [])]
    assert counted == [5, 0]
