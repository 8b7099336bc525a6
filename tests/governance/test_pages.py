"""The governance pages."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg.errors import DiskFull

from apps.core.clock import now
from apps.governance import subjects
from apps.governance.middleware import ProblemPages
from apps.governance.models import AuditEvent, Ballot
from apps.governance.services import audit_record, token_issue
from apps.governance.types import Outcome, Role
from tests.people import signed_in

INDEX, AUDIT = "/governance", "/governance/audit"
VERIFY = "/governance/audit/verify"


@pytest.fixture
def auditor(person):
    return person("ada", Role.AUDITOR)


@pytest.fixture
def visit():
    def get(user, path, **query):
        return signed_in(user).get(path, query)

    return get


@pytest.mark.parametrize("path", [INDEX, AUDIT])
def test_pages_ask_who_you_are(db, client, path):
    assert client.get(path).status_code == 302


def test_the_overview_says_who_must_approve_and_that_nothing_happened_yet(visit, auditor):
    html = visit(auditor, INDEX).content.decode()
    for words in ("a reviewer", "an owner", "an architect", "a quality lead", "Nothing waits", "No gate is open"):
        assert words in html
    assert "not verified yet" in html


def test_the_overview_shows_what_waits_and_what_was_decided(visit, auditor, person, scope, monkeypatch):
    subject = uuid4()
    pages = subjects.SubjectPages(
        titles=lambda ids: {subject: "Parse addresses"} if subject in ids else {},
        url=lambda identity: f"/requests/{identity}/review",
        open_for=lambda user, limit: [
            subjects.OpenDecision("Round prices", "/requests/1/review", "shop", "low", now())
        ],
    )
    monkeypatch.setitem(subjects._pages, "probe", pages)
    Ballot.objects.create(
        subject_kind="probe",
        subject_id=subject,
        subject_digest="d" * 64,
        scope=scope,
        voter=person("ravi", Role.REVIEWER),
        verdict="block",
        rationale="It logs the key.",
    )
    html = visit(auditor, INDEX).content.decode()
    for words in ("Round prices", "Parse addresses", f"/requests/{subject}/review", "It logs the key.", "ravi"):
        assert words in html


def test_verdicts_of_unreadable_repositories_are_not_shown(visit, person, scope, other_scope):
    Ballot.objects.create(
        subject_kind="probe",
        subject_id=uuid4(),
        subject_digest="d",
        scope=other_scope,
        voter=person("ravi", Role.REVIEWER),
        verdict="block",
        rationale="Elsewhere.",
    )
    assert "Elsewhere." not in visit(person("erin", Role.ENGINEER), INDEX).content.decode()


def test_the_audit_list_names_people_and_narrows(visit, auditor, scope):
    audit_record(action="ballot.cast", object_kind="request", object_id=1, actor=auditor, scope=scope, reason="Fine.")
    audit_record(
        action="token.use",
        object_kind="token",
        object_id=2,
        actor=auditor,
        scope=scope,
        outcome=Outcome.DENIED,
        reason="No.",
    )
    html = visit(auditor, AUDIT).content.decode()
    assert "Fine." in html
    assert "ada" in html
    narrowed = visit(auditor, AUDIT, outcome="denied").content.decode()
    assert "No." in narrowed
    assert "Fine." not in narrowed
    assert "No entry fits" in visit(auditor, AUDIT, action="nothing").content.decode()


def test_the_audit_list_says_what_was_done_in_words_beside_the_name_to_search_for(visit, auditor, scope, person):
    erin = person("erin", Role.ENGINEER)
    audit_record(
        action="role.assign",
        object_kind="user",
        object_id=erin.pk,
        actor=auditor,
        scope=scope,
        detail={"role": "quality_lead"},
    )
    audit_record(
        action="gate_definition.publish",
        object_kind="gate_definition",
        object_id=2,
        actor=auditor,
        scope=scope,
        outcome=Outcome.DENIED,
    )
    html = visit(auditor, AUDIT).content.decode()
    assert 'made erin quality lead of shop <span class="mono tiny muted">role.assign</span>' in html
    assert "tried to publish what gates of shop ask for" in html
    assert '<span title="gate_definition">gate definition</span>' in html


def test_the_audit_list_is_paged(visit, auditor, scope):
    for number in range(60):
        audit_record(action="x", object_kind="k", object_id=number, actor=None, scope=scope, reason=f"Step {number}.")
    first = visit(auditor, AUDIT, action="x")
    assert "Step 59." in first.content.decode()
    assert "Step 9." not in first.content.decode()
    older = visit(auditor, AUDIT, action="x", after=first.context["next_cursor"]).content.decode()
    assert "Step 9." in older
    assert "Newest" in older
    assert visit(auditor, AUDIT, after="nonsense").status_code == 400


def test_the_pages_cost_the_same_for_one_row_and_for_many(auditor, scope, person):
    client = Client()
    client.force_login(auditor)

    def grow() -> None:
        number = Ballot.objects.count()
        voter = person(f"voter{number}", Role.REVIEWER)
        audit_record(action="x", object_kind="k", object_id=1, actor=voter, scope=scope)
        Ballot.objects.create(
            subject_kind="request", subject_id=uuid4(), subject_digest="d", scope=scope, voter=voter, verdict="approve"
        )

    def queries() -> list[int]:
        counts = []
        for path in (INDEX, AUDIT):
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            counts.append(len(captured))
        return counts

    grow()
    few = queries()
    for _ in range(10):
        grow()
    assert queries() == few


def test_verifying_is_recorded_and_shown(visit, auditor, scope):
    client = Client()
    client.force_login(auditor)
    answer = client.post(VERIFY, follow=True)
    assert "Verified: all" in answer.content.decode()
    event = AuditEvent.objects.get(action="audit.verify")
    assert (event.outcome, event.actor_id) == ("done", str(auditor.pk))
    assert "verified" in visit(auditor, INDEX).content.decode()


def test_a_broken_chain_is_said_plainly(as_owner, auditor, scope):
    audit_record(action="x", object_kind="k", object_id=1, actor=None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE governance_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE governance_auditevent SET reason = 'other' WHERE sequence = 1")
    client = Client()
    client.force_login(auditor)
    html = client.post(VERIFY, follow=True).content.decode()
    assert "The chain is broken. Entry 1 was changed." in html
    assert AuditEvent.objects.get(action="audit.verify").outcome == "failed"


def test_an_engineer_may_not_verify_and_the_attempt_is_recorded(person):
    client = Client()
    client.force_login(person("erin", Role.ENGINEER))
    assert "Verify the chain" not in client.get(INDEX).content.decode()
    assert client.post(VERIFY).status_code == 403
    assert AuditEvent.objects.get(outcome="denied").action == "audit.read"


def test_verifying_needs_a_post(auditor):
    client = Client()
    client.force_login(auditor)
    assert client.get(VERIFY).status_code == 405


class TestAdminSite:
    @pytest.fixture
    def admin(self, person):
        client = Client()
        client.force_login(person("root", is_superuser=True, is_staff=True))
        return client

    @pytest.mark.parametrize(
        "model",
        [
            "user",
            "roleassignment",
            "organisation",
            "scope",
            "codeowner",
            "apitoken",
            "ballot",
            "auditevent",
            "idempotencykey",
        ],
    )
    def test_every_table_is_listed(self, admin, scope, model):
        audit_record(action="x", object_kind="k", object_id=1, actor=None)
        assert admin.get(reverse(f"admin:governance_{model}_changelist"), {"q": "x"}).status_code == 200

    @pytest.mark.parametrize("model", ["ballot", "auditevent", "apitoken", "idempotencykey"])
    def test_history_cannot_be_written(self, admin, model):
        assert admin.get(reverse(f"admin:governance_{model}_add")).status_code == 403

    def test_a_role_is_given_through_the_rules(self, admin, scope, person):
        chair = person("chidi", Role.CHAIR)
        page = reverse("admin:governance_roleassignment_add")
        refused = admin.post(page, {"user": chair.pk, "scope": scope.pk, "role": "admin"})
        assert "An administrator cannot sit on the committee." in refused.content.decode()
        given = admin.post(page, {"user": chair.pk, "scope": scope.pk, "role": "reviewer"})
        assert given.status_code == 302
        assert AuditEvent.objects.get(action="role.assign").detail == {"role": "reviewer"}

    def test_a_role_is_taken_away_and_recorded(self, admin, scope, person):
        assignment = person("erin", Role.ENGINEER).role_assignments.get()
        page = reverse("admin:governance_roleassignment_delete", args=[assignment.pk])
        assert admin.post(page, {"post": "yes"}).status_code == 302
        assert AuditEvent.objects.filter(action="role.remove").exists()

    def test_a_member_of_the_committee_does_not_become_an_administrator(self, admin, person):
        chair = person("chidi", Role.CHAIR)
        page = reverse("admin:governance_user_change", args=[chair.pk])
        answer = admin.post(page, {"username": "chidi", "is_superuser": "on", "is_active": "on"})
        assert "Take that role away first." in answer.content.decode()
        chair.refresh_from_db()
        assert not chair.is_superuser

    def test_an_account_cannot_be_removed(self, admin, person):
        erin = person("erin")
        assert admin.post(reverse("admin:governance_user_delete", args=[erin.pk]), {"post": "yes"}).status_code == 403

    def test_tokens_can_be_revoked(self, admin, person):
        erin = person("erin")
        token, _ = token_issue(user=erin, name="t", scopes=[], lifetime=timedelta(days=1), issued_by=erin)
        page = reverse("admin:governance_apitoken_changelist")
        admin.post(page, {"action": "revoke", "_selected_action": [token.pk]})
        token.refresh_from_db()
        assert token.revoked_at is not None


def test_a_full_disk_is_a_page_and_a_problem_of_the_api(person, rf):
    pages = ProblemPages(lambda request: HttpResponse())
    full = OperationalError("could not extend file")
    full.__cause__ = DiskFull()
    for path, kind in (("/specs/save", "text/html"), ("/api/ai/generate/code", "application/problem+json")):
        request = rf.post(path)
        request.user, request.csp_nonce, request.htmx = AnonymousUser(), "nonce", False
        answer = pages.process_exception(request, full)
        assert answer is not None
        assert answer.status_code == 507
        assert answer["Content-Type"].startswith(kind)
        assert "so this was not saved." in answer.content.decode()
        assert pages.process_exception(request, ValueError()) is None
