"""Accounts, places and roles."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time


class User(AbstractUser):
    """A person, or a service account that acts for a machine and never votes."""

    is_service = models.BooleanField(default=False, help_text="A machine's account. It never votes.")
    person_key = models.CharField(
        "person",
        max_length=200,
        blank=True,
        default="",
        help_text="Accounts with the same one, such as the subject of a single sign-on, are one person's.",
    )
    is_password_given = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Somebody else chose the password; until its person does, nothing else opens for them.",
    )
    password_given_by = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Which administrator gave the password that the own one was chosen with.",
    )
    # The database sets it when the own password is chosen, and keeps it.
    votes_from = models.DateTimeField(
        null=True,
        editable=False,
        help_text="No ballot before, unless confirmed: the own password was chosen with a given one.",
    )
    votes_confirmed_by = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Which other administrator confirmed that its person chose the password.",
    )

    # Set on the user of a token that is limited to some scopes: what governance says of them ends there.
    within: frozenset[int] | None = None

    class Meta(AbstractUser.Meta):
        db_table = "governance_user"
        indexes = [
            # The accounts of one person, in every decision and at every vote.
            models.Index(fields=["person_key"], condition=~Q(person_key=""), name="governance_user_person"),
        ]


class Organisation(models.Model):
    """The owner of repositories."""

    name = models.CharField(max_length=120, unique=True)

    def __str__(self) -> str:
        return self.name


class Scope(models.Model):
    """What a role or a decision is about: an organisation as a whole (no repository), or one repository."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="scopes")
    repository = models.SlugField(max_length=120, blank=True, default="")
    is_pilot = models.BooleanField(
        default=False, help_text="Code may be generated for it without a rung of the expansion ladder."
    )
    identities = ArrayField(
        models.TextField(),
        blank=True,
        default=list,
        db_default=[],
        help_text="First commits and addresses of its code. Places that share one hold the same code.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "repository"], name="governance_scope_once"),
            models.CheckConstraint(
                condition=Q(is_pilot=False) | ~Q(repository=""), name="governance_scope_pilot_is_a_repository"
            ),
        ]
        indexes = [
            # The other places of the same code, when a suspension is looked for.
            GinIndex(fields=["identities"], name="governance_scope_identities"),
        ]

    def __str__(self) -> str:
        return self.path if self.repository else f"all of {self.organisation.name}"

    @property
    def path(self) -> str:
        """The name that records and messages to other systems have for it; people read ``str``."""
        return f"{self.organisation.name}/{self.repository or '*'}"


class RoleAssignment(models.Model):
    """One person's role in one scope. A role in the organisation's scope holds for all its repositories."""

    class Role(models.TextChoices):
        ENGINEER = "engineer", "Engineer"
        REVIEWER = "reviewer", "Reviewer"
        QUALITY_LEAD = "quality_lead", "Quality lead"
        ARCHITECT = "architect", "Architect"
        DOCUMENTATION_OWNER = "documentation_owner", "Documentation owner"
        COMMITTEE = "committee", "Committee member"
        CHAIR = "chair", "Chair"
        AUDITOR = "auditor", "Auditor"
        SERVICE = "service", "Service user"
        ADMIN = "admin", "Administrator"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_assignments")
    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=24, choices=Role)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    granted_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "scope", "role"], name="governance_roleassignment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} of {self.scope}"


class CodeOwner(models.Model):
    """A reviewer named for the paths of a repository that match a glob pattern."""

    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="code_owners")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    pattern = models.CharField(max_length=400, default="*")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "user", "pattern"], name="governance_codeowner_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} owns {self.pattern} of {self.scope}"
