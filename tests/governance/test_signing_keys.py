"""Keys: made once, for their owner's eyes, one current, and what was signed stays."""

from __future__ import annotations

import io
import logging
import stat
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from apps.governance.engine.attestation import SigningKey, statement_in
from apps.governance.errors import SigningKeyUnusable
from apps.governance.gateways.signing_key import key_file
from apps.governance.models import Attestation, AttestationKey, AuditEvent, Scope
from apps.governance.selectors.attestation import keys_all, public_key
from apps.governance.services.attestation import (
    SubjectOf,
    attestation_sign,
    evidence_digest,
    signing_key,
    signing_key_rotate,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> Path:
    settings.NOFX_HOME = tmp_path / "home"
    return tmp_path / "home"


def signed(scope: Scope, **evidence: object) -> Attestation:
    return attestation_sign(
        subject=SubjectOf("request", uuid4(), scope),
        digests={"shop": {"gitCommit": "a" * 40}},
        predicate_type="urn:x-nofx:test:v1",
        evidence=evidence,
        more={"merge": {"by": "user_1"}},
        key=signing_key(),
    )


def test_a_key_is_made_once_and_only_its_owner_reads_it(home: Path) -> None:
    first = signing_key()
    assert signing_key().public == first.public
    assert stat.S_IMODE(key_file().stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["signing_key.pem"]
    assert [key.fingerprint for key in AttestationKey.objects.all()] == [first.public.key_id]
    assert AuditEvent.objects.get(action="key.begin").after_digest == first.public.key_id


def test_the_environment_comes_before_the_file(settings: Any, home: Path) -> None:
    given = SigningKey.generate()
    settings.NOFX_SIGNING_KEY = given.pem().replace("\n", "\\n")
    assert signing_key().public == given.public
    assert not home.exists()


def test_a_statement_is_signed_kept_and_recorded(scope: Scope) -> None:
    made = signed(scope, rung="pilot")
    statement = statement_in(made.envelope.encode(), public_key(made.key))
    assert statement["predicate"] == {
        "evidence": {"rung": "pilot"},
        "evidenceDigest": {"sha256": evidence_digest({"rung": "pilot"})},
        "merge": {"by": "user_1"},
    }
    event = AuditEvent.objects.get(action="attestation.sign")
    assert (event.after_digest, event.object_id) == (made.statement_digest, str(made.subject_id))


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies(scope: Scope) -> None:
    before = signed(scope)
    old = key_file().read_text()
    made = signing_key_rotate()
    after = signed(scope)
    assert after.key == made != before.key
    assert key_file().read_text() != old
    assert keys_all() == [after.key, before.key]
    for one in (before, after):
        assert statement_in(one.envelope.encode(), public_key(one.key))
    assert AuditEvent.objects.get(action="key.rotate").before_digest == before.key.fingerprint


def test_a_key_from_outside_follows_only_when_somebody_says_so(settings: Any) -> None:
    first, second = SigningKey.generate(), SigningKey.generate()
    settings.NOFX_SIGNING_KEY = first.pem()
    signing_key()
    with pytest.raises(SigningKeyUnusable, match="used before"):
        signing_key_rotate()
    settings.NOFX_SIGNING_KEY = second.pem()
    with pytest.raises(SigningKeyUnusable, match="not the one that the platform knows") as unknown:
        signing_key()
    assert "nofx keys rotate" in unknown.value.remedy
    signing_key_rotate()
    assert signing_key().public == second.public
    settings.NOFX_SIGNING_KEY = first.pem()
    with pytest.raises(SigningKeyUnusable, match="has ended"):
        signing_key()


def test_what_is_no_key_is_refused_in_a_sentence_that_does_not_repeat_it(settings: Any, home: Path) -> None:
    settings.NOFX_SIGNING_KEY = "hunter2"
    with pytest.raises(SigningKeyUnusable) as refused:
        signing_key()
    assert "hunter2" not in str(refused.value) and "nofx keys new" in refused.value.remedy
    settings.NOFX_SIGNING_KEY = ""
    home.mkdir()
    (home / "signing_key.pem").write_text("hunter2")
    with pytest.raises(SigningKeyUnusable, match=r"signing_key\.pem holds no usable"):
        signing_key()


def test_the_private_key_is_in_no_table_and_no_log(scope: Scope, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    signed(scope)
    signing_key_rotate()
    signed(scope)
    secret = "".join(key_file().read_text().splitlines()[1:-1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(sql.SQL("SELECT to_jsonb(t)::text FROM {} t").format(sql.Identifier(table)))
            rows += [row[0] for row in cursor.fetchall()]
    assert any("governance_attestation" in table for table in tables) and any("sig" in row for row in rows)
    told = "\n".join([*rows, caplog.text])
    assert secret not in told and secret[:40] not in told and "PRIVATE KEY" not in told


ROW = (
    "INSERT INTO governance_attestation (id, subject_kind, subject_id, scope_id, predicate_type, evidence_digest, "
    "signed_at, envelope, statement_digest, key_id) "
    "SELECT gen_random_uuid(), subject_kind, gen_random_uuid(), scope_id, predicate_type, evidence_digest, now(), "
)
CHANGES = (
    ("UPDATE governance_attestation SET envelope = '{}'", "never changed or removed"),
    ("UPDATE governance_attestation SET signed_at = now()", "never changed or removed"),
    ("DELETE FROM governance_attestation", "never changed or removed"),
    ("TRUNCATE governance_attestation", "permission denied"),
    ("DELETE FROM governance_attestationkey", "ends once"),
    ("UPDATE governance_attestationkey SET public_key = repeat('0', 64)", "ends once"),
    ("UPDATE governance_attestationkey SET valid_from = now() - interval '1 year'", "ends once"),
    (
        "INSERT INTO governance_attestationkey (fingerprint, public_key, is_current) "
        "VALUES (repeat('0', 64), repeat('1', 64), true)",
        "The id of a key",
    ),
    (ROW + "envelope, repeat('0', 64), key_id FROM governance_attestation", "another statement"),
    (ROW + "envelope, statement_digest, 0 FROM governance_attestation", "another key"),
    (ROW + "'{}', statement_digest, key_id FROM governance_attestation", "another key"),
)


@pytest.mark.parametrize(("statement", "reason"), CHANGES)
def test_the_database_keeps_what_was_signed_against_the_application_role_too(
    statement: str, reason: str, scope: Scope
) -> None:
    signed(scope)
    with pytest.raises(DatabaseError, match=reason), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_lets_only_the_current_key_sign(scope: Scope) -> None:
    before = signed(scope)
    signing_key_rotate()
    before.pk, before.subject_id, before._state.adding = uuid4(), uuid4(), True
    with pytest.raises(DatabaseError, match="Only the current key signs"), transaction.atomic():
        before.save(force_insert=True)


def test_there_is_one_current_key(scope: Scope) -> None:
    signing_key()
    other = SigningKey.generate().public
    with pytest.raises(DatabaseError, match="governance_key_one_current"), transaction.atomic():
        AttestationKey.objects.create(fingerprint=other.key_id, public_key=other.raw.hex())


def test_a_dump_of_the_tables_holds_no_private_key(scope: Scope) -> None:
    signed(scope)
    out = io.StringIO()
    call_command("dumpdata", "governance", stdout=out)
    assert "PRIVATE" not in out.getvalue()
