"""The page of the ladder, the banner on every page, and the incidents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.clock import now
from apps.governance.models import AuditEvent, Incident, Rung, Scope, Suspension, User
from apps.governance.selectors.ladder import ladder_summary
from apps.governance.services import generation_suspend, incident_open, role_assign, scope_create, tripwires_check
from apps.governance.types import Role
from tests.decided import rung_decided
from tests.places import pilot_made

pytestmark = pytest.mark.django_db

MakePerson = Callable[..., User]
PAGE = "/governance/ladder"


@pytest.fixture
def chair(person: MakePerson, organisation: Scope) -> User:
    return person("chair", Role.CHAIR, where=organisation)


@pytest.fixture
def member(person: MakePerson, organisation: Scope) -> User:
    return person("member", Role.COMMITTEE, where=organisation)


def grant(scope: Scope, title: str = "Wave 2", **options: Any) -> Rung:
    wanted = {"title": title, "scopes": [scope], "expires_at": now() + timedelta(days=10, hours=1)}
    return rung_decided(**{**wanted, **options})


def page(client: Client, user: User, url: str = PAGE) -> str:
    client.force_login(user)
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_ladder_says_what_opens_a_repository(client: Client, chair: User, scope: Scope) -> None:
    text = page(client, chair)
    assert "No rung is granted yet" in text
    assert "the next gate of the committee whose scope names it" in text


def test_a_rung_shows_what_it_opens_until_when_and_its_tripwires(client: Client, chair: User, scope: Scope) -> None:
    rung = grant(scope)
    tripwires_check(rung_id=rung.pk)
    text = page(client, chair)
    assert "Wave 2" in text
    assert "in 10 days" in text
    assert "ends soon" in text
    assert "Open incidents" in text
    assert "above 0, of 28 days" in text


def test_a_title_from_outside_is_shown_as_text(client: Client, chair: User, scope: Scope) -> None:
    grant(scope, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in page(client, chair)


def test_a_stranger_sees_nothing_of_the_ladder(client: Client, scope: Scope) -> None:
    grant(scope)
    generation_suspend(kind="repository", scope=scope, actor=User.objects.create_superuser("root"), reason="Secret.")
    text = page(client, User.objects.create_user("stranger", password="correct horse battery"))
    assert "Wave 2" not in text
    assert "Secret." not in text


def test_the_chair_suspends_with_one_form_and_every_page_says_so(
    client: Client, chair: User, organisation: Scope
) -> None:
    client.force_login(chair)
    answer = client.post(reverse("governance:ladder-suspend"), {"kind": "everything", "scope": organisation.pk})
    assert answer.status_code == 302
    suspension = Suspension.objects.get()
    assert suspension.suspended_by == chair
    for url in (PAGE, "/governance", "/governance/audit"):
        assert "All generation in Acme is suspended since" in page(client, chair, url)
    client.post(reverse("governance:suspension-explain", args=[suspension.pk]), {"reason": "It deletes tests."})
    assert "It deletes tests." in page(client, chair)


def test_who_may_not_suspend_has_no_button_and_is_refused_and_recorded(
    client: Client, person: MakePerson, organisation: Scope, scope: Scope
) -> None:
    quinn = person("quinn", Role.QUALITY_LEAD, where=organisation)
    erin = person("erin", Role.ENGINEER)
    assert "Suspend now" not in page(client, erin)
    assert (
        client.post(reverse("governance:ladder-suspend"), {"kind": "repository", "scope": scope.pk}).status_code == 422
    )
    client.force_login(quinn)
    answer = client.post(reverse("governance:ladder-suspend"), {"kind": "everything", "scope": organisation.pk})
    assert answer.status_code == 403
    assert AuditEvent.objects.get(action="generation.suspend").outcome == "denied"
    assert not Suspension.objects.exists()


def offered(client: Client, user: User) -> tuple[list[str], list[str]]:
    client.force_login(user)
    form = client.get(PAGE).context["form"]
    choices = [[str(label) for _, label in form.fields[name].widget.choices] for name in ("kind", "scope")]
    return choices[0], choices[1]


def test_a_quality_lead_is_offered_repositories_to_suspend_and_nothing_else(
    client: Client, person: MakePerson, organisation: Scope, scope: Scope
) -> None:
    quinn = person("quinn", Role.QUALITY_LEAD, where=organisation)
    assert offered(client, quinn) == (["Repository"], ["Acme/shop"])
    text = page(client, quinn)
    assert '<input type="hidden" name="model"' in text
    assert 'value="everything"' not in text


def test_a_chair_is_offered_all_that_can_be_suspended(client: Client, chair: User, scope: Scope) -> None:
    kinds, places = offered(client, chair)
    assert kinds == ["Everything", "Model", "Repository"]
    assert places == ["all of Acme", "Acme/shop"]


def test_a_chair_of_one_organisation_is_not_offered_another_where_they_lead_quality(
    client: Client, chair: User, scope: Scope
) -> None:
    beyond = scope_create(organisation="Beyond", created_by=None)
    scope_create(organisation="Beyond", repository="tills", created_by=None)
    role_assign(user=chair, role=Role.QUALITY_LEAD, scope=beyond, granted_by=None)
    assert offered(client, chair)[1] == ["all of Acme", "Acme/shop", "Beyond/tills"]


def test_the_committee_resumes_on_the_page(client: Client, chair: User, member: User, organisation: Scope) -> None:
    suspension = generation_suspend(kind="everything", scope=organisation, actor=chair, reason="It deletes tests.")
    said = {"verdict": "approve", "digest": suspension.content_digest, "rationale": "Mended."}
    url = reverse("governance:suspension-vote", args=[suspension.pk])
    client.force_login(chair)
    client.post(url, said)
    assert "1 of 2" in page(client, member)
    client.post(url, said)
    suspension.refresh_from_db()
    assert suspension.resumed_at is not None
    assert "Suspended before" in page(client, chair)
    assert client.post(url, said).status_code == 409


def test_a_vote_without_its_csrf_token_is_refused(chair: User, organisation: Scope) -> None:
    suspension = generation_suspend(kind="everything", scope=organisation, actor=chair)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(chair)
    url = reverse("governance:suspension-vote", args=[suspension.pk])
    assert strict.post(url, {"verdict": "approve", "digest": suspension.content_digest}).status_code == 403


def test_a_committee_without_people_is_told_who_is_missing(client: Client, chair: User, organisation: Scope) -> None:
    generation_suspend(kind="everything", scope=organisation, actor=chair)
    assert "Nobody could resume this now" in page(client, chair)


def test_a_rung_and_a_pilot_are_ended_on_the_page(
    client: Client, chair: User, organisation: Scope, scope: Scope
) -> None:
    rung, pilot = grant(scope), pilot_made(organisation)
    client.force_login(chair)
    client.post(reverse("governance:rung-end", args=[rung.pk]), {"reason": "Enough."})
    rung.refresh_from_db()
    assert rung.end_reason == "Enough."
    assert client.post(reverse("governance:pilot-end", args=[pilot.pk]), {"reason": "Enough."}).status_code == 403
    client.force_login(User.objects.create_superuser("root"))
    client.post(reverse("governance:pilot-end", args=[pilot.pk]), {"reason": "Enough."})
    pilot.refresh_from_db()
    assert not pilot.is_pilot


def test_the_page_takes_as_many_queries_for_many_rungs_as_for_one(client: Client, chair: User, scope: Scope) -> None:
    grant(scope)
    page(client, chair)
    with CaptureQueriesContext(connection) as one:
        page(client, chair)
    for number in range(10):
        grant(scope, f"Wave {number}")
    with CaptureQueriesContext(connection) as many:
        page(client, chair)
    assert len(many) == len(one)


def test_home_gets_the_ladder_in_a_few_words(
    chair: User, organisation: Scope, scope: Scope, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    pilot_made(organisation)
    grant(scope)
    with django_assert_max_num_queries(5):
        summary = ladder_summary(chair)
    assert (summary.pilots, summary.opened, summary.closed) == (1, 1, 0)
    assert (summary.rung, summary.days_left, summary.suspended) == ("Wave 2", 10, 0)


def test_an_incident_is_opened_and_closed_on_its_page(
    client: Client, person: MakePerson, scope: Scope, chair: User
) -> None:
    erin = person("erin", Role.ENGINEER)
    client.force_login(erin)
    said = {"scope": scope.pk, "title": "Prices were halved.", "severity": "high"}
    assert client.post(reverse("governance:incident-open"), said).status_code == 302
    assert "Prices were halved." in page(client, erin, "/governance/incidents")
    incident = Incident.objects.get()
    close = reverse("governance:incident-close", args=[incident.pk])
    assert client.post(close, {"resolution": "Mended."}).status_code == 403
    client.force_login(chair)
    client.post(close, {"resolution": "Mended."})
    assert "Mended." in page(client, chair, "/governance/incidents")
    assert client.post(reverse("governance:incident-open"), {**said, "severity": "huge"}).status_code == 422


def test_the_incidents_of_others_do_not_exist(client: Client, scope: Scope, chair: User) -> None:
    incident = incident_open(scope=scope, title="Prices were halved.", severity="low", actor=chair)
    stranger = User.objects.create_user("stranger", password="correct horse battery")
    assert "Prices were halved." not in page(client, stranger, "/governance/incidents")
    assert client.post(reverse("governance:incident-close", args=[incident.pk])).status_code == 404
