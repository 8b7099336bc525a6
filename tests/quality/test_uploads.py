"""Builds send reports of coverage: kept once, bound to a commit, refused with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.governance.measures import Window
from apps.governance.models import AuditEvent, User
from apps.governance.services import token_issue
from apps.governance.types import Role
from apps.quality.coverage_figures import coverage_read, line_share
from apps.quality.models import CoverageReport
from apps.quality.types import MAX_UPLOAD
from apps.repositories.models import Repository, Revision
from tests.quality.conftest import Send
from tests.quality.test_reports import COBERTURA, LCOV

Commit = Callable[..., str]
LONG = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("kind", "content", "percent"), [("cobertura", COBERTURA, 100.0), ("lcov", LCOV, 66.67)])
def test_a_report_is_kept_once_and_says_what_it_left_out(
    send: Send, revision: Revision, engineer: User, kind: str, content: bytes, percent: float
) -> None:
    first, again = (send("coverage", content, format=kind) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200), first.content
    assert first.json() == again.json()
    body = first.json()
    assert (body["line_percent"], body["branch_percent"], body["files"], body["unreported"]) == (percent, 50.0, 1, 0)
    assert body["is_complete"] and body["missing"] == []
    report = CoverageReport.objects.get()
    assert (report.revision, report.source, report.uploaded_by, report.tests_run) == (revision, kind, engineer, None)
    assert report.files[0]["path"] == "shop/prices.py"
    [entry] = AuditEvent.objects.filter(action="quality.coverage_upload")
    assert (entry.object_id, entry.after_digest) == (str(revision.pk), report.digest)


def test_names_that_are_no_file_of_the_commit_are_told(send: Send) -> None:
    more = LCOV + b"SF:/usr/lib/python3.12/json/decoder.py\nDA:1,1\nend_of_record\n"
    assert send("coverage", more, format="lcov").json()["unknown"] == ["/usr/lib/python3.12/json/decoder.py"]


@pytest.mark.parametrize(
    ("content", "query", "status", "words"),
    [
        (b"<coverage", {}, 422, "not well-formed"),
        (LCOV.replace(b"prices", b"nowhere"), {"format": "lcov"}, 422, "no line of a file that shop has"),
        (LCOV.replace(b"/ci/shop", b"/ci/../../etc"), {"format": "lcov"}, 422, "climbs out"),
        (COBERTURA, {"sha": "0" * 40}, 422, "has no commit"),
        (COBERTURA, {"sha": "main"}, 422, "not the full id of a commit"),
        (COBERTURA, {"sha": "--output=x"}, 422, "not the full id of a commit"),
        (COBERTURA, {"repository": "elsewhere"}, 404, "no repository called elsewhere"),
        (COBERTURA, {"format": "csv"}, 422, "does not fit"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(
    send: Send, content: bytes, query: dict[str, str], status: int, words: str
) -> None:
    answer = send("coverage", content, **{"format": "cobertura", **query})
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert not CoverageReport.objects.exists()


def test_fifty_megabytes_are_refused_without_being_read(send: Send) -> None:
    answer = send("coverage", b" " * (50 << 20), format="cobertura")
    assert (answer.status_code, answer.json()["code"]) == (413, "quality.upload_too_large")


def test_a_body_too_large_for_an_idempotency_key_is_refused_in_the_same_words(
    send: Send, headers: dict[str, str]
) -> None:
    answer = send("coverage", b" " * (MAX_UPLOAD + 1), format="cobertura", headers=headers | {"Idempotency-Key": "a"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_a_token_for_reading_sends_nothing_and_neither_does_who_only_reads(
    send: Send, person: Callable[..., User], engineer: User
) -> None:
    auditor = person("ada", Role.AUDITOR)
    for user, scope in ((engineer, "quality:read"), (auditor, "quality:upload")):
        _, secret = token_issue(user=user, name="t", scopes=[scope], lifetime=timedelta(days=1), issued_by=user)
        bearer = {"Authorization": f"Bearer {secret}"}
        assert send("coverage", COBERTURA, format="cobertura", headers=bearer).status_code == 403
    assert send("coverage", COBERTURA, format="cobertura", headers={}).status_code == 401


@pytest.mark.parametrize(
    "statement", ["UPDATE quality_coveragereport SET line_percent = 100", "DELETE FROM quality_coveragereport"]
)
def test_the_database_keeps_what_was_sent(send: Send, statement: str) -> None:
    send("coverage", LCOV, format="lcov")
    with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
        connection.cursor().execute(statement)


def test_a_page_shows_who_sent_the_report_and_what_it_says_nothing_of(
    send: Send, engineer: User, repository: Repository, client_of: Callable[[User], Client]
) -> None:
    send("coverage", LCOV, format="lcov", is_complete="false")
    page = client_of(engineer).get("/repos/shop/quality/coverage").content.decode()
    assert "Sent as LCOV by engineer" in page
    assert "This report is not complete" in page


def lcov_of(*paths: str) -> bytes:
    return "".join(f"SF:{path}\nDA:1,1\nDA:2,1\nend_of_record\n" for path in paths).encode()


def test_a_report_that_leaves_a_file_out_is_not_complete_whatever_the_sender_says(
    send: Send, repository: Repository, commit: Commit, engineer: User, client_of: Callable[[User], Client]
) -> None:
    sha = commit({"shop/stock.py": "LEFT = 3\n", "shop/empty.py": "", "tests/test_stock.py": "import shop\n"})
    body = send("coverage", lcov_of("shop/prices.py"), format="lcov", sha=sha, is_complete="true").json()
    assert (body["is_complete"], body["unreported"], body["missing"]) == (False, 1, ["shop/stock.py"])
    page = client_of(engineer).get("/repos/shop/quality/coverage").content.decode()
    assert "1 file of the commit is not in this report: shop/stock.py." in page and "gates do not count it" in page
    missing = coverage_read(line_share, "lines", [repository.scope_id], LONG).missing
    assert missing.endswith("What was sent leaves out 1 of its files, shop/stock.py among them.")
    whole = send("coverage", lcov_of("shop/prices.py", "shop/stock.py"), format="lcov", sha=sha).json()
    assert whole["is_complete"]
    assert coverage_read(line_share, "lines", [repository.scope_id], LONG).value == 1.0


def test_a_file_that_an_earlier_report_had_is_expected_while_it_is_there(send: Send, commit: Commit) -> None:
    first = commit({"web/a.go": "package a\n", "web/b.go": "package a\n", "shop/prices.py": None})
    assert send("coverage", lcov_of("web/a.go", "web/b.go"), format="lcov", sha=first).json()["is_complete"]
    second = commit({"shop/new.go": "package a\n"})
    body = send("coverage", lcov_of("web/a.go"), format="lcov", sha=second).json()
    assert (body["is_complete"], body["missing"]) == (False, ["web/b.go"])
    third = commit({"web/b.go": None})
    assert send("coverage", lcov_of("web/a.go"), format="lcov", sha=third).json()["is_complete"]


def test_what_was_kept_as_complete_before_files_were_counted_meets_no_gate(
    repository: Repository, revision: Revision, engineer: User
) -> None:
    CoverageReport.objects.create(
        revision=revision, source="lcov", digest="d", line_percent=100, unreported=3, uploaded_by=engineer
    )
    reading = coverage_read(line_share, "lines", [repository.scope_id], LONG)
    assert reading.value is None and "leaves out 3 of its files" in reading.missing


@pytest.mark.parametrize("text", ["def f(:\n", "(" * 5_000, "x = 1\0\n"])
def test_a_file_that_cannot_be_read_is_a_file_with_code(send: Send, commit: Commit, text: str) -> None:
    sha = commit({"shop/odd.py": text})
    assert send("coverage", LCOV, format="lcov", sha=sha).json()["missing"] == ["shop/odd.py"]
