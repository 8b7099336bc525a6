"""Gates of the committee, from the wish to the decision. Each call is one transaction."""

from apps.governance.engine.gates import Choice
from apps.governance.services.gates.definitions import (
    definition_check,
    definition_parse,
    gate_definition_propose,
    gate_definition_publish,
)
from apps.governance.services.gates.evidence import evidence_asked, evidence_done, evidence_read, gates_unread
from apps.governance.services.gates.freezing import gate_open, gate_refreeze
from apps.governance.services.gates.requests import (
    Sitting,
    Wish,
    gate_minutes,
    gate_request,
    gate_seat,
    gate_withdraw,
)
from apps.governance.services.gates.votes import gate_close, gate_present, gate_vote
from apps.governance.services.gates.waivers import waiver_ask, waiver_confirm, waiver_withdraw

__all__ = [
    "Choice",
    "Sitting",
    "Wish",
    "definition_check",
    "definition_parse",
    "evidence_asked",
    "evidence_done",
    "evidence_read",
    "gate_close",
    "gate_definition_propose",
    "gate_definition_publish",
    "gate_minutes",
    "gate_open",
    "gate_present",
    "gate_refreeze",
    "gate_request",
    "gate_seat",
    "gate_vote",
    "gate_withdraw",
    "gates_unread",
    "waiver_ask",
    "waiver_confirm",
    "waiver_withdraw",
]
