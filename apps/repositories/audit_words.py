"""How people read of what repositories writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "repository.change": ("change", "changed", "the repository {place}"),
        "repository.register": ("connect", "connected", "the repository {place}"),
    }
)
