"""The pages of retention, holds and erasures: who sees them, and both signatures by hand."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.governance.models import AuditEvent, Erasure, LegalHold, RetentionSetting
from apps.governance.services import hold_place
from apps.governance.sessions import AUTHENTICATED
from apps.governance.types import Role

PAGE = "/governance/retention"


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.NOFX_BACKUPS = tmp_path / "backups"
    settings.NOFX_AUDIT_ANCHORS = tmp_path / "anchors"


@pytest.fixture
def browser(person, organisation):
    """A browser of somebody with a role in the whole organisation."""

    def of(name: str, role: Role) -> Client:
        client = Client()
        client.force_login(person(name, role, where=organisation))
        return client

    return of


@pytest.fixture
def admin(browser):
    return browser("opal", Role.ADMIN)


@pytest.fixture
def chair(browser):
    return browser("carl", Role.CHAIR)


def html(answer) -> str:
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_it_is_for_those_who_read_the_audit_of_an_organisation(client, browser, person):
    assert client.get(PAGE).status_code == 302
    client.force_login(person("erin", Role.ENGINEER))
    assert client.get(PAGE).status_code == 403
    page = html(browser("ada", Role.AUDITOR).get(PAGE))
    assert "Law of the database" in page
    assert "Sign first" not in page
    assert "Place the hold" not in page


def test_a_dry_run_is_shown_and_changes_nothing(admin):
    assert "Nothing was changed." not in html(admin.get(PAGE))
    before = AuditEvent.objects.count()
    page = html(admin.get(f"{PAGE}?dry_run=1"))
    assert "Nothing was changed." in page
    assert "Keeps them: two people sign first" in page
    assert AuditEvent.objects.count() == before


def test_two_people_change_for_how_long_something_is_kept(admin, chair):
    answer = admin.post(f"{PAGE}/new", {"data_class": "rejected_candidates", "days": 120, "reason": "Space."})
    waiting = admin.get(PAGE).content.decode().partition("Waits for a second signature")[2].partition("</table>")[0]
    assert "Code of candidates that were not chosen" in waiting
    assert answer.status_code == 302
    setting = RetentionSetting.objects.get()
    assert "Sign second" not in html(admin.get(PAGE))
    assert admin.post(f"{PAGE}/{setting.pk}/sign").status_code == 403
    assert "Sign second" in html(chair.get(PAGE))
    assert chair.post(f"{PAGE}/{setting.pk}/sign").status_code == 302
    assert "opal and carl" in html(admin.get(PAGE))
    assert chair.post(f"{PAGE}/{setting.pk}/withdraw").status_code == 409


def test_what_is_wrong_is_said_in_the_form_and_kept(admin):
    answer = admin.post(f"{PAGE}/new", {"data_class": "sessions", "days": 9000, "reason": "Because."})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "This is kept for at most 400 days." in page
    assert "Because." in page
    answer = admin.post("/governance/holds/new", {"reason": "Dispute.", "request_id": "nonsense"})
    assert (answer.status_code, "This is no id of a request." in answer.content.decode()) == (422, True)
    answer = admin.post("/governance/holds/new", {"reason": "Dispute."})
    assert "Name exactly one of them" in answer.content.decode()


def test_a_hold_is_placed_by_one_and_released_by_two(admin, chair, scope):
    assert admin.post("/governance/holds/new", {"scope": scope.pk, "reason": "Dispute."}).status_code == 302
    hold = LegalHold.objects.get()
    assert "Acme/shop" in html(chair.get(PAGE))
    assert chair.post(f"/governance/holds/{hold.pk}/release").status_code == 409
    assert admin.post(f"/governance/holds/{hold.pk}/release-ask").status_code == 302
    assert admin.post(f"/governance/holds/{hold.pk}/release").status_code == 403
    assert chair.post(f"/governance/holds/{hold.pk}/release").status_code == 302
    hold.refresh_from_db()
    assert hold.released_at is not None


def test_what_an_erasure_does_is_shown_before_anybody_signs(admin, chair, person):
    olga = person("olga", Role.ENGINEER, first_name="Olga", email="olga@acme.example")
    page = html(admin.get("/governance/erasures/new?person=olga"))
    assert "olga@acme.example" in page
    assert f"erased-{olga.pk}" in page
    assert Erasure.objects.count() == 0
    assert admin.post(f"/governance/erasures/new/{olga.pk}", {"reason": "By letter."}).status_code == 302
    erasure = Erasure.objects.get()
    assert "Sign second and erase" not in html(admin.get(f"/governance/erasures/{erasure.pk}"))
    assert "Sign second and erase" in html(chair.get(f"/governance/erasures/{erasure.pk}"))
    assert chair.post(f"/governance/erasures/{erasure.pk}/sign").status_code == 302
    page = html(admin.get(f"/governance/erasures/{erasure.pk}"))
    assert f"Erase erased-{olga.pk}" in page
    assert "olga" not in page.lower()


def test_an_erasure_under_a_hold_offers_no_signature(admin, person, browser):
    olga = person("olga", Role.ENGINEER)
    hold_place(person=olga, actor=person("root", is_superuser=True), reason="r", is_interactive=True)
    page = html(admin.get("/governance/erasures/new?person=olga"))
    assert "A legal hold covers this person." in page
    assert "Sign first" not in page
    answer = admin.post(f"/governance/erasures/new/{olga.pk}", {"reason": "By letter."})
    assert answer.status_code == 409
    assert AuditEvent.objects.filter(outcome="denied", action="erasure.ask").exists()


def test_an_unknown_person_or_request_is_said(admin):
    answer = admin.get("/governance/erasures/new?person=nobody")
    assert (answer.status_code, "There is no account of this name." in answer.content.decode()) == (422, True)
    assert admin.get(f"/governance/erasures/{uuid4()}").status_code == 404


def test_the_page_costs_the_same_for_one_row_and_for_many(admin, person):
    root = person("root", is_superuser=True)

    def grow() -> None:
        hold_place(request_id=uuid4(), actor=root, reason="r", is_interactive=True)
        RetentionSetting.objects.create(data_class="sessions", days=30, reason="r", asked_by=root)
        Erasure.objects.create(person=person(f"gone-{uuid4()}"), reason="r", asked_by=root)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin.get(PAGE)
        return len(captured)

    grow()
    few = queries()
    for _ in range(6):
        grow()
    assert queries() == few


def test_whoever_signs_shows_first_that_it_is_them(admin):
    session = admin.session
    del session[AUTHENTICATED]
    session.save()
    answer = admin.post(f"{PAGE}/new", {"data_class": "sessions", "days": 30, "reason": "Space."})
    assert (answer.status_code, answer["Location"].startswith("/confirm")) == (302, True)
    assert RetentionSetting.objects.count() == 0
