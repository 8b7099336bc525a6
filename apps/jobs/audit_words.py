"""How people read of what jobs writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "job.cancel": ("stop", "stopped", "a job"),
        "webhook.change": ("change", "changed", "the webhook {name} of {place}"),
        "webhook.create": ("add", "added", "the webhook {name} of {place}"),
        "webhook.disable": ("switch off", "switched off", "the webhook {name} of {place}"),
        "webhook.redeliver": ("send", "sent", "a message of a webhook of {place} again"),
        "webhook.remove": ("remove", "removed", "the webhook {name} of {place}"),
        "webhook.retire_secret": ("retire", "retired", "a secret of the webhook {name} of {place}"),
        "webhook.rotate": ("renew", "renewed", "the secret of the webhook {name} of {place}"),
    }
)
