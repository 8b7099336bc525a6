"""
Every small mutation of the chain's table, one after another: rows edited, exchanged, moved, deleted and inserted.

What was appended after the newest anchor can be cut off without a trace until the next one, so an anchor stands behind
the rows that are touched here.
"""

# ruff: noqa: S608  the names of tables and columns are the model's own

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import RequestFactory

from apps.governance.models import AuditEvent, Scope, User
from apps.governance.origin import origins
from apps.governance.services import audit_anchor, audit_record, audit_verify
from apps.governance.types import Outcome, Role
from tests.governance.test_audit_anchors import as_somebody_with_the_keys, old_entry, other

TABLE = "governance_auditevent"
ROWS = range(1, 6)
COLUMNS = [field for field in AuditEvent._meta.concrete_fields if field.name != "sequence"]
NAMES = ", ".join(field.column for field in COLUMNS)

# Where an entry came from goes with it, so that nothing else gives a mutation away.
FOLLOWING = """
DO $$ DECLARE link text; BEGIN
    SELECT conname INTO link FROM pg_constraint
        WHERE contype = 'f' AND conrelid = 'governance_auditorigin'::regclass
        AND confrelid = 'governance_auditevent'::regclass;
    EXECUTE format('ALTER TABLE governance_auditorigin DROP CONSTRAINT %I', link);
    ALTER TABLE governance_auditorigin ADD FOREIGN KEY (event_id) REFERENCES governance_auditevent
        ON UPDATE CASCADE ON DELETE CASCADE;
END $$
"""

pytestmark = pytest.mark.bar(9)


class _Undone(Exception):
    """Takes a mutation back."""


@pytest.fixture
def rows(
    db: None, as_owner: None, organisation: Scope, scope: Scope, person: Any, settings: Any, tmp_path: Any
) -> None:
    """Five entries that differ from their neighbours in every column, and an anchor behind them."""
    settings.NOFX_AUDIT_ANCHORS = tmp_path / "anchors"
    erin = person("erin", Role.ENGINEER)
    as_somebody_with_the_keys(f"DELETE FROM {TABLE}")
    old_entry(1, organisation)
    for number, actor in ((2, "qwen"), (3, erin), (4, None), (5, erin)):
        _append(number, actor, (organisation, scope)[number % 2])
    audit_anchor()
    as_somebody_with_the_keys(FOLLOWING)
    assert audit_verify().ok
    assert AuditEvent.objects.count() == len(ROWS) + 1


def _append(number: int, actor: User | str | None, scope: Scope) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR=f"192.0.2.{number}", HTTP_USER_AGENT="Firefox")
    request.request_id = f"request-{number}"
    origins(
        lambda _: audit_record(
            action=f"action.{number}",
            object_kind=f"kind-{number}",
            object_id=number,
            actor=actor,
            scope=scope,
            outcome=(Outcome.DONE, Outcome.DENIED)[number % 2],
            reason=f"Number {number}",
            before_digest=f"{number}" * 64,
            after_digest=f"{number + 1}" * 64,
            on_behalf_of=f"{number}",
            session_key=f"session-{number}",
            policy_version=f"version {number}",
            detail={"n": number},
        )
    )(request)


def unnoticed(mutations: Iterator[tuple[str, str]]) -> list[str]:
    """Do each mutation to the sound table and return the names of those that verification does not see."""
    missed = []
    for name, statement in mutations:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(statement)
                if audit_verify().ok:
                    missed.append(name)
                raise _Undone
        except _Undone:
            continue
    return missed


def edits() -> Iterator[tuple[str, str]]:
    for field in COLUMNS:
        for row in ROWS:
            value = "NULL" if field.name == "scope" else other(field, 0)
            yield f"{field.name} of {row}", f"UPDATE {TABLE} SET {field.column} = {value} WHERE sequence = {row}"


def exchanges() -> Iterator[tuple[str, str]]:
    """All columns of two rows at a time, and each one of two that are neighbours."""
    for one, two in combinations(ROWS, 2):
        pair = f"b.sequence = CASE a.sequence WHEN {one} THEN {two} ELSE {one} END AND a.sequence IN ({one}, {two})"
        whole = ", ".join(f"{field.column} = b.{field.column}" for field in COLUMNS if field.name != "hash")
        hashes = f"hash = CASE a.sequence WHEN {one} THEN repeat('a', 64) ELSE repeat('b', 64) END"
        yield f"all of {one} and {two}", f"UPDATE {TABLE} a SET {whole}, {hashes} FROM {TABLE} b WHERE {pair}"
        for field in COLUMNS if two == one + 1 else ():
            # No two rows may have one hash at any moment.
            if field.name == "hash" or _is_alike(field.attname, one, two):
                continue
            changed = f"{field.column} = b.{field.column}"
            yield f"{field.name} of {one} and {two}", f"UPDATE {TABLE} a SET {changed} FROM {TABLE} b WHERE {pair}"


def _is_alike(column: str, *numbers: int) -> bool:
    return AuditEvent.objects.filter(pk__in=numbers).values(column).distinct().count() == 1


def moves() -> Iterator[tuple[str, str]]:
    """Each pair of rows under each other's number, hashes and all."""
    for one, two in combinations(ROWS, 2):
        away = f"UPDATE {TABLE} SET sequence = -{one} WHERE sequence = {one}"
        over = f"UPDATE {TABLE} SET sequence = {one} WHERE sequence = {two}"
        yield f"{one} and {two}", f"{away}; {over}; UPDATE {TABLE} SET sequence = {two} WHERE sequence = -{one}"


def deletions() -> Iterator[tuple[str, str]]:
    """Any of the rows, and any of them with those behind moved up."""
    for gone in chain.from_iterable(combinations(ROWS, count) for count in range(1, len(ROWS) + 1)):
        listed = ", ".join(map(str, gone))
        delete = f"DELETE FROM {TABLE} WHERE sequence IN ({listed})"
        yield f"without {listed}", delete
        places = "(SELECT count(*) FROM {t} n WHERE n.sequence <= {t}.sequence)".replace("{t}", TABLE)
        closed = f"UPDATE {TABLE} SET sequence = -{places}; UPDATE {TABLE} SET sequence = -sequence"
        yield f"without {listed}, closed up", f"{delete}; {closed}"


def insertions() -> Iterator[tuple[str, str]]:
    """A copy of each row, with a hash of its own, before and behind each row."""
    for copied in ROWS:
        for place in range(1, len(ROWS) + 3):
            room = (
                f"UPDATE {TABLE} SET sequence = -sequence WHERE sequence >= {place};"
                f"UPDATE {TABLE} SET sequence = 1 - sequence WHERE sequence < 0"
            )
            source = copied if copied < place else copied + 1
            kept = NAMES.replace(", hash", "")
            row = f"SELECT {place}, {kept}, repeat('c', 64) FROM {TABLE} WHERE sequence = {source}"
            yield f"{copied} at {place}", f"{room}; INSERT INTO {TABLE} (sequence, {NAMES}) {row}"


def test_an_edit_of_any_column_of_any_row_is_found(rows: None) -> None:
    assert unnoticed(edits()) == []


def test_rows_that_exchange_a_column_or_all_of_them_are_found(rows: None) -> None:
    assert unnoticed(exchanges()) == []


def test_rows_in_another_order_are_found(rows: None) -> None:
    assert unnoticed(moves()) == []


def test_rows_that_are_gone_are_found_whichever_and_however_many(rows: None) -> None:
    assert unnoticed(deletions()) == []


def test_a_row_that_was_put_in_is_found_wherever(rows: None) -> None:
    assert unnoticed(insertions()) == []
