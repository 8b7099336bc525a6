"""The chain of what was done."""

from __future__ import annotations

from django.db import models

from apps.governance.models.people import Scope


class AuditEvent(models.Model):
    """
    One entry of the audit chain. The application role may add and read entries, nothing else.

    ``hash`` is the SHA-256 of ``previous_hash`` and the entry's canonical JSON.
    """

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        DENIED = "denied", "Denied"
        FAILED = "failed", "Failed"

    class ActorType(models.TextChoices):
        HUMAN = "human", "Person"
        SERVICE = "service", "Service account"
        MODEL = "model", "Model"
        SYSTEM = "system", "Platform"

    sequence = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.CharField(max_length=64)
    actor_type = models.CharField(max_length=8, choices=ActorType)
    on_behalf_of = models.CharField(max_length=64, blank=True, default="")
    session_digest = models.CharField(max_length=64, blank=True, default="")
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    scope = models.ForeignKey(Scope, null=True, on_delete=models.PROTECT, related_name="+")
    before_digest = models.CharField(max_length=64, blank=True, default="")
    after_digest = models.CharField(max_length=64, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    outcome = models.CharField(max_length=8, choices=Outcome)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            # The history of one object, on its audit tab.
            models.Index(fields=["object_kind", "object_id"], name="governance_audit_object"),
            # The entries of the scopes a person may read, newest first.
            models.Index(fields=["scope", "-sequence"], name="governance_audit_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.outcome}"
