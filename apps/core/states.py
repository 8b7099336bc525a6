"""The words, icons and colours of states. A state is never shown by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["neutral", "accent", "ok", "warn", "bad"]


@dataclass(frozen=True)
class State:
    """How a state looks: ``icon`` is a symbol of static/img/icons.svg."""

    name: str
    word: str
    icon: str
    tone: Tone


STATES = {
    state.name: state
    for state in (
        State("draft", "draft", "state-draft", "neutral"),
        State("analysing", "analysing", "state-analysing", "accent"),
        State("queued", "queued", "state-queued", "neutral"),
        State("running", "running", "state-running", "accent"),
        State("needs_you", "needs you", "state-needs-you", "accent"),
        State("blocked", "blocked", "state-blocked", "bad"),
        State("met", "met", "state-met", "ok"),
        State("not_met", "not met", "state-not-met", "bad"),
        State("insufficient_data", "insufficient data", "state-insufficient", "neutral"),
        State("stale", "stale", "state-stale", "warn"),
        State("waived", "waived", "state-waived", "warn"),
        State("error", "error", "state-error", "bad"),
    )
}

# Other vocabularies (request states, job states, check results) keep their word and borrow a look.
LOOKS = {
    "analysed": "met",
    "generating": "running",
    "checking": "running",
    "consensus": "running",
    "delivering": "running",
    "claimed": "running",
    "under_way": "running",
    "downloading": "running",
    "verifying": "running",
    "starting": "running",
    "in_review": "needs_you",
    "waiting": "queued",
    "pending": "queued",
    "cancelling": "stale",
    "cancelled": "waived",
    "abandoned": "stale",
    "removed": "waived",
    "skipped": "insufficient_data",
    "flaky": "stale",
    "slow": "queued",
    "none": "insufficient_data",
    "unknown": "insufficient_data",
    "not_applicable": "insufficient_data",
    "not_checked": "insufficient_data",
    "approve": "met",
    "request_changes": "stale",
    "block": "blocked",
    "abstain": "insufficient_data",
    "recuse": "waived",
    "approved": "met",
    "delivered": "met",
    "observed": "met",
    "merged": "met",
    "succeeded": "met",
    "passed": "met",
    "pass": "met",
    "ready": "met",
    "serving": "met",
    "answered": "met",
    "active": "met",
    "in_sync": "met",
    "open": "needs_you",
    "voting": "needs_you",
    "lapsed": "insufficient_data",
    "withdrawn": "waived",
    "proposed": "needs_you",
    "simulated": "needs_you",
    "ruling": "met",
    "replaced": "waived",
    "rejected": "not_met",
    "failed": "not_met",
    "fail": "not_met",
    "errored": "error",
    "broken": "not_met",
    "timeout": "not_met",
    "unparsable": "not_met",
    "low": "draft",
    "medium": "waived",
    "high": "blocked",
}


def state_of(name: str) -> State:
    """Return the look of ``name``, in any case, with spaces or hyphens; an unknown name keeps its word, in neutral."""
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    if key in STATES:
        return STATES[key]
    word = key.replace("_", " ")
    look = STATES[LOOKS.get(key, "draft")]
    return State(key, word, look.icon, look.tone)
