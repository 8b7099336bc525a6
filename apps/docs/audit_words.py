"""How people read of what documentation writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "docs.validate": ("hold", "held", "documentation of {place} against the code"),
    }
)
