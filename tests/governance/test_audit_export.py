"""People find what they look for in the chain, take away what they may read, and refusals fill no disk."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient, Client

from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import PermissionRefused
from apps.governance.errors import Denial, NotAllowed
from apps.governance.models import AuditEvent, RoleAssignment, User
from apps.governance.selectors.audit import audit_search
from apps.governance.services import audit_record, denial_record, scope_create, token_issue
from apps.governance.services.audit import DENIALS_AN_HOUR
from apps.governance.types import Role

ROWS = 100_000
# One row in twelve at most is looked at for a page of 50: a few milliseconds.
MOST_ROWS = 8_000
SEARCHES: tuple[dict[str, Any], ...] = (
    {},
    {"actor": "erin"},
    {"action": "rare"},
    {"object_kind": "rare"},
    {"outcome": "denied"},
    {"object_kind": "k", "object_id": "77777"},
    {"since": date(2026, 3, 1), "until": date(2026, 3, 2)},
    {"actor": "erin", "outcome": "denied"},
    {"until": date(2026, 1, 2)},
)


@pytest.fixture
def auditor(person, organisation):
    return person("ada", Role.AUDITOR, where=organisation)


@pytest.fixture
def engineer(person):
    return person("erin", Role.ENGINEER)


def note(actor: User | None, action: str = "a", **fields: object) -> AuditEvent:
    return audit_record(**{"action": action, "object_kind": "k", "object_id": 1, "actor": actor, **fields})


def sequences(user: User, **wanted: object) -> list[int]:
    return list(audit_search(user, wanted).order_by("sequence").values_list("sequence", flat=True))


class TestFilters:
    def test_an_actor_is_found_by_name_and_by_id(self, auditor, engineer):
        mine = note(engineer)
        note(None)
        assert sequences(auditor, actor="erin") == sequences(auditor, actor=str(engineer.pk)) == [mine.sequence]
        assert sequences(auditor, actor="nobody") == []

    def test_days_are_inclusive_and_in_utc(self, auditor, monkeypatch):
        for day, hour in ((1, 0), (2, 23), (3, 0)):
            at = datetime(2026, 11, day, hour, tzinfo=UTC)
            monkeypatch.setattr("apps.governance.services.audit.now", lambda at=at: at)
            note(None, f"day.{day}")
        found = audit_search(auditor, {"since": date(2026, 11, 1), "until": date(2026, 11, 2)})
        assert list(found.order_by("sequence").values_list("action", flat=True)) == ["day.1", "day.2"]

    def test_the_page_filters_and_says_what_is_wrong_with_a_filter(self, client, auditor):
        note(None, "ballot.cast")
        note(None, "request.submit")
        client.force_login(auditor)
        page = client.get("/governance/audit?action=ballot.cast").content.decode()
        assert "ballot.cast</span></td>" in page
        assert "request.submit</span></td>" not in page
        assert (
            "This is before the first day."
            in client.get("/governance/audit?since=2026-11-02&until=2026-11-01").content.decode()
        )


@pytest.fixture
def long_chain(as_owner, auditor, engineer, scope):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO governance_auditevent (sequence, at, actor_id, actor_type, on_behalf_of, session_digest,"
            " action, object_kind, object_id, scope_id, before_digest, after_digest, reason, outcome, detail,"
            " previous_hash, hash)"
            " SELECT 1000 + n, '2026-01-01'::timestamptz + n * interval '3 minutes',"
            " CASE WHEN n %% 1000 = 0 THEN %s ELSE '7' || n %% 50 END, 'human', '', '',"
            " CASE WHEN n %% 30000 = 0 THEN 'rare' ELSE 'request.' || n %% 20 END,"
            " CASE WHEN n %% 40000 = 0 THEN 'rare' ELSE 'k' END, n, %s, '', '', '',"
            " CASE WHEN n %% 5000 = 0 THEN 'denied' ELSE 'done' END, '{}', repeat('0', 64),"
            " encode(sha256(n::text::bytea), 'hex') FROM generate_series(1, %s) AS n",
            [str(engineer.pk), scope.pk, ROWS],
        )
        cursor.execute("ANALYZE governance_auditevent")


def looked_at(plan: dict[str, Any]) -> int:
    """Return how many rows a plan that was run looked at, kept or not."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return int(own) + sum(looked_at(part) for part in plan.get("Plans", ()))


