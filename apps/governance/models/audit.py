"""The chain of what was done."""

from __future__ import annotations

from typing import cast

from django.db import models
from django.db.models import Q

from apps.governance.engine.chain import plain
from apps.governance.models.people import Scope

# The columns that a hash covers, beside the number and the previous hash: of format 1, and what format 2 adds.
HASHED = (
    "at",
    "actor_id",
    "actor_type",
    "on_behalf_of",
    "session_digest",
    "action",
    "object_kind",
    "object_id",
    "scope_id",
    "before_digest",
    "after_digest",
    "reason",
    "outcome",
    "detail",
)
ADDED = {"format": 1, "actor_is_agent": False, "origin_digest": "", "policy_version": "", "request_id": ""}


class AuditEvent(models.Model):
    """
    One entry of the audit chain. The application role may add and read entries, nothing else.

    ``hash`` is the SHA-256 of ``previous_hash`` and the entry's canonical JSON. ``format`` says which columns that JSON
    has: entries of format 1 were written before the columns below ``detail`` came.
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
    format = models.PositiveSmallIntegerField(db_default=1)
    actor_is_agent = models.BooleanField(
        db_default=False, help_text="A program acted: a model, a service account, or whoever holds an API token."
    )
    origin_digest = models.CharField(
        max_length=64, blank=True, db_default="", help_text="SHA-256 of salt, address and browser, kept beside it."
    )
    policy_version = models.CharField(
        max_length=80, blank=True, db_default="", help_text="The policy by which it was decided."
    )
    request_id = models.CharField(max_length=64, blank=True, db_default="", help_text="Of the request that did it.")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [
            # The history of one object, on its audit tab.
            models.Index(fields=["object_kind", "object_id"], name="governance_audit_object"),
            # The entries of the scopes a person may read, newest first.
            models.Index(fields=["scope", "-sequence"], name="governance_audit_scope"),
            # The audit page and its export, filtered by one of these, newest first.
            models.Index(fields=["actor_id", "-sequence"], name="governance_audit_actor"),
            models.Index(fields=["action", "-sequence"], name="governance_audit_action"),
            models.Index(fields=["object_kind", "-sequence"], name="governance_audit_kind"),
            models.Index(fields=["outcome", "-sequence"], name="governance_audit_outcome"),
            models.Index(fields=["at"], name="governance_audit_at"),
            # How often somebody was refused the same lately, at every refusal.
            models.Index(
                fields=["actor_id", "action", "-sequence"],
                condition=Q(outcome="denied"),
                name="governance_audit_denied",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action} {self.outcome}"


class AuditOrigin(models.Model):
    """
    Where one entry came from, for as long as that may be kept.

    The entry covers the digest of these columns; the database lets nobody change them, nor remove them early.
    """

    event = models.OneToOneField(AuditEvent, primary_key=True, on_delete=models.PROTECT, related_name="origin")
    salt = models.CharField(max_length=32)
    ip = models.CharField("address", max_length=45, blank=True, default="")
    user_agent = models.CharField("browser", max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return f"origin of {self.event_id}"


def entry_content(event: AuditEvent) -> dict[str, object]:
    """Return what the hash of *event* covers. An entry of format 1 has none of what format 2 added, unless changed."""
    content = {name: getattr(event, name) for name in HASHED}
    is_first = event.format == ADDED["format"]
    for name, empty in ADDED.items():
        value = getattr(event, name)
        if not is_first or value != empty:
            content[name] = value
    return cast("dict[str, object]", plain(content))
