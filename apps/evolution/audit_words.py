"""How people read of what evolution writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "architecture.dry_run": ("try", "tried", "an architecture plan of {place} out"),
        "architecture.suggest": ("ask", "asked", "for an architecture plan of {place}"),
    }
)
