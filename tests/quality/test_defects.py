"""Trackers tell of defects in production; whose lines their fixes changed is found by the lines, not by a claim."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client

from apps.console.metrics import readings
from apps.core.clock import now
from apps.governance.measures import Reading, Window
from apps.governance.models import AuditEvent, User
from apps.quality.engine.defects import blamed_origin, fixes_named
from apps.quality.models import Defect, DefectReport
from apps.quality.services import ReportedDefect, defects_trace, defects_upload
from apps.quality.types import InputInvalid
from apps.repositories.models import LineBirth, Repository
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_lineage, revision_record
from tests.git import git

pytestmark = pytest.mark.django_db

Commit = Callable[..., str]
PRICES = "def half(price):\n    return price // 2\n\n\ndef twice(price):\n    return price * 2\n"
SLOWER = "def twice(price):\n    return price + price\n"


def told(*defects: dict[str, Any], headers: dict[str, str]) -> HttpResponse:
    body = {"repository": "shop", "defects": list(defects)}
    client = Client(raise_request_exception=False)
    return client.post("/api/quality/defects/upload", body, content_type="application/json", headers=headers)


def defect(key: str = "SHOP-1", **fields: Any) -> dict[str, Any]:
    return {"key": key, "title": "A price is wrong", "found_at": (now() - timedelta(days=2)).isoformat(), **fields}


def reported(key: str, **fields: Any) -> ReportedDefect:
    return ReportedDefect(key=key, title="A price is wrong", found_at=now() - timedelta(days=2), **fields)


def followed(repository: Repository) -> None:
    revision_lineage(revision=revision_record(repository=repository, sha=head_sha(repository)))


def bugs(repository: Repository, origin: str = "", *, end: datetime | None = None) -> Reading:
    end = end or now() + timedelta(minutes=1)
    return readings.production_bugs([repository.scope_id], Window(end - timedelta(weeks=4), end), origin)


def test_a_report_is_kept_and_a_known_defect_only_gains_a_fix(
    repository: Repository, engineer: User, headers: dict[str, str]
) -> None:
    first = told(defect(), defect("SHOP-2"), headers=headers)
    assert first.status_code == 201, first.content
    assert (first.json()["new"], first.json()["changed"]) == (2, 0)
    again = told(defect(title="Another title", fixed_by="a" * 40), defect("SHOP-2"), headers=headers)
    assert (again.json()["new"], again.json()["changed"]) == (0, 1)
    kept = Defect.objects.get(key="SHOP-1")
    assert (kept.title, kept.fix_sha, kept.reported_by) == ("A price is wrong", "a" * 40, engineer)
    assert AuditEvent.objects.filter(action="quality.defects_upload").count() == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"found_at": "2999-01-01T00:00:00Z"}, "found in the future"),
        ({"found_at": "2026-01-01T00:00:00"}, "does not fit"),
        ({"fixed_by": "main"}, "not the full id of a commit"),
        ({"key": " "}, "has no name"),
        ({"url": "javascript:alert(1)"}, "does not fit"),
        ({"title": "x" * 301}, "does not fit"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(
    repository: Repository, headers: dict[str, str], fields: dict[str, Any], words: str
) -> None:
    answer = told(defect() | fields, headers=headers)
    assert answer.status_code == 422 and words in answer.content.decode(), answer.content
    assert not Defect.objects.exists() and not DefectReport.objects.exists()


def test_a_defect_named_twice_is_refused(repository: Repository, engineer: User) -> None:
    with pytest.raises(InputInvalid, match="names SHOP-1 twice"):
        defects_upload(repository=repository, defects=[reported("SHOP-1"), reported("SHOP-1")], sent_by=engineer)


def test_whoever_may_not_measure_tells_of_nothing(repository: Repository, auditor: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(auditor)
    body = {"repository": "shop", "defects": []}
    answer = client.post("/api/quality/defects/upload", body, content_type="application/json")
    assert answer.status_code == 403 and not DefectReport.objects.exists()


def test_a_fix_is_found_by_its_name_and_blames_the_lines_that_it_changed(
    repository: Repository, engineer: User, commit: Commit
) -> None:
    defects_upload(repository=repository, defects=[reported("SHOP-1"), reported("SHOP-11")], sent_by=engineer)
    commit({"shop/more.py": PRICES}, "Add prices, see SHOP-1")
    assert defects_trace(repository=repository) == 0
    commit({"shop/more.py": PRICES.replace("price // 2", "price / 2")}, "Fix SHOP-1: halves are not whole")
    assert defects_trace(repository=repository) == 0
    followed(repository)
    assert defects_trace(repository=repository) == 1
    traced, other = Defect.objects.order_by("key")
    assert (traced.fix_sha, traced.is_fix_named) == (head_sha(repository), True)
    assert (traced.origin, traced.blamed) == ("human", {"human": 1})
    assert (other.fix_sha, other.origin) == ("", "")
    assert defects_trace(repository=repository) == 0


def test_the_lines_of_a_candidate_are_blamed_as_generated(
    repository: Repository, engineer: User, commit: Commit
) -> None:
    commit({"shop/more.py": PRICES}, "Deliver")
    followed(repository)
    newest = LineBirth.objects.order_by("-position").first()
    assert newest is not None
    LineBirth.objects.filter(pk=newest.pk).update(origin="ai", request_id=repository.pk)
    fix = commit({"shop/more.py": PRICES.replace("price // 2", "price / 2")}, "Halve")
    followed(repository)
    defects_upload(repository=repository, defects=[reported("SHOP-1", fixed_by=fix)], sent_by=engineer)
    assert defects_trace(repository=repository) == 1
    assert Defect.objects.get().origin == "ai"
    assert (bugs(repository, "ai").value, bugs(repository, "human").value) == (0.25, 0.0)


def test_a_fix_that_came_by_a_merge_is_what_the_merge_changed(
    repository: Repository, engineer: User, commit: Commit
) -> None:
    path = Path(repository.path)
    commit({"shop/more.py": PRICES}, "Add prices")
    git(path, "checkout", "--quiet", "-b", "fix")
    fix = commit({"shop/more.py": PRICES.replace("price // 2", "price / 2")}, "Halve")
    git(path, "checkout", "--quiet", "main")
    commit({"shop/other.py": SLOWER}, "Meanwhile")
    git(path, "merge", "--quiet", "--no-ff", "-m", "Merge the fix", "fix")
    followed(repository)
    defects_upload(repository=repository, defects=[reported("SHOP-1", fixed_by=fix)], sent_by=engineer)
    assert defects_trace(repository=repository) == 1
    assert Defect.objects.get().blamed == {"human": 1}


def test_a_fix_that_only_adds_or_is_not_on_the_branch_blames_nobody(
    repository: Repository, engineer: User, commit: Commit
) -> None:
    fix = commit({"shop/other.py": SLOWER}, "Add")
    followed(repository)
    defects = [reported("SHOP-1", fixed_by=fix), reported("SHOP-2", fixed_by="f" * 40)]
    defects_upload(repository=repository, defects=defects, sent_by=engineer)
    assert defects_trace(repository=repository) == 0
    assert set(Defect.objects.values_list("origin", flat=True)) == {""}


def test_without_a_report_the_metric_says_what_is_missing_and_an_empty_one_is_none_found(
    repository: Repository, engineer: User
) -> None:
    assert "No tracker told of defects of shop yet" in bugs(repository).missing
    defects_upload(repository=repository, defects=[], sent_by=engineer)
    found = bugs(repository)
    assert (found.value, found.n, found.low) == (0.0, 0, 0.0)
    assert found.high is not None and found.high > 0.5
    assert "The newest report of defects is from" in bugs(repository, end=now() + timedelta(weeks=3)).missing


def test_what_turned_out_to_be_no_defect_does_not_count(
    repository: Repository, engineer: User, headers: dict[str, str]
) -> None:
    told(defect(), defect("SHOP-2"), headers=headers)
    told(defect(is_withdrawn=True), headers=headers)
    assert bugs(repository).n == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE quality_defect SET found_at = now()",
        "DELETE FROM quality_defect",
        "UPDATE quality_defectreport SET defects = 0",
        "DELETE FROM quality_defectreport",
    ],
)
def test_the_database_keeps_what_was_told(repository: Repository, engineer: User, statement: str) -> None:
    defects_upload(repository=repository, defects=[reported("SHOP-1")], sent_by=engineer)
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(statement)


def test_a_subject_names_a_fix_by_a_word_and_the_whole_key() -> None:
    commits = [("c", "Fixes SHOP-1 again"), ("b", "fix: SHOP-1"), ("a", "See SHOP-2"), ("d", "Close SHOP-22, X-SHOP-3")]
    assert fixes_named(commits, ["SHOP-1", "SHOP-2", "SHOP-3", "SHOP-22"]) == {"SHOP-1": "c", "SHOP-22": "d"}


@pytest.mark.parametrize(
    ("lines", "origin"),
    [({}, ""), ({"ai": 3, "human": 1}, "ai"), ({"ai": 2, "human": 2}, "mixed"), ({"mixed": 1}, "mixed")],
)
def test_the_origin_of_most_lines_is_the_origin_of_a_defect(lines: dict[str, int], origin: str) -> None:
    assert blamed_origin(lines) == origin
