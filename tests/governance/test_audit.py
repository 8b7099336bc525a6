"""The audit chain: complete, in order, unchangeable, and honest about damage."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.core.digests import canonical_json
from apps.governance.engine.chain import GENESIS, Link, entry_hash, plain, verify
from apps.governance.models import AuditEvent
from apps.governance.services import audit_denied, audit_record, audit_verify
from apps.governance.types import Outcome, Role


def entry(number: int) -> AuditEvent:
    return audit_record(
        action="request.submit",
        object_kind="request",
        object_id=number,
        actor=None,
        reason=f"Number {number}",
        detail={"n": number, "cost": Decimal("0.10"), "rate": 1e20, "nested": {"text": "a\x00b"}},
    )


def test_entries_are_numbered_and_linked(db):
    first, second = entry(1), entry(2)
    assert (first.sequence, first.previous_hash) == (1, GENESIS)
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    verification = audit_verify()
    assert (verification.ok, verification.count, verification.first_broken) == (True, 2, None)


def test_an_empty_chain_is_sound(db):
    assert audit_verify().ok
    assert audit_verify().count == 0


def test_an_entry_names_a_person_a_model_or_the_platform(person):
    actor = person("erin", Role.ENGINEER)
    service = person("bot", is_service=True)
    kinds = [
        audit_record(action="a", object_kind="k", object_id=1, actor=who).actor_type
        for who in (actor, service, "qwen-1.5b", None)
    ]
    assert kinds == ["human", "service", "model", "system"]
    assert audit_verify().ok


def test_a_session_is_kept_as_a_digest(db):
    event = audit_record(action="a", object_kind="k", object_id=1, actor=None, session_key="secret-session")
    assert len(event.session_digest) == 64
    assert "secret" not in event.session_digest


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE governance_auditevent SET reason = 'x'",
        "DELETE FROM governance_auditevent",
        "TRUNCATE governance_auditevent",
        "ALTER TABLE governance_auditevent DISABLE TRIGGER ALL",
        "DROP TABLE governance_auditevent",
        "DROP TRIGGER governance_auditevent_append_only ON governance_auditevent",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_can_only_add(db, statement):
    entry(1)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.count() == 1


DAMAGE = {
    "edited": ("UPDATE governance_auditevent SET reason = 'other' WHERE sequence = 2", 2),
    "edited detail": ("UPDATE governance_auditevent SET detail = '{}' WHERE sequence = 3", 3),
    "edited actor": ("UPDATE governance_auditevent SET actor_id = '7' WHERE sequence = 1", 1),
    "deleted first": ("DELETE FROM governance_auditevent WHERE sequence = 1", 1),
    "deleted": ("DELETE FROM governance_auditevent WHERE sequence = 3", 3),
    "reordered": (
        "UPDATE governance_auditevent SET sequence = CASE sequence WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE sequence END;"
        "UPDATE governance_auditevent SET sequence = -sequence WHERE sequence < 0",
        2,
    ),
    "inserted": (
        "INSERT INTO governance_auditevent SELECT 5, at, actor_id, actor_type, on_behalf_of, session_digest, action,"
        " object_kind, object_id, before_digest, after_digest, reason, outcome, detail, hash, repeat('a', 64),"
        " scope_id FROM governance_auditevent WHERE sequence = 4",
        5,
    ),
}


@pytest.mark.bar(9)
@pytest.mark.parametrize("damage", DAMAGE)
def test_verification_finds_what_the_owner_did_to_the_table(db, as_owner, damage):
    for number in range(1, 5):
        entry(number)
    statements, broken = DAMAGE[damage]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE governance_auditevent DISABLE TRIGGER USER")
        cursor.execute(statements)
    verification = audit_verify()
    assert not verification.ok
    assert verification.first_broken == broken
    assert str(broken) in verification.problem


@pytest.mark.django_db(transaction=True)
def test_a_denial_stays_when_the_refused_work_is_undone():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        entry(1)
        _ = 1 / 0
    audit_denied(action="ballot.cast", object_kind="consensus", object_id=1, actor=None, reason="Your own code.")
    assert list(AuditEvent.objects.values_list("sequence", "outcome")) == [(1, Outcome.DENIED.value)]


@pytest.mark.django_db(transaction=True)
def test_a_denial_refuses_to_be_written_where_it_could_be_undone():
    with pytest.raises(RuntimeError), transaction.atomic():
        audit_denied(action="a", object_kind="k", object_id=1, actor=None, reason="No.")


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain():
    def write() -> None:
        for number in range(10):
            entry(number)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verification = audit_verify()
    assert (verification.ok, verification.count) == (True, 40)


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_LIKE)
def test_anything_can_be_hashed_the_same_way_twice(value):
    assert canonical_json(plain(value)) == canonical_json(plain(plain(value)))


@pytest.mark.bar(9)
@given(st.lists(st.dictionaries(st.text(), st.integers(), max_size=2), min_size=2, max_size=6), st.data())
def test_any_change_of_a_sound_chain_is_found(contents, data):
    links, previous = [], GENESIS
    for number, content in enumerate(contents, start=1):
        links.append(Link(number, content, previous, entry_hash(previous, number, content)))
        previous = links[-1].hash
    assert verify(links).ok
    position = data.draw(st.integers(0, len(links) - 2))
    kind = data.draw(st.sampled_from(["edit", "delete", "swap", "repeat"]))
    if kind == "edit":
        old = links[position]
        links[position] = Link(old.sequence, {**old.content, "added": 1}, old.previous_hash, old.hash)
        if links[position].content == old.content:
            return
    elif kind == "delete":
        del links[position]
    elif kind == "swap":
        links[position], links[position + 1] = links[position + 1], links[position]
    else:
        links.insert(position, links[position])
    assert not verify(links).ok