def test_a_page_of_a_long_chain_looks_at_few_of_its_rows(long_chain, auditor, engineer):
    many = {}
    for user in (auditor, engineer):
        for wanted in SEARCHES:
            page = audit_search(user, wanted).order_by("-sequence")[:51]
            (run,) = json.loads(page.explain(analyze=True, format="json"))
            if (count := looked_at(run["Plan"])) > MOST_ROWS:
                many[user.username, str(wanted)] = count
    assert many == {}


class TestExport:
    def lines(self, answer) -> list[dict[str, object]]:
        assert answer.status_code == 200
        assert answer["Content-Disposition"] == 'attachment; filename="audit.jsonl"'
        return [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]

    def test_the_whole_chain_can_be_verified_from_the_file_alone(self, client, auditor, engineer):
        for number in range(5):
            note(engineer, detail={"n": number, "text": "é\x00"})
        client.force_login(auditor)
        head, *entries, end = self.lines(client.get("/governance/audit/export", HTTP_USER_AGENT="Firefox"))
        previous = "0" * 64
        for entry in entries:
            origin, digest = entry.pop("origin"), entry.pop("hash")
            assert entry["previous_hash"] == previous
            covered = {name: value for name, value in entry.items() if name != "previous_hash"}
            previous = sha256_hex(previous.encode() + canonical_json(covered))
            assert previous == digest
        assert origin["user_agent"] == "Firefox"
        assert entry["origin_digest"] == sha256_hex(canonical_json([origin["salt"], origin["ip"], "Firefox"]))
        assert end == {"kind": "nofx.audit.export.end", "entries": len(entries)}
        assert (head["exported_by"], head["up_to"]) == (str(auditor.pk), entry["sequence"])

    def test_the_export_is_in_the_chain_with_its_filters(self, client, auditor):
        note(None, "ballot.cast")
        client.force_login(auditor)
        head, *entries, end = self.lines(client.get("/governance/audit/export?action=ballot.cast&since=2026-01-01"))
        event = AuditEvent.objects.get(action="audit.export")
        assert event.detail["filters"] == head["filters"] == {"action": "ballot.cast", "since": "2026-01-01"}
        assert [entry["action"] for entry in entries] == ["ballot.cast"]
        assert end["entries"] == 1

    def test_nobody_takes_away_what_they_may_not_read(self, client, auditor, engineer, person):
        note(auditor)
        mine = note(engineer)
        client.force_login(engineer)
        _, *entries, _ = self.lines(client.get("/governance/audit/export"))
        assert [entry["action"] for entry in entries] == ["a", "audit.export"]
        assert entries[0]["sequence"] == mine.sequence
        client.force_login(person("nemo"))
        assert len(self.lines(client.get("/governance/audit/export"))) == 2

    def test_a_filter_that_cannot_be_read_is_refused(self, client, auditor):
        client.force_login(auditor)
        assert client.get("/governance/audit/export?since=soon").status_code == 422

    def test_the_api_gives_the_same_for_a_token(self, client, auditor):
        note(None, "ballot.cast")
        _, secret = token_issue(
            user=auditor, name="t", scopes=["audit:read"], lifetime=timedelta(days=1), issued_by=auditor
        )
        bearer = {"Authorization": f"Bearer {secret}"}
        _, *entries, end = self.lines(client.get("/api/audit/export?action=ballot.cast", headers=bearer))
        assert (len(entries), end["entries"]) == (1, 1)
        assert AuditEvent.objects.get(action="audit.export").actor_is_agent
        assert client.get("/api/audit/export").status_code == 401

    def test_it_comes_in_pieces(self, client, auditor, monkeypatch):
        monkeypatch.setattr("apps.governance.selectors.audit.CHUNK", 2)
        for _ in range(5):
            note(None)
        client.force_login(auditor)
        pieces = list(client.get("/governance/audit/export").streaming_content)
        assert len(pieces) == 2 + 4
        assert json.loads(pieces[-1])["entries"] == AuditEvent.objects.count()


@pytest.mark.django_db(transaction=True)
async def test_a_server_of_the_async_kind_sends_it_in_pieces_too():
    client = AsyncClient()
    await sync_to_async(scope_create)(organisation="Acme", created_by=None)
    user = await User.objects.acreate(username="ada", is_superuser=True)
    await client.aforce_login(user)
    answer = await client.get("/governance/audit/export")
    pieces = [piece async for piece in answer.streaming_content]
    assert json.loads(pieces[-1]) == {"kind": "nofx.audit.export.end", "entries": 2}


