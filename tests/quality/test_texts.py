"""Texts without a repository: looked at from the page, shown to who sent them and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core.errors import NofxError
from apps.governance.models import AuditEvent, User
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.quality import services
from apps.quality.models import AiCodeReview, GeneratedTestSuite, MeasuredCode, QualityImprovement
from apps.quality.types import MAX_CODE, Code
from apps.repositories.models import Repository
from tests.asked import jobs_asked

pytestmark = pytest.mark.django_db

TABS = ("reviews", "tests", "proposals")
TEXT = "import os\n\n\ndef double(number: int) -> int:\n    return number * 2\n"
MODELS: dict[str, Any] = {"reviews": AiCodeReview, "tests": GeneratedTestSuite, "proposals": QualityImprovement}
ClientOf = Callable[[User], Client]


def send(client: Client, what: str, text: str = TEXT, path: str = "subject.py") -> Any:
    return client.post("/quality/texts/new", {"what": what, "text": text, "path": path})


def found_in(user: User, tab: str, number: int) -> UUID:
    """Store one row of each kind without running a tool."""
    code = MeasuredCode.objects.create(submitted_by=user, path=f"part_{number}.py", digest=str(uuid4()), text=TEXT)
    if tab == "reviews":
        row: Any = AiCodeReview.objects.create(
            code_artifact_id=code.pk, review_type="static", findings=[], review_model="ruff 1"
        )
    elif tab == "tests":
        row = GeneratedTestSuite.objects.create(target_code_id=code.pk, test_type="property", test_code="t")
    else:
        row = QualityImprovement.objects.create(original_code_id=code.pk, improvement_type="safe_fixes")
    return UUID(str(MODELS[tab].objects.order_by("-id").filter(pk=row.pk).get().pk))


@pytest.mark.parametrize("tab", TABS)
def test_an_empty_list_says_how_to_fill_it(client_of: ClientOf, engineer: User, tab: str) -> None:
    page = client_of(engineer).get(f"/quality/texts/{tab}").content.decode()
    assert "POST /api/quality/" in page
    assert "Send a text" in page
    assert "0.0 %" not in page


def test_the_page_is_reached_from_quality_and_from_each_of_its_tabs(
    client_of: ClientOf, engineer: User, stranger: User, repository: Repository
) -> None:
    assert 'href="/quality/texts"' in client_of(stranger).get("/quality").content.decode()
    for tab in ("coverage", "debt", "reviews", "tests", "proposals"):
        assert 'href="/quality/texts"' in client_of(engineer).get(f"/repos/shop/quality/{tab}").content.decode()
    assert client_of(engineer).get("/quality/texts/nothing").status_code == 404
    assert Client().get("/quality/texts").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_pasted_text_is_reviewed_and_shown_with_what_was_found(client_of: ClientOf, engineer: User) -> None:
    client = client_of(engineer)
    answer = send(client, "reviews", TEXT.replace("\n", "\r\n"))
    assert answer.headers["Location"] == "/quality/texts/reviews"
    job = jobs_asked().get()
    waiting = client.get("/quality/texts/reviews", headers={"HX-Request": "true"}).content.decode()
    assert f'data-live-job="{job.pk}"' in waiting
    job_execute(job.pk)
    review = AiCodeReview.objects.get()
    page = client.get(f"/quality/texts/reviews/{review.pk}").content.decode()
    assert "F401" in page
    assert "The text" in page
    assert "double" in page
    assert "commit" not in page.partition("<main")[2].partition("</header>")[0]
    assert MeasuredCode.objects.get().text == TEXT
    assert "subject.py" in client.get("/quality/texts").content.decode()


@pytest.mark.django_db(transaction=True)
def test_safe_fixes_are_proposed_for_a_pasted_text(client_of: ClientOf, engineer: User) -> None:
    client = client_of(engineer)
    assert send(client, "proposals").headers["Location"] == "/quality/texts/proposals"
    job_execute(jobs_asked().get().pk)
    url = f"/quality/texts/proposals/{QualityImprovement.objects.get().pk}"
    page = client.get(url).content.decode()
    assert "With the fixes" in page
    assert f'href="{url}.patch"' in page
    assert client.get(f"{url}.patch").content.decode().startswith("--- a/subject.py\n")


@pytest.mark.django_db(transaction=True)
def test_tests_are_written_for_a_pasted_text_in_the_background(client_of: ClientOf, engineer: User) -> None:
    client = client_of(engineer)
    assert send(client, "tests").headers["Location"] == "/quality/texts/tests"
    job = jobs_asked().get()
    waiting = client.get("/quality/texts/tests", headers={"HX-Request": "true"}).content.decode()
    assert f'data-live-job="{job.pk}"' in waiting
    assert "<textarea" not in waiting
    job_execute(job.pk)
    suite = GeneratedTestSuite.objects.get()
    page = client.get(f"/quality/texts/tests/{suite.pk}").content.decode()
    assert "test_double" in page
    assert "subject.py" in client.get("/quality/texts/tests").content.decode()


def test_the_text_of_a_failed_job_can_be_put_into_the_form_again(client_of: ClientOf, engineer: User) -> None:
    client = client_of(engineer)
    send(client, "tests")
    Job.objects.update(state=Job.State.FAILED, error="The tests could not be run.", finished_at="2026-11-01T00:00Z")
    page = client.get("/quality/texts/tests").content.decode()
    again = f"/quality/texts/tests?text={MeasuredCode.objects.get().pk}"
    assert f'href="{again}"' in page
    assert "def double(number: int)" in client.get(again).content.decode()


@pytest.mark.parametrize("what", TABS)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste some Python code."),
        (" \n\t\n", "Paste some Python code."),
        ("def half(:\n", "not Python"),
        ("Dear all, this is a letter.", "not Python"),
        ("x = 1\n" * 40_000, "This text has 240,000 characters; 200,000 can be looked at."),
    ],
    ids=["empty", "blank", "syntax", "prose", "huge"],
)
def test_a_text_that_cannot_be_looked_at_is_refused_and_not_lost(
    client_of: ClientOf, engineer: User, what: str, text: str, words: str
) -> None:
    assert len("x = 1\n" * 40_000) > MAX_CODE
    answer = send(client_of(engineer), what, text)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert "Nothing was looked at yet. Your text is below." in page
    assert text.rstrip().encode() in answer.content
    assert MeasuredCode.objects.count() == 0


def test_what_is_too_large_to_be_read_at_all_is_refused_with_the_way_back(client_of: ClientOf, engineer: User) -> None:
    answer = send(client_of(engineer), "reviews", "x = 1\n" * 200_000)
    assert answer.status_code == 413
    assert "What you sent is larger than 1.0" in answer.content.decode()
    assert "Go back in your browser" in answer.content.decode()


@pytest.mark.parametrize(
    ("what", "text", "path", "words"),
    [
        ("tests", "x = 1\n", "subject.py", "No test can be written"),
        ("reviews", TEXT, "../../etc/passwd", "is not the path of an importable Python module"),
        ("reviews", TEXT, "subject.txt", "is not the path of an importable Python module"),
        ("proposals", TEXT, "a" * 1200, "at most 1000 characters"),
    ],
)
def test_what_else_is_wrong_is_said_with_the_text_kept(
    client_of: ClientOf, engineer: User, what: str, text: str, path: str, words: str
) -> None:
    answer = send(client_of(engineer), what, text, path)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert text.splitlines()[-1].strip() in answer.content.decode()
    assert MeasuredCode.objects.count() == jobs_asked().count() == 0


def test_there_is_nothing_else_to_do_with_a_text(client_of: ClientOf, engineer: User) -> None:
    assert send(client_of(engineer), "applause").status_code == 404
    assert client_of(engineer).get("/quality/texts/new").status_code == 405


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_send_a_text_or_is_told_who_may(
    client_of: ClientOf, person: Callable[..., User], role: Role
) -> None:
    may = role in {
        Role.ENGINEER,
        Role.REVIEWER,
        Role.QUALITY_LEAD,
        Role.ARCHITECT,
        Role.DOCUMENTATION_OWNER,
        Role.SERVICE,
    }
    client = client_of(person("someone", role))
    page = client.get("/quality/texts").content.decode()
    assert ("Send a text" in page) is may
    assert ("you can send no text" in page) is not may
    assert send(client, "reviews").status_code == (302 if may else 403)
    assert jobs_asked().count() == MeasuredCode.objects.count() == may
    assert AuditEvent.objects.filter(outcome=AuditEvent.Outcome.DENIED).count() == (not may)


def test_nobody_sees_the_texts_of_somebody_else(
    client_of: ClientOf, engineer: User, person: Callable[..., User]
) -> None:
    mine = {tab: found_in(engineer, tab, 1) for tab in TABS}
    text = MeasuredCode.objects.first()
    assert text is not None
    others = [person("colleague", Role.ENGINEER), person("chair", Role.CHAIR, Role.AUDITOR, Role.ADMIN)]
    others.append(User.objects.create_superuser("root", password="correct horse battery staple"))
    for other in others:
        client = client_of(other)
        for tab in TABS:
            assert "part_1.py" not in client.get(f"/quality/texts/{tab}").content.decode()
            assert "part_1.py" not in client.get(f"/quality/texts/{tab}.csv").content.decode()
            assert client.get(f"/quality/texts/{tab}/{mine[tab]}").status_code == 404
        assert client.get(f"/quality/texts/proposals/{mine['proposals']}.patch").status_code == 404
        assert client.get(f"/quality/texts?text={text.pk}").status_code == 404
    client = client_of(engineer)
    for tab in TABS:
        assert client.get(f"/quality/texts/{tab}/{mine[tab]}").status_code == 200
        assert "part_1.py" in client.get(f"/quality/texts/{tab}.csv").content.decode() or tab == "reviews"
    assert client.get("/quality/texts?text=nonsense").status_code == 404
    assert client.get("/quality/texts/nothing.csv").status_code == 404


@pytest.mark.slow
def test_what_the_api_wrote_for_a_text_is_on_the_page(client_of: ClientOf, engineer: User) -> None:
    code = Code(TEXT, "sent.py")
    services.debt_of_code(code=code, requested_by=engineer)
    services.coverage_of_code(
        code=code, tests="from sent import double\n\n\ndef test():\n    assert double(1) == 2\n", requested_by=engineer
    )
    client = client_of(engineer)
    assert "Debt to repay first" in client.get("/quality/texts/proposals").content.decode()
    assert "coverage" in client.get("/quality/texts/reviews").content.decode()
    assert client.get(f"/quality/texts/proposals/{QualityImprovement.objects.get().pk}").status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_a_list_asks_the_database_as_often_for_one_row_as_for_twenty(
    client_of: ClientOf, engineer: User, tab: str
) -> None:
    client = client_of(engineer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/quality/texts/{tab}").status_code == 200
        return len(captured)

    found_in(engineer, tab, 1)
    queries()
    few = queries()
    for number in range(2, 22):
        found_in(engineer, tab, number)
    assert queries() == few
    assert few <= 12


@pytest.mark.slow
def test_a_review_or_proposal_made_twice_is_one_row(engineer: User) -> None:
    code, row = Code(TEXT, "subject.py"), uuid4()
    sent = services.subjects.code_record(code=code, submitted_by=engineer)
    for _ in range(2):
        services.review_create(code=code, requested_by=engineer, code_id=sent.pk, review_id=row)
        services.optimise_suggest(code=code, requested_by=engineer, code_id=sent.pk, proposal_id=row)
    assert AiCodeReview.objects.count() == QualityImprovement.objects.count() == MeasuredCode.objects.count() == 1


@pytest.mark.parametrize("make", ["review_create", "optimise_suggest"])
def test_nothing_is_kept_of_what_was_stopped(engineer: User, make: str) -> None:
    def stopped() -> None:
        raise NofxError("Stopped.")

    with pytest.raises(NofxError, match="Stopped"):
        getattr(services, make)(code=Code(TEXT, "subject.py"), requested_by=engineer, before_save=stopped)
    assert not AiCodeReview.objects.exists()
    assert not QualityImprovement.objects.exists()
