"""What an evidence pack about a decided gate holds: what was frozen, who voted how on it, and what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.core.digests import canonical_json
from apps.core.exports import Row
from apps.governance.engine.permissions import Action
from apps.governance.errors import PackImpossible
from apps.governance.models import GateDecision, GateEvidence, Scope, User
from apps.governance.selectors import can, display_name
from apps.governance.selectors.gate_pages import MatrixRow, decided_of, matrix_of
from apps.governance.selectors.gates import KIND, gates_readable
from apps.governance.services.packs import Certificate, Criterion, PackContent, SeatVote, pack_source_register


def gate_pack_scope(user: User, gate_id: UUID) -> Scope | None:
    """Return the organisation of a gate if *user* sees the gate and reads the audit there."""
    gate = gates_readable(user).select_related("scope__organisation").filter(pk=gate_id).first()
    return gate.scope if gate and can(user, Action.AUDIT_READ, gate.scope) else None


def gate_pack_content(gate_id: UUID) -> PackContent:
    """
    Return what a pack about a decided gate holds. Before the decision ballots are sealed, and there is none.

    :raises PackImpossible: it is not decided.
    """
    decisions = GateDecision.objects.select_related("gate__scope__organisation", "gate__requested_by", "freeze")
    decision = decisions.filter(gate=gate_id).first()
    if decision is None:
        raise PackImpossible(
            "There is no evidence pack before the committee decided, since ballots are sealed until then.",
            remedy="Ask for it when the vote is closed.",
        )
    rows, frozen = matrix_of(decision.gate), _frozen(decision)
    return PackContent(
        title=decision.gate.title,
        certificate=_certificate(decision, rows, frozen),
        definitions={row.title: row.reading.definition for row in rows},
        readings=[_reading(row, frozen) for row in rows],
        samples={
            "evidence": list(_evidence_rows(rows, frozen)),
            "sources": list(_source_rows(rows)),
            "votes": list(_vote_rows(decision.content["ballots"])),
        },
        files={
            "frozen.json": canonical_json(_exact(decision.freeze.content)),
            "decision.json": canonical_json(_exact(decision.content)),
        },
    )


def gate_packs_offer() -> None:
    """Let packs about gates be asked for."""
    pack_source_register(KIND, scope_for=gate_pack_scope, content=gate_pack_content)


def _frozen(decision: GateDecision) -> dict[int, GateEvidence]:
    """Return the criteria as they were voted on, by reading: what rules now does not change them."""
    return {one.reading_id: one for one in GateEvidence.objects.filter(freeze=decision.freeze)}


def _state(row: MatrixRow, frozen: Mapping[int, GateEvidence]) -> tuple[str, str]:
    one = frozen.get(row.reading.pk)
    return (one.state, one.sentence) if one else (row.state, row.sentence)


def _certificate(decision: GateDecision, rows: Sequence[MatrixRow], frozen: Mapping[int, GateEvidence]) -> Certificate:
    gate, content = decision.gate, decided_of(decision.gate)
    granted = Scope.objects.filter(pk__in=gate.granted).select_related("organisation").order_by("repository")
    return Certificate(
        kind="Milestone gate",
        title=gate.title,
        decision=decision.get_outcome_display() + (" with conditions" if content["conditions"] else ""),
        decided_at=decision.decided_at,
        scope=", ".join(str(one) for one in granted),
        facts=(
            ("Asked for by", display_name(gate.requested_by)),
            ("Approvals", f"{content['approvals']}, {content['needed']} needed"),
            ("Present", f"{content['present']} of {content['seats']} seats"),
            ("Highest risk", gate.risk_max),
            ("Holds until", f"{gate.expires_at:%Y-%m-%d}"),
            ("Models", ", ".join(gate.model_names) or "all that are approved"),
        ),
        criteria=tuple(
            Criterion(
                row.title, _state(row, frozen)[0].replace("_", " "), row.value, str(row.n), row.interval, row.threshold
            )
            for row in rows
        ),
        votes=tuple(
            SeatVote(one["seat"], one["name"], _told(one), _when(one["cast_at"]), one["rationale"])
            for one in content["ballots"]
        ),
        dissent=tuple(f"{one['seat']}, {one['name']}: {one['rationale']}" for one in content["dissent"]),
        conditions=tuple(f"{one['seat']}, {one['name']}: {one['text']}" for one in content["conditions"]),
        digest=decision.freeze.digest,
        key_id="",
    )


def _told(ballot: Mapping[str, Any]) -> str:
    choice = str(ballot["choice"]).replace("_", " ").capitalize()
    return f"{choice}, not counted" if ballot.get("uncounted") else choice


def _when(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _exact(value: Any) -> Any:
    """Return stored JSON in which a number with a fraction is a text, so that every reader writes it alike."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {name: _exact(item) for name, item in value.items()}
    return [_exact(item) for item in value] if isinstance(value, list) else value


def _reading(row: MatrixRow, frozen: Mapping[int, GateEvidence]) -> dict[str, Any]:
    state, sentence = _state(row, frozen)
    reading = row.reading
    return {
        "criterion": row.title,
        "measure": reading.measure,
        "version": reading.measure_version,
        "value": _exact(reading.value),
        "n": reading.n,
        "low": _exact(reading.low),
        "high": _exact(reading.high),
        "asked_for": row.threshold,
        "window": [reading.window_start.isoformat(), reading.window_end.isoformat()],
        "as_of": reading.as_of.isoformat() if reading.as_of else None,
        "state": state,
        "sentence": sentence,
    }


def _evidence_rows(rows: Iterable[MatrixRow], frozen: Mapping[int, GateEvidence]) -> Iterable[Row]:
    yield "criterion", "value", "n", "95 % interval", "asked for", "state", "why"
    for row in rows:
        yield row.title, row.value, row.n, row.interval, row.threshold, *_state(row, frozen)


def _source_rows(rows: Iterable[MatrixRow]) -> Iterable[Row]:
    yield "criterion", "row", "page"
    for row in rows:
        for source in row.reading.sources:
            yield row.title, source.get("title", ""), source.get("url", "")


def _vote_rows(ballots: Iterable[Mapping[str, Any]]) -> Iterable[Row]:
    yield "seat", "account", "choice", "reason", "conditions", "cast at", "not counted"
    for one in ballots:
        said = one["choice"], one["rationale"], one["conditions"], one["cast_at"]
        yield one["seat"], one["voter"], *said, one.get("uncounted", "")
