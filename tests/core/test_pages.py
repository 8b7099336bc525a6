"""The frame of every page: headers, preferences, navigation, errors, signing out."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from apps.core import htmx
from apps.core.finders import PackageFilesFinder
from apps.core.logs import RequestIds
from apps.core.navigation import rail_links
from apps.core.templatetags.nofx import BASIC_PLOTLY, chart_library
from apps.governance.models import Organisation, RoleAssignment, Scope, User

# The sandbox's counts are kept after a request, once a minute, whichever it is.
pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("mara", password="correct horse battery")


@pytest.fixture
def browser(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def test_a_page_runs_only_scripts_with_its_own_nonce(browser: Client) -> None:
    first, second = browser.get("/design"), browser.get("/design")
    policy = first.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]+)' 'strict-dynamic';", policy)
    assert nonce is not None
    assert f'nonce="{nonce.group(1)}"' in first.content.decode()
    assert "unsafe-eval" not in policy
    assert policy != second.headers["Content-Security-Policy"]


def test_a_page_and_its_fragment_are_never_confused_by_a_cache(browser: Client) -> None:
    assert "HX-Request" in browser.get("/design").headers["Vary"]


def test_the_admin_site_may_run_its_own_files_and_nothing_inline(client: Client, db: None) -> None:
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy


def test_the_gallery_is_for_people_who_signed_in(client: Client, db: None) -> None:
    assert client.get("/design").headers["Location"] == "/sign-in?next=/design"


def test_signing_out_takes_a_post(browser: Client) -> None:
    assert browser.get("/sign-out").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert browser.post("/sign-out").status_code == HTTPStatus.FOUND
    assert browser.get("/design").status_code == HTTPStatus.FOUND


def test_a_preference_is_kept_in_the_browser(client: Client, db: None) -> None:
    response = client.post("/preferences", {"theme": "dark", "next": "/sign-in"})
    assert response.headers["Location"] == "/sign-in"
    assert 'data-theme="dark"' in client.get("/sign-in").content.decode()


@pytest.mark.parametrize("form", [{"theme": "pink"}, {"colour": "dark"}, {}])
def test_an_unknown_preference_is_refused(client: Client, form: dict[str, str]) -> None:
    assert client.post("/preferences", form).status_code == HTTPStatus.BAD_REQUEST


def test_a_preference_never_sends_anybody_to_another_site(client: Client) -> None:
    response = client.post("/preferences", {"theme": "dark", "next": "https://example.org/"})
    assert response.headers["Location"] == "/"


def test_a_cookie_with_nonsense_falls_back_to_the_default(client: Client, db: None) -> None:
    client.cookies["nofx_theme"] = "<script>"
    assert 'data-theme="system"' in client.get("/sign-in").content.decode()


def test_the_rail_marks_at_most_one_entry_and_the_closest() -> None:
    current = [link.label for link in rail_links("/admin/auth/", is_staff=True) if link.is_current]
    assert current == ["Admin"]
    assert [link for link in rail_links("/nowhere", is_staff=True) if link.is_current] == []


def test_the_rail_offers_the_admin_site_to_staff_only() -> None:
    assert "Admin" not in [link.label for link in rail_links("/", is_staff=False)]
    assert "Admin" in [link.label for link in rail_links("/", is_staff=True)]


def test_a_page_has_the_name_that_the_rail_gives_it(browser: Client, person: User) -> None:
    scope = Scope.objects.create(organisation=Organisation.objects.create(name="Acme"))
    RoleAssignment.objects.create(user=person, scope=scope, role=RoleAssignment.Role.ENGINEER)
    for link in rail_links("/", is_staff=False):
        assert f"<h1>{link.label}</h1>" in browser.get(link.url).content.decode(), link.label


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_needs_no_context(name: str) -> None:
    html = render_to_string(f"{name}.html")
    assert html.count("<h1>") == 1
    assert 'href="/"' in html


def test_an_unknown_address_gets_our_page_in_the_frame_of_whoever_is_signed_in(browser: Client) -> None:
    response = browser.get("/no/such/page")
    assert response.status_code == HTTPStatus.NOT_FOUND
    page = response.content.decode()
    assert "<h1>There is nothing here</h1>" in page
    assert '<nav class="rail"' in page
    assert response.headers["X-Request-ID"] in page
    assert "Sign in" not in page


def test_a_stranger_is_offered_to_sign_in_where_there_is_nothing(client: Client, db: None) -> None:
    page = client.get("/no/such/page").content.decode()
    assert '<nav class="rail"' not in page
    assert 'href="/sign-in?next=/no/such/page"' in page


@pytest.mark.parametrize(
    ("sent_from", "way_on"), [("/specs/new", 'href="/specs/new"'), ("https://elsewhere.test/x", 'href="/">Go home')]
)
def test_a_form_without_a_token_leads_back_to_its_page(person: User, sent_from: str, way_on: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    response = client.post("/sign-out", headers={"Referer": sent_from})
    assert response.status_code == HTTPStatus.FORBIDDEN
    page = response.content.decode()
    assert "<h1>The form is out of date</h1>" in page
    assert '<nav class="rail"' in page
    assert way_on in page
    assert "elsewhere.test" not in page


def test_what_breaks_is_said_with_the_id_to_find_it_by_in_the_log(
    browser: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("apps.console.gallery.samples", broken)
    browser.raise_request_exception = False
    response = browser.get("/design")
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    page = response.content.decode()
    assert "Something went wrong on our side" in page
    assert response.headers["X-Request-ID"] in page
    assert "secret detail" not in page
    (record,) = [record for record in caplog.records if record.exc_info]
    assert RequestIds().filter(record)
    assert record.request_id == f" request={response.headers['X-Request-ID']}"


def test_a_line_of_the_log_without_a_request_has_no_id() -> None:
    record = logging.makeLogRecord({"name": "nofx", "msg": "Started."})
    assert RequestIds().filter(record)
    line = logging.Formatter("{name}{request_id} {message}", style="{").format(record)
    assert line == "nofx Started."


def test_a_program_gets_its_errors_as_problem_json(browser: Client) -> None:
    answer = browser.get("/api/no/such/thing")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.headers["Content-Type"] == "application/problem+json"
    refused = Client(enforce_csrf_checks=True)
    refused.force_login(User.objects.get())
    answer = refused.post("/api/quality/review", {"code": "x = 1"}, content_type="application/json")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_plotly_comes_from_its_package_and_nothing_else_does() -> None:
    assert str(finders.find("vendor/plotly/plotly.min.js")).endswith("plotly.min.js")
    assert finders.find("vendor/plotly/widgetbundle.js") is None
    assert [name for name, _ in PackageFilesFinder().list(None)] == ["plotly.min.js"]


def test_the_basic_build_of_plotly_is_of_the_same_version_as_the_full_one() -> None:
    version = re.compile(r"plotly\.js (?:\(basic - minified\) )?v([\d.]+)")
    versions = []
    for path in ("vendor/plotly/plotly.min.js", BASIC_PLOTLY):
        with Path(str(finders.find(path))).open(encoding="utf-8") as library:
            found = version.search(library.read(400))
        assert found is not None
        versions.append(found.group(1))
    assert versions[0] == versions[1]
    assert versions[0] in BASIC_PLOTLY


@pytest.mark.parametrize(
    ("types", "library"),
    [
        (["scatter", "bar"], BASIC_PLOTLY),
        ([None], BASIC_PLOTLY),
        (["scatter", "treemap"], "vendor/plotly/plotly.min.js"),
    ],
)
def test_a_chart_loads_the_smallest_build_that_draws_it(types: list[str | None], library: str) -> None:
    assert chart_library({"data": [{"type": one} if one else {} for one in types]}) == library


class FakeHtmx:
    """What django-htmx's middleware leaves on a request."""

    def __init__(self, *, boosted: bool = False, history_restore_request: bool = False) -> None:
        self.boosted = boosted
        self.history_restore_request = history_restore_request


def request_with(details: FakeHtmx | None) -> Any:
    request = RequestFactory().get("/")
    request.htmx = details
    return request


@pytest.mark.parametrize(
    ("details", "wants"),
    [
        (None, False),
        (FakeHtmx(), True),
        (FakeHtmx(boosted=True), False),
        (FakeHtmx(history_restore_request=True), False),
    ],
)
def test_only_a_swap_gets_a_fragment(details: FakeHtmx | None, wants: bool) -> None:
    assert htmx.wants_fragment(request_with(details)) is wants


def test_a_message_after_a_swap_is_a_toast() -> None:
    response = htmx.notify(request_with(FakeHtmx()), HttpResponse(), "Saved.")
    assert response.headers["HX-Trigger"] == '{"toast": {"text": "Saved.", "level": "success"}}'


def test_a_redirect_works_for_htmx_and_for_a_plain_form() -> None:
    assert htmx.redirect_after(request_with(FakeHtmx()), "/specs").headers["HX-Redirect"] == "/specs"
    assert htmx.redirect_after(request_with(None), "/specs").headers["Location"] == "/specs"
