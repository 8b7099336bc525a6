"""What is written without a request: kept with whose it is, shown to this person alone, proved or not kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.generation.models import CodeGenerationRequest, DirectArtifact, GeneratedCodeArtifact
from apps.generation.selectors import direct_of
from apps.generation.services import verbs
from apps.generation.services.direct import CodeUnreadable
from apps.generation.services.refactoring import NothingShown, Refactoring, refactoring_suggest
from apps.governance.models import AuditEvent, RoleAssignment, User

pytestmark = pytest.mark.django_db

Role = RoleAssignment.Role
SPECIFICATION = "Write `def double(n: int) -> int`.\n\n>>> double(2)\n4\n>>> double(0)\n0\n"
CLUMSY = "import os\n\n\ndef double(n: int) -> int:\n    return n * 2\n"
PLAIN = "def double(n: int) -> int:\n    return n * 2\n"


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


BrowserOf = Callable[[User], Client]


def ask_for_tests(client: Client, text: str = SPECIFICATION, **fields: str) -> Any:
    values = {"tests-title": "", "tests-module": "numbers_of_mine", "tests-text": text}
    return client.post("/requests/direct/tests", {**values, **{f"tests-{key}": it for key, it in fields.items()}})


def ask_for_refactoring(client: Client, code: str = CLUMSY, title: str = "") -> Any:
    return client.post("/requests/direct/refactoring", {"refactoring-title": title, "refactoring-code": code})


def kept_for(user: User, number: int) -> DirectArtifact:
    artifact = GeneratedCodeArtifact.objects.create(model_id="nofx", code_type="test", generated_code="t")
    return DirectArtifact.objects.create(
        artifact=artifact,
        kind="tests",
        title=f"Tests {number}",
        submitted_by=user,
        source="s",
        evidence={"module": "m"},
    )


def test_tests_are_kept_with_whose_they_are_and_what_they_are_for(engineer: User) -> None:
    artifact = verbs.tests_write(title="", text=SPECIFICATION, module="numbers_of_mine", requested_by=engineer)
    direct = DirectArtifact.objects.get()
    assert (direct.pk, direct.submitted_by, direct.kind, direct.title) == (artifact.pk, engineer, "tests", "double")
    assert (direct.source, direct.evidence) == (SPECIFICATION, {"module": "numbers_of_mine", "language": "python"})
    assert artifact.request_id is None


def test_a_refactoring_is_kept_with_its_patch_and_its_fixes(engineer: User) -> None:
    found = refactoring_suggest(code=CLUMSY, requested_by=engineer)
    assert isinstance(found, Refactoring)
    direct = DirectArtifact.objects.get()
    assert (direct.pk, direct.kind, direct.title, direct.source) == (
        found.artifact.pk,
        "refactoring",
        "double",
        CLUMSY,
    )
    assert direct.evidence["patch"] == found.patch
    assert [fix["rule"] for fix in direct.evidence["fixes"]] == ["F401"]


def test_where_nothing_is_found_nothing_is_kept(engineer: User) -> None:
    assert refactoring_suggest(code=PLAIN, requested_by=engineer) == NothingShown({})
    with pytest.raises(verbs.NothingToTest):
        verbs.tests_write(title="", text="Do something nice.", module="m", requested_by=engineer)
    assert GeneratedCodeArtifact.objects.count() == DirectArtifact.objects.count() == 0


def test_an_artefact_is_never_kept_without_its_owner(engineer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**fields: object) -> None:
        raise DatabaseError("no")

    monkeypatch.setattr(DirectArtifact.objects, "create", refuse)
    with pytest.raises(DatabaseError):
        verbs.tests_write(title="", text=SPECIFICATION, module="m", requested_by=engineer)
    assert GeneratedCodeArtifact.objects.count() == 0


@pytest.mark.parametrize("text", [f"{SPECIFICATION}\0", f"{SPECIFICATION}\ud800", "x" * 200_001])
def test_a_text_that_cannot_be_kept_is_refused(engineer: User, text: str) -> None:
    with pytest.raises(CodeUnreadable):
        verbs.tests_write(title="", text=text, module="m", requested_by=engineer)
    with pytest.raises(CodeUnreadable):
        refactoring_suggest(code=text, requested_by=engineer)


def test_an_empty_page_says_how_to_fill_it(browser_of: BrowserOf, engineer: User) -> None:
    page = browser_of(engineer).get("/requests/direct").content.decode()
    assert "Nothing was written for you yet" in page
    assert "POST /api/ai/generate/tests" in page
    assert "Tests for a specification" in page


def test_the_page_is_reached_from_the_requests(browser_of: BrowserOf, engineer: User) -> None:
    assert 'href="/requests/direct"' in browser_of(engineer).get("/requests").content.decode()
    assert Client().get("/requests/direct").status_code == 302


def test_tests_are_asked_for_in_the_browser_and_shown(browser_of: BrowserOf, engineer: User) -> None:
    client = browser_of(engineer)
    url = ask_for_tests(client, title="Doubling").headers["Location"]
    page = client.get(url).content.decode()
    assert all(words in page for words in ("Tests: Doubling", "For numbers_of_mine", "The specification"))
    listed = client.get("/requests/direct").content.decode()
    assert "Doubling" in listed
    assert f'href="{url}"' in listed
    assert client.get(f"{url}.patch").status_code == 404


def test_a_refactoring_is_asked_for_in_the_browser_and_shown(browser_of: BrowserOf, engineer: User) -> None:
    client = browser_of(engineer)
    url = ask_for_refactoring(client, CLUMSY.replace("\n", "\r\n")).headers["Location"]
    page = client.get(url).content.decode()
    assert all(words in page for words in ("Refactoring: double", "F401", "Simplified", "Download patch"))
    patch = client.get(f"{url}.patch")
    assert patch.headers["Content-Type"] == "text/x-diff; charset=utf-8"
    assert "-import os" in patch.content.decode()
    assert "\r" not in patch.content.decode()


@pytest.mark.parametrize(
    ("text", "module", "words"),
    [
        ("", "m", "Say what the code must do"),
        ("Do something nice.", "m", "has no example that a test could check"),
        (SPECIFICATION, "1; import os", "Give a dotted name"),
        ("x" * 200_001, "m", "The text has 200,001 characters"),
    ],
)
def test_what_is_wrong_with_a_specification_is_said_and_the_text_is_kept(
    browser_of: BrowserOf, engineer: User, text: str, module: str, words: str
) -> None:
    answer = ask_for_tests(browser_of(engineer), text, module=module)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert text[:20].split("\n")[0].replace("`", "") in answer.content.decode().replace("`", "")
    assert GeneratedCodeArtifact.objects.count() == 0


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("", 422, "Paste a Python module."),
        ("def half(:\n", 422, "The code does not parse"),
        ("x = 1\n" * 40_000, 422, "The text has 240,000 characters"),
        (PLAIN, 200, "Nothing to simplify was found"),
    ],
)
def test_code_that_is_not_simplified_stays_in_the_form(
    browser_of: BrowserOf, engineer: User, code: str, status: int, words: str
) -> None:
    answer = ask_for_refactoring(browser_of(engineer), code)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert code.rstrip("\n").replace(">", "&gt;") in answer.content.decode()
    assert GeneratedCodeArtifact.objects.count() == 0


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMMITTEE, Role.CHAIR, Role.ADMIN])
def test_who_may_not_write_specifications_is_told_so_refused_and_recorded(
    browser_of: BrowserOf, person: Callable[..., User], role: str
) -> None:
    client = browser_of(person("reader", role))
    page = client.get("/requests/direct").content.decode()
    assert "you can ask for nothing here" in page
    assert "Write tests" not in page
    assert ask_for_tests(client).status_code == 403
    assert ask_for_refactoring(client).status_code == 403
    assert GeneratedCodeArtifact.objects.count() == 0
    assert AuditEvent.objects.filter(outcome=AuditEvent.Outcome.DENIED).count() == 2


def test_nobody_sees_what_somebody_else_asked_for(
    browser_of: BrowserOf, engineer: User, person: Callable[..., User]
) -> None:
    direct = kept_for(engineer, 1)
    others = [person("colleague", Role.ENGINEER), person("chair", Role.CHAIR, Role.AUDITOR, Role.ADMIN)]
    others.append(User.objects.create_superuser("root", password="correct horse battery"))
    for other in others:
        client = browser_of(other)
        assert "Tests 1" not in client.get("/requests/direct").content.decode()
        assert client.get(f"/requests/direct/{direct.pk}").status_code == 404
        assert client.get(f"/requests/direct/{direct.pk}.patch").status_code == 404
        for noun in ("artifacts", "direct-artifacts"):
            assert client.get(f"/api/v1/{noun}").json()["items"] == []
            assert client.get(f"/api/v1/{noun}/{direct.pk}").status_code == 404
    own = browser_of(engineer)
    assert "Tests 1" in own.get("/requests/direct").content.decode()
    assert [row["id"] for row in own.get("/api/v1/artifacts").json()["items"]] == [f"art_{direct.pk}"]
    assert own.get(f"/api/v1/direct-artifacts/{direct.pk}").json()["artifact"] == f"art_{direct.pk}"
    assert own.get(f"/requests/direct/{uuid4()}").status_code == 404
    assert list(direct_of(engineer)) == [direct]


def test_the_artefacts_of_requests_are_not_among_them(
    browser_of: BrowserOf, engineer: User, submit: Callable[..., CodeGenerationRequest]
) -> None:
    GeneratedCodeArtifact.objects.create(
        request=submit(SPECIFICATION), model_id="m", code_type="test", generated_code="t"
    )
    kept_for(engineer, 1)
    client = browser_of(engineer)
    assert client.get("/requests/direct").content.decode().count("<tr data-href") == 1
    assert len(client.get("/api/v1/artifacts").json()["items"]) == 2


def test_the_api_answers_with_the_page_of_what_it_kept(browser_of: BrowserOf, engineer: User, reviewer: User) -> None:
    client = browser_of(engineer)

    def post(path: str, body: dict[str, str]) -> Any:
        return client.post(f"/api/ai/generate/{path}", json.dumps(body), content_type="application/json").json()

    tests = post("tests", {"specification": SPECIFICATION, "module": "m"})
    refactoring = post("refactor", {"code": CLUMSY, "title": "Doubling"})
    assert post("refactor", {"code": PLAIN})["url"] is None
    listed = client.get("/requests/direct").content.decode()
    for answer in (tests, refactoring):
        assert client.get(answer["url"]).status_code == 200
        assert answer["url"] in listed
        assert client.get(f"/api/v1/artifacts/{answer['artifact_id']}").status_code == 200
        assert browser_of(reviewer).get(answer["url"]).status_code == 404
    assert "Doubling" in listed


def test_the_list_asks_the_database_as_often_for_one_row_as_for_twenty(browser_of: BrowserOf, engineer: User) -> None:
    client = browser_of(engineer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/requests/direct").status_code == 200
        return len(captured)

    kept_for(engineer, 1)
    queries()
    few = queries()
    for number in range(2, 22):
        kept_for(engineer, number)
    assert queries() == few
    assert few <= 10
