"""How people read of what knowledge writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "patterns.decide": ("decide", "decided", "about a pattern of {place}"),
        "patterns.declined": ("decline", "declined", "the structure {name} of {place}"),
        "patterns.mine": ("look", "looked", "for patterns in {place}"),
        "patterns.proposed": ("propose", "proposed", "the structure {name} of {place} as a pattern"),
        "policy.save": ("save", "saved", "the code rules of {place}"),
    }
)
