"""How people read of what the console writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "metrics.import": ("import", "imported", "figures of {place} to compare with"),
    }
)
