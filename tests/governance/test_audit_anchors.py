"""Whatever is done to the table, or to the anchors outside it, verification finds it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import Error, connection, models, transaction
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from apps.governance.engine.anchors import FIRST, Anchor, AnchorUnreadable, anchor_read, anchors_problem
from apps.governance.engine.chain import GENESIS, Link, entry_hash, verify
from apps.governance.models import AuditEvent, AuditOrigin, entry_content
from apps.governance.models.audit import ADDED, HASHED
from apps.governance.origin import origins
from apps.governance.services import audit_anchor, audit_check, audit_record, audit_verify
from apps.governance.services.chain import ChainBroken

REQUEST = {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "Firefox"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.NOFX_AUDIT_ANCHORS = tmp_path / "anchors"
    return settings.NOFX_AUDIT_ANCHORS


def from_a_page(number: int) -> AuditEvent:
    """Append an entry as a person at a page would."""
    request = RequestFactory().post("/", **REQUEST)
    request.request_id = f"request-{number}"
    return origins(
        lambda _: audit_record(
            action="request.submit",
            object_kind="request",
            object_id=number,
            actor=None,
            reason=f"Number {number}",
            policy_version="version 3",
            session_key="s",
            detail={"n": number},
        )
    )(request)


def old_entry(number: int, scope=None) -> AuditEvent:
    """Append an entry as it was written before format 2."""
    last = AuditEvent.objects.order_by("-sequence").first()
    event = AuditEvent(
        sequence=number,
        at=datetime(2026, 1, number, tzinfo=UTC),
        actor_id="platform",
        actor_type="system",
        action="a",
        object_kind="k",
        object_id=str(number),
        outcome="done",
        scope=scope,
        detail={},
        format=1,
        actor_is_agent=False,
        origin_digest="",
        policy_version="",
        request_id="",
        previous_hash=last.hash if last else GENESIS,
    )
    content = {name: value for name, value in entry_content(event).items() if name not in ADDED}
    event.hash = entry_hash(event.previous_hash, number, content)
    event.save(force_insert=True)
    return event


def as_somebody_with_the_keys(*statements: str) -> None:
    """Do to the tables what no role of the platform may: constraints at once, triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("governance_auditevent", "governance_auditorigin"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)


OTHER = {
    "SmallIntegerField": "7",
    "PositiveSmallIntegerField": "7",
    "BooleanField": "NOT {column}",
    "DateTimeField": "{column} - interval '1 second'",
    "JSONField": """'{{"n": 99}}'""",
    "ForeignKey": "{scope}",
}
COLUMNS = [field for field in AuditEvent._meta.concrete_fields if field.name != "sequence"]


def other(field: models.Field, scope_id: int) -> str:
    return OTHER.get(field.get_internal_type(), "'other'").format(column=field.column, scope=scope_id)


@pytest.mark.bar(9)
def test_every_column_is_covered_by_the_hash_or_is_one():
    names = {field.attname for field in AuditEvent._meta.concrete_fields}
    assert names == {*HASHED, *ADDED, "sequence", "previous_hash", "hash"}


@pytest.mark.bar(9)
@pytest.mark.parametrize("write", [from_a_page, old_entry], ids=["format 2", "format 1"])
@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.name)
def test_an_edit_of_any_column_is_found(db, as_owner, organisation, field, write):
    as_somebody_with_the_keys("DELETE FROM governance_auditevent")
    for number in range(1, 5):
        write(number)
    assert audit_verify().ok
    column, value = field.column, other(field, organisation.pk)
    as_somebody_with_the_keys(f"UPDATE governance_auditevent SET {column} = {value} WHERE sequence = 2")  # noqa: S608  the model's own columns
    found = audit_verify()
    assert (found.ok, found.first_broken) == (False, 2)


@pytest.mark.bar(9)
@pytest.mark.parametrize("column", ["salt", "ip", "user_agent"])
def test_an_edit_of_where_an_entry_came_from_is_found(db, as_owner, column):
    for number in range(1, 4):
        from_a_page(number)
    assert AuditOrigin.objects.filter(ip="192.0.2.7", user_agent="Firefox").count() == 3
    as_somebody_with_the_keys(f"UPDATE governance_auditorigin SET {column} = 'x' WHERE event_id = 2")  # noqa: S608  three literals
    assert audit_verify().problem == "The address or the browser of entry 2 was changed."


def test_an_origin_is_missed_while_it_is_due_and_not_later(db, as_owner):
    from_a_page(1)
    as_somebody_with_the_keys("DELETE FROM governance_auditorigin")
    assert audit_verify().problem == "The address and the browser of entry 1 are missing."
    content = {"origin_digest": "d"}
    link = Link(1, content, GENESIS, entry_hash(GENESIS, 1, content), None, is_origin_due=False)
    assert verify([link]).ok


def test_an_origin_put_beside_an_entry_that_had_none_is_found(db, as_owner):
    audit_record(action="a", object_kind="k", object_id=1, actor=None)
    AuditOrigin.objects.create(event_id=1, salt="s", ip="192.0.2.9")
    assert not audit_verify().ok


