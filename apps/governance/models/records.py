"""How long records are kept, what must be kept longer, and whom they no longer name."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.governance.models.people import Scope


class Signed(models.Model):
    """Asked for by one person and confirmed by another, or withdrawn; the row is never changed otherwise or removed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=transaction_time())
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="%(app_label)s_%(class)s_has_reason"),
            models.CheckConstraint(condition=~Q(confirmed_by=F("asked_by")), name="%(app_label)s_%(class)s_two_people"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, withdrawn_at__isnull=True),
                name="%(app_label)s_%(class)s_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="%(app_label)s_%(class)s_withdrawn_by_somebody",
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Whether it waits for the second person."""
        return self.confirmed_at is None and self.withdrawn_at is None


class RetentionSetting(Signed):
    """For how many days one class of data is kept. The newest confirmed one rules."""

    data_class = models.CharField(max_length=60)
    days = models.PositiveIntegerField()

    class Meta(Signed.Meta):
        indexes = [
            # The list of settings, newest first.
            models.Index(fields=["-asked_at", "id"], name="governance_retention_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.data_class} {self.days} d"


class Erasure(Signed):
    """A person who asked not to be named any more: all their accounts get pseudonyms once two people signed."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasures")
    counts = models.JSONField(default=dict, help_text="What was changed, by the name of what it was.")

    class Meta(Signed.Meta):
        constraints = [
            *Signed.Meta.constraints,
            models.UniqueConstraint(
                fields=["person"], condition=Q(withdrawn_at__isnull=True), name="governance_erasure_once"
            ),
            models.CheckConstraint(
                condition=~Q(person=F("asked_by")) & ~Q(person=F("confirmed_by")), name="governance_erasure_by_others"
            ),
        ]
        indexes = [
            # The list of erasures, newest first.
            models.Index(fields=["-asked_at", "id"], name="governance_erasure_newest"),
        ]

    def __str__(self) -> str:
        return f"erasure of {self.person_id}"


class AccountLink(Signed):
    """
    Two people sign that ``account`` and ``other`` are one person's, or, without another, that ``account`` is its own.

    The database puts it into effect with the second signature; nothing else changes whose an account is.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(Signed.Meta):
        constraints = [
            *Signed.Meta.constraints,
            models.CheckConstraint(condition=~Q(account=F("other")), name="governance_accountlink_two_accounts"),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="governance_accountlink_one_open",
            ),
        ]
        indexes = [
            # The list of links, newest first.
            models.Index(fields=["-asked_at", "id"], name="governance_accountlink_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} and {self.other_id}" if self.other_id else f"{self.account_id} alone"


class LegalHold(models.Model):
    """
    Nothing of a repository, an organisation, a request or a person is deleted or pseudonymised while this stands.

    One person places it and it holds at once; two people release it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, null=True, on_delete=models.PROTECT, related_name="legal_holds")
    request_id = models.UUIDField(null=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(db_default=transaction_time())
    release_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    release_asked_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="governance_legalhold_has_reason"),
            models.CheckConstraint(
                condition=Q(scope__isnull=False, request_id__isnull=True, person__isnull=True)
                | Q(scope__isnull=True, request_id__isnull=False, person__isnull=True)
                | Q(scope__isnull=True, request_id__isnull=True, person__isnull=False),
                name="governance_legalhold_holds_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(
                    released_at__isnull=False,
                    released_by__isnull=False,
                    release_asked_by__isnull=False,
                    release_asked_at__isnull=False,
                ),
                name="governance_legalhold_released_by_two",
            ),
            models.CheckConstraint(
                condition=~Q(released_by=F("release_asked_by")), name="governance_legalhold_two_people"
            ),
        ]
        indexes = [
            # The list of holds, newest first.
            models.Index(fields=["-placed_at", "id"], name="governance_legalhold_newest"),
            # The holds that stand, at every deletion.
            models.Index(
                fields=["placed_at"], condition=Q(released_at__isnull=True), name="governance_legalhold_stands"
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"