class TestRefusals:
    @pytest.fixture
    def denials(self, db):
        return lambda: list(AuditEvent.objects.filter(outcome="denied").values_list("action", "detail__code"))

    def test_through_a_page(self, client, engineer, denials):
        client.force_login(engineer)
        assert client.post("/governance/audit/verify").status_code == 403
        assert denials() == [("audit.read", "permission.role_missing")]

    def test_through_the_admin_site(self, client, engineer, denials):
        engineer.is_staff = True
        engineer.save(update_fields=["is_staff"])
        client.force_login(engineer)
        assert client.get("/admin/governance/user/").status_code == 403
        assert denials() == [("address.use", "permission_refused")]

    def test_through_a_verb_and_a_noun_of_the_api(self, client, engineer, denials):
        _, secret = token_issue(user=engineer, name="t", scopes=[], lifetime=timedelta(days=1), issued_by=engineer)
        bearer = {"Authorization": f"Bearer {secret}"}
        assert client.get("/api/audit/export", headers=bearer).status_code == 403
        assert client.get("/api/v1/audit-events", headers=bearer).status_code == 403
        assert denials() == [("token.use", "permission.token_scope_missing")] * 2

    def test_through_a_form_of_another_site(self, engineer, denials):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(engineer)
        assert strict.post("/governance/audit/verify").status_code == 403
        assert denials() == [("address.use", "permission.csrf")]

    def test_a_refusal_that_names_nothing_is_about_the_address(self, client, engineer, denials, monkeypatch):
        def refuse(*args: object, **options: object) -> None:
            raise PermissionRefused("No.")

        monkeypatch.setattr("apps.governance.views.audit.audit_search", refuse)
        client.force_login(engineer)
        assert client.get("/governance/audit").status_code == 403
        event = AuditEvent.objects.get(outcome="denied")
        assert (event.object_id, event.reason) == ("/governance/audit", "No.")

    def test_asking_without_end_fills_no_disk_and_hides_no_other_refusal(self, engineer, auditor, denials):
        def refused(action: str, who: User) -> AuditEvent | None:
            return denial_record(error=NotAllowed("No.", denial=Denial(action, "k", "1")), actor=who)

        events = [refused("audit.read", engineer) for _ in range(DENIALS_AN_HOUR + 20)]
        assert sum(event is not None for event in events) == DENIALS_AN_HOUR
        assert events[DENIALS_AN_HOUR - 1].detail["further_refusals"] == "not recorded for up to an hour"
        assert refused("ballot.cast", engineer) is not None
        assert refused("audit.read", auditor) is not None

    def test_they_are_recorded_again_an_hour_later(self, engineer, monkeypatch):
        def refused() -> AuditEvent | None:
            return denial_record(error=NotAllowed("No.", denial=Denial("a", "k", "1")), actor=engineer)

        for _ in range(DENIALS_AN_HOUR):
            refused()
        assert refused() is None
        later = datetime.now(UTC) + timedelta(hours=1, seconds=1)
        monkeypatch.setattr("apps.governance.services.audit.now", lambda: later)
        assert refused() is not None


class TestAlarm:
    def test_a_broken_chain_is_told_on_every_page_to_those_who_may_read_it(self, client, auditor, engineer, as_owner):
        note(None)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE governance_auditevent DISABLE TRIGGER USER")
            cursor.execute("UPDATE governance_auditevent SET reason = 'x' WHERE sequence = 1")
        client.force_login(auditor)
        assert "The audit chain is broken." not in client.get("/governance").content.decode()
        client.post("/governance/audit/verify")
        for page in ("/governance", "/governance/policies"):
            assert "The audit chain is broken. Entry 1 was changed." in client.get(page).content.decode()
        client.force_login(engineer)
        assert "The audit chain is broken." not in client.get("/governance/policies").content.decode()


def test_a_stranger_elsewhere_reads_nothing_of_the_chain(client, person, organisation):
    elsewhere = scope_create(organisation="Other", repository="far", created_by=None)
    sam = person("sam")
    RoleAssignment.objects.create(user=sam, scope=elsewhere, role=Role.AUDITOR.value)
    note(None, scope=organisation)
    assert list(audit_search(sam, {})) == list(AuditEvent.objects.filter(scope=elsewhere))