@pytest.mark.parametrize(
    "statement",
    ["UPDATE governance_auditorigin SET ip = ''", "DELETE FROM governance_auditorigin"],
)
def test_the_application_neither_changes_an_origin_nor_removes_a_young_one(db, statement):
    from_a_page(1)
    with pytest.raises(Error, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_entries_of_both_formats_make_one_chain(db):
    old_entry(1)
    from_a_page(2)
    assert audit_verify().ok
    assert AuditEvent.objects.get(sequence=2).format == 2


def test_an_entry_says_what_it_was_done_with(db):
    event = from_a_page(1)
    event.refresh_from_db()
    assert (event.request_id, event.policy_version, event.actor_is_agent) == ("request-1", "version 3", False)
    assert audit_record(action="a", object_kind="k", object_id=1, actor="qwen").actor_is_agent


class TestAnchors:
    def test_a_day_has_one_anchor_and_each_names_the_one_before(self, db, folder, monkeypatch):
        from_a_page(1)
        first = audit_anchor()
        assert audit_anchor() is None
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        monkeypatch.setattr("apps.governance.services.chain.now", lambda: tomorrow)
        second = audit_anchor()
        assert (first.sequence, first.previous, second.previous) == (1, FIRST, first.digest)
        assert second.sequence == 2  # the entry that the first anchor left in the chain
        assert [json.loads(path.read_text())["sequence"] for path in sorted(folder.iterdir())] == [1, 2]
        assert audit_verify().anchors == 2

    @pytest.mark.bar(9)
    def test_a_chain_that_was_cut_behind_an_anchor_is_found(self, db, as_owner):
        for number in range(1, 5):
            from_a_page(number)
        audit_anchor()
        as_somebody_with_the_keys(
            "DELETE FROM governance_auditorigin WHERE event_id > 3",
            "DELETE FROM governance_auditevent WHERE sequence > 3",
        )
        found = audit_verify()
        assert (found.ok, found.first_broken) == (False, 4)
        assert found.problem.endswith("saw entry 4: entries were cut off.")

    @pytest.mark.bar(9)
    def test_a_chain_rewritten_as_a_whole_is_found(self, db, as_owner):
        for number in range(1, 4):
            from_a_page(number)
        audit_anchor()
        as_somebody_with_the_keys("DELETE FROM governance_auditorigin", "DELETE FROM governance_auditevent")
        for number in range(11, 16):
            from_a_page(number)
        found = audit_verify()
        assert (found.ok, found.first_broken) == (False, 3)
        assert "the anchor of" in found.problem

    def test_a_broken_chain_gets_no_anchor(self, db, as_owner, folder):
        from_a_page(1)
        as_somebody_with_the_keys("UPDATE governance_auditevent SET reason = 'x'")
        with pytest.raises(ChainBroken, match="Entry 1 was changed"):
            audit_anchor()
        assert not folder.exists()

    def test_an_anchor_that_was_changed_or_taken_away_is_found(self, db, folder, monkeypatch):
        for days in range(3):
            from_a_page(days)
            at = datetime(2026, 11, 1 + days, tzinfo=UTC)
            monkeypatch.setattr("apps.governance.services.chain.now", lambda at=at: at)
            audit_anchor()
        monkeypatch.undo()
        middle = folder / "audit-2026-11-02.jsonl"
        text = middle.read_text()
        middle.unlink()
        assert "one was changed or taken away" in audit_verify().problem
        middle.write_text(text.replace('"sequence":', '"sequence": '))
        assert audit_verify().problem.startswith("The anchor audit-2026-11-02.jsonl cannot be read")
        middle.write_text(text)
        assert audit_verify().ok
        (folder / "audit-2026-11-03.jsonl").unlink()
        assert audit_verify().notice == "The anchor of 2026-11-03 is not in this machine's folder of anchors."

    def test_what_a_check_found_is_kept_with_the_anchors_that_agreed(self, db):
        from_a_page(1)
        audit_anchor()
        audit_check(actor=None)
        assert AuditEvent.objects.get(action="audit.verify").detail["anchors"] == 1


ANCHORS = st.builds(
    Anchor, st.dates(), st.integers(0, 10**9), st.binary(min_size=32, max_size=32).map(bytes.hex), st.just(FIRST)
)


@given(ANCHORS)
def test_an_anchor_is_read_as_it_was_written(anchor):
    assert anchor_read(anchor.line) == anchor
    assert anchors_problem([anchor, Anchor(date.max, anchor.sequence, anchor.head, anchor.digest)]) == ""
    assert anchors_problem([anchor, Anchor(date.max, anchor.sequence, anchor.head, FIRST)])


@given(
    st.text()
    | st.builds(json.dumps, st.dictionaries(st.sampled_from(["date", "sequence", "head", "previous"]), st.integers()))
)
def test_what_is_no_anchor_is_refused(text):
    with pytest.raises(AnchorUnreadable):
        anchor_read(text)
