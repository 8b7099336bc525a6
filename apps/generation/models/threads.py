"""What is said in a review: threads on a line, a file or the request as a whole, and what people wrote in them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.database import transaction_time
from apps.generation.models.requests import CodeGenerationRequest


class ReviewThread(models.Model):
    """
    One matter that is discussed. An *issue* stands in the way of an approval until it is settled.

    Settled is what was resolved, and confirmed too where that is asked: by whoever opened it, or by a reviewer who did
    not resolve it.
    """

    class Side(models.TextChoices):
        NEW = "new", "As the candidate leaves it"
        OLD = "old", "As it was"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(CodeGenerationRequest, on_delete=models.CASCADE, related_name="threads")
    # No foreign key: one that is wrong on purpose is discussed like any other and has no row among the candidates.
    candidate = models.UUIDField(null=True, help_text="Empty for the request as a whole.")
    path = models.CharField(max_length=400, blank=True, default="")
    side = models.CharField(max_length=3, choices=Side, blank=True, default="")
    line = models.PositiveIntegerField(null=True)
    content_digest = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of the file when the thread was opened."
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_issue = models.BooleanField(default=False)
    needs_confirmation = models.BooleanField(default=False)
    opened_at = models.DateTimeField(db_default=transaction_time())
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(candidate=None, path="", content_digest="") | Q(candidate__isnull=False) & ~Q(path=""),
                name="generation_reviewthread_place",
            ),
            models.CheckConstraint(
                condition=Q(line=None, side="") | Q(line__gte=1, side__in=["new", "old"]) & ~Q(path=""),
                name="generation_reviewthread_line",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by=None, resolved_at=None)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
                name="generation_reviewthread_resolved",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, resolved_by__isnull=False)
                & (Q(confirmed_by=F("author")) | ~Q(confirmed_by=F("resolved_by"))),
                name="generation_reviewthread_confirmed",
            ),
        ]
        indexes = [
            # The list of threads in the API, newest first.
            models.Index(fields=["-opened_at", "id"], name="generation_thread_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path or "the request"

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be said about it."""
        return self.resolved_at is not None and (self.confirmed_at is not None or not self.needs_confirmation)


class ReviewComment(models.Model):
    """What one person wrote in a thread. It is never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(ReviewThread, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="generation_reviewcomment_says_something"),
        ]
        indexes = [
            # The list of comments in the API, newest first.
            models.Index(fields=["-written_at", "id"], name="generation_comment_newest"),
            # How much somebody wrote within an hour.
            models.Index(fields=["author", "-written_at"], name="generation_comment_of_author"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
