"""A pack about anything is plain data; what an app says of a gate becomes a certificate that verifies offline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.governance.engine.attestation.verify import archive_files, pack_checked
from apps.governance.errors import PackImpossible
from apps.governance.models import EvidencePack, Scope, User
from apps.governance.services import audit_record, packs
from apps.governance.services.packs import (
    Certificate,
    Criterion,
    PackContent,
    SeatVote,
    pack_make,
    pack_open,
    pack_source_register,
)

pytestmark = pytest.mark.django_db
GATE = PackContent(
    title="Expand generation beyond the pilot",
    certificate=Certificate(
        kind="Milestone gate",
        title="Expand generation beyond the pilot",
        decision="Approved with conditions",
        decided_at=datetime(2026, 11, 30, 12, tzinfo=UTC),
        scope="Acme, rung wave 2",
        facts=(("Present", "5 of 6 seats"),),
        criteria=(Criterion("Flake rate", "met", "0.3 %", "412", "0.1 – 0.9 %", "< 1 %"),),
        votes=(SeatVote("Security", "Łukasz <b>Żółć</b>", "Approve", "2026-11-30 11:58 UTC", "In order."),),
        dissent=("The independent seat: too early.",),
        conditions=("Measured again within 30 days.",),
        digest="3f" * 32,
        key_id="",
    ),
    definitions={"Flake rate": "Tests that both passed and failed on one commit."},
    readings=[{"criterion": "Flake rate", "value": "0.003", "n": 412}],
    samples={"flakes": [("test", "commit"), ("=cmd()", "a" * 40)]},
)


@pytest.fixture
def gate(tmp_path: Path, settings: Any, scope: Scope) -> Iterator[UUID]:
    settings.NOFX_HOME = tmp_path / "home"
    gate_id = uuid4()

    def scope_for(user: User, subject_id: UUID) -> Scope | None:
        return scope if subject_id == gate_id else None

    def content(subject_id: UUID) -> PackContent:
        return GATE

    pack_source_register("test_gate", scope_for=scope_for, content=content)
    yield gate_id
    del packs._sources["test_gate"]


def test_a_gate_as_plain_data_becomes_a_pack_that_verifies(gate: UUID, person: Any, scope: Scope) -> None:
    audit_record(action="gate.decide", object_kind="test_gate", object_id=gate, actor=None, scope=scope)
    opened = pack_open(subject_kind="test_gate", subject_id=gate, actor=person("ada"), filters={"window": "90 days"})
    made = pack_make(pack_id=opened.pk)
    files = archive_files(bytes(made.archive))
    told = pack_checked(files, pinned=made.key.fingerprint)
    assert "Each of the 1 audit entries is what its hash says; 0 follow the one before." in told
    assert "attestation.dsse.json" not in files
    page = files["certificate.html"].decode()
    assert "Approved with conditions on 30 November 2026" in page and made.key.fingerprint in page
    assert "Łukasz &lt;b&gt;Żółć&lt;/b&gt;" in page and "<b>" not in page
    assert files["samples/flakes.csv"].startswith(b"test,commit\r\n'=cmd()")
    assert b'"filters":{"window":"90 days"}' in files["manifest.json"]


def test_a_pack_is_made_once(gate: UUID, person: Any) -> None:
    opened = pack_open(subject_kind="test_gate", subject_id=gate, actor=person("ada"))
    first = pack_make(pack_id=opened.pk)
    assert pack_make(pack_id=opened.pk).ready_at == first.ready_at
    assert EvidencePack.objects.count() == 1


def test_a_name_that_leads_out_of_the_pack_is_refused(gate: UUID, person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = pack_open(subject_kind="test_gate", subject_id=gate, actor=person("ada"))
    bad = PackContent("t", GATE.certificate, {}, [], {}, {"../../etc/cron": b""})
    monkeypatch.setitem(packs._sources, "test_gate", packs.PackSource(lambda *_: None, lambda _: bad))
    with pytest.raises(PackImpossible, match="may be called"):
        pack_make(pack_id=opened.pk)
