"""The framework map of a gate: each control with the live rows, and the parts of the gate, that speak to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from apps.governance.engine.gates.frameworks import Control, framework_map
from apps.governance.models import Gate
from apps.governance.selectors.gate_pages import MatrixRow
from apps.governance.services.gates.access import definition_of


@dataclass(frozen=True)
class Evidence:
    """One thing that speaks to a control: words, where it is, and its state where it is a row."""

    words: str
    url: str
    state: str = ""


@dataclass(frozen=True)
class MapRow:
    """One control with what speaks to it."""

    control: Control
    evidence: tuple[Evidence, ...]


def frameworks_of(gate: Gate, rows: Sequence[MatrixRow], *, reads_audit: bool) -> list[MapRow]:
    """Return the map of *gate* over the *rows* of its page; no query. The audit is linked for who may read it."""
    parts = {
        "seats": Evidence("seats and presence", "#seats"),
        "vote": Evidence("sealed ballots and the decision", "#seats"),
        "tripwires": Evidence(f"{len(gate.tripwires) or 'default'} tripwires", "#scope"),
        "risks": Evidence("risks as written down" if gate.risks else "no risks were written down", "#risks"),
        "audit": Evidence("the audit chain", reverse("governance:audit-list") if reads_audit else ""),
    }
    by_criterion: dict[str, list[Evidence]] = {}
    for number, row in enumerate(rows, start=1):
        url = f"?{urlencode({'row': row.key})}#row-{number}"
        by_criterion.setdefault(row.reading.criterion, []).append(Evidence(row.title, url, row.state))
    return [
        MapRow(
            one.control,
            (
                *(found for key in one.criteria for found in by_criterion.get(key, ())),
                *(parts[name] for name in one.parts),
            ),
        )
        for one in framework_map(definition_of(gate))
    ]
