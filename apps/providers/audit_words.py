"""How people read of what providers writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "budget.remove": ("remove", "removed", "a budget of {place}"),
        "budget.set": ("set", "set", "a budget of {place}"),
        "local_model.cancel": ("stop", "stopped", "the download of a local model"),
        "local_model.fetch": ("fetch", "fetched", "a local model"),
        "local_model.remove": ("remove", "removed", "a local model"),
        "model.approve": ("approve", "approved", "the model {name}"),
        "model.withdraw": ("take back", "took back", "the approval of the model {name}"),
        "provider.add": ("register", "registered", "the model {name}"),
        "provider.change": ("change", "changed", "the model {name}"),
    }
)
