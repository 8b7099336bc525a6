"""A decided gate is taken away as evidence: certificate, what was frozen, every ballot; before that, nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from apps.core.errors import NotFound
from apps.governance.engine.attestation.verify import archive_files, pack_checked
from apps.governance.errors import PackImpossible
from apps.governance.models import Gate, Scope, User
from apps.governance.services import scope_create
from apps.governance.services.gates import Choice, gate_close
from apps.governance.services.packs import pack_make, pack_open
from tests.governance.committee import GOOD, Committee, Figures, committee_make, measures_replaced

pytestmark = pytest.mark.django_db


@pytest.fixture
def committee(organisation: Scope, scope: Scope, monkeypatch: Any, tmp_path: Any, settings: Any) -> Committee:
    settings.NOFX_HOME = tmp_path / "home"
    figures = Figures({"quality.flake_rate": replace(GOOD, value=0.0, n=381)})
    measures_replaced(figures, monkeypatch)
    return committee_make(
        organisation, scope, scope_create(organisation="Acme", repository="wave", created_by=None), figures
    )


def decided(committee: Committee) -> Gate:
    gate = committee.opened()
    for seat in ("chair", "engineering", "security"):
        committee.vote(gate, seat)
    committee.vote(gate, "quality", Choice.APPROVE_WITH_CONDITIONS, conditions="Only with the nightly flake job.")
    committee.vote(gate, "legal", Choice.REJECT)
    committee.vote(gate, "independent", Choice.ABSTAIN)
    gate_close(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    gate.refresh_from_db()
    return gate


@pytest.mark.bar(14)
def test_a_decided_gate_becomes_a_pack_that_verifies(committee: Committee) -> None:
    gate = decided(committee)
    assert gate.state == "approved"
    made = pack_make(pack_id=pack_open(subject_kind="gate", subject_id=gate.pk, actor=committee.chair).pk)
    files = archive_files(bytes(made.archive))
    assert pack_checked(files, pinned=made.key.fingerprint)
    page = files["certificate.html"].decode()
    assert "Approved with conditions on" in page and "Acme/wave" in page and gate.digest in page
    assert "Quality, quality: Only with the nightly flake job." in page and "legal says so." in page
    flakes = next(one for one in json.loads(files["readings.json"]) if one["measure"] == "quality.flake_rate")
    assert (flakes["n"], flakes["value"], flakes["state"]) == (381, "0.0", "met")
    assert files["samples/votes.csv"].count(b"\r\n") == 7
    assert "gate.decide" in files["audit.jsonl"].decode()
    assert json.loads(files["decision.json"])["approvals"] == 4
    again = pack_open(subject_kind="gate", subject_id=gate.pk, actor=committee.chair)
    type(again).objects.filter(pk=again.pk).update(requested_at=made.requested_at)
    assert pack_make(pack_id=again.pk).archive_digest == made.archive_digest


def test_while_ballots_are_sealed_there_is_no_pack(committee: Committee) -> None:
    gate = committee.opened()
    committee.vote(gate, "chair")
    opened = pack_open(subject_kind="gate", subject_id=gate.pk, actor=committee.chair)
    with pytest.raises(PackImpossible, match="sealed"):
        pack_make(pack_id=opened.pk)


def test_who_does_not_read_the_audit_takes_nothing_away(committee: Committee) -> None:
    gate = decided(committee)
    stranger = User.objects.create_user("stranger", password="correct horse battery")
    for user in (committee.requester, stranger):
        with pytest.raises(NotFound):
            pack_open(subject_kind="gate", subject_id=gate.pk, actor=user)
