"""Who may decide about what, who did, and the chain that shows it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q

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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "repository"], name="governance_scope_once"),
        ]

    def __str__(self) -> str:
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


class Ballot(models.Model):
    """
    One person's verdict on exactly what they saw.

    The subject is (kind, id); ``subject_digest`` is the SHA-256 of patch, base and evidence as shown. A change of
    the subject voids the ballot, unless it is a recusal; it is never edited or removed.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approve"
        REQUEST_CHANGES = "request_changes", "Request changes"
        BLOCK = "block", "Block"
        ABSTAIN = "abstain", "Abstain"
        RECUSE = "recuse", "Step aside"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_digest = models.CharField(max_length=64)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="ballots")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ballots")
    # Set by the database from the account.
    person = models.CharField(
        max_length=210, db_default="", editable=False, help_text="The natural person behind the account."
    )
    verdict = models.CharField(max_length=16, choices=Verdict)
    rationale = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict, help_text="Preference and rubric, as given.")
    cast_at = models.DateTimeField(db_default=transaction_time())
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "person"],
                condition=Q(voided_at__isnull=True),
                name="governance_ballot_one_valid_per_person",
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=["block", "request_changes"]) | ~Q(rationale=""),
                name="governance_ballot_refusal_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | ~Q(void_reason=""), name="governance_ballot_void_has_reason"
            ),
        ]
        indexes = [
            # The ballots of one subject, on its review page and in every decision.
            models.Index(fields=["subject_kind", "subject_id"], name="governance_ballot_subject"),
            # The newest verdicts, on the governance page, in the admin site and in the API.
            models.Index(fields=["-cast_at", "id"], name="governance_ballot_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.voter}: {self.get_verdict_display()}"


class Override(models.Model):
    """
    Two people's word that something may go on although one check of it failed, until a date.

    ``subject_digest`` is the SHA-256 of what they saw. It is confirmed once and withdrawn once, and otherwise never
    changed or removed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_digest = models.CharField(max_length=64)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="overrides")
    check_name = models.CharField(max_length=40, help_text="The check that failed.")
    reason = models.TextField()
    ends_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="overrides_asked")
    asked_at = models.DateTimeField(db_default=transaction_time())
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="overrides_confirmed"
    )
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "check_name", "subject_digest"],
                condition=Q(withdrawn_at__isnull=True),
                name="governance_override_one_open",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_override_has_reason"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("asked_at")), name="governance_override_ends"),
            models.CheckConstraint(condition=~Q(confirmed_by=F("asked_by")), name="governance_override_two_people"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="governance_override_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True)
                | Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False),
                name="governance_override_withdrawn_by_somebody",
            ),
        ]
        indexes = [
            # The overrides of one subject, on its page and whenever it is to go on.
            models.Index(fields=["subject_kind", "subject_id"], name="governance_override_subject"),
            # The newest overrides, in the admin site and in the API.
            models.Index(fields=["-asked_at", "id"], name="governance_override_newest"),
            # What waits for a second signature, on the chair's home page.
            models.Index(
                fields=["scope", "asked_at"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="governance_override_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_name} of {self.subject_kind} {self.subject_id}"


class ApprovalPolicyVersion(models.Model):
    """
    One version of who must approve requests of one risk, in a repository or in a whole organisation.

    The content is never changed. A version rules once another person than its proposer published it.
    """

    class RiskTier(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="approval_policies")
    risk_tier = models.CharField(max_length=8, choices=RiskTier)
    number = models.PositiveIntegerField(help_text="Counts the versions of one scope and risk.")
    content = models.JSONField(help_text="Seats, how many must approve and be present, life of a ballot.")
    content_digest = models.CharField(max_length=64, help_text="SHA-256 of the content.")
    needed = models.PositiveSmallIntegerField(help_text="How many seats must approve.")
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=transaction_time())
    simulation = models.JSONField(null=True, help_text="What it would have done to past requests.")
    simulated_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "risk_tier", "number"], name="governance_policy_number_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_policy_has_reason"),
            models.CheckConstraint(condition=~Q(published_by=F("proposed_by")), name="governance_policy_two_people"),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True)
                | Q(published_at__isnull=False, published_by__isnull=False, simulated_at__isnull=False),
                name="governance_policy_published_by_somebody",
            ),
        ]
        indexes = [
            # The newest versions, in the admin site and in the API.
            models.Index(fields=["-proposed_at", "id"], name="governance_policy_newest"),
            # The versions of the places that somebody reads, newest first.
            models.Index(fields=["scope", "-proposed_at", "id"], name="governance_policy_scope"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} for {self.risk_tier} risk in {self.scope}"


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


class ApiToken(models.Model):
    """A bearer token of a person or a service account. Only its digest is kept; no scope can approve."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text="What the token may do, for example specs:write.")
    created_at = models.DateTimeField(db_default=transaction_time())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class IdempotencyKey(models.Model):
    """The answer to a POST that carried an Idempotency-Key, kept so that a repetition gets the same one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first request is under way.")
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "path", "key"], name="governance_idempotencykey_once"),
        ]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
