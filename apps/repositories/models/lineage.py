"""Where the lines of a default branch come from, when they began, and when they ended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.database import transaction_time
from apps.repositories.models.code import MAX_INDEXED_PATH, Repository, Revision


class LineBirth(models.Model):
    """
    The lines of one origin that one commit of the default branch began.

    ``number`` is what the spans of files call it, ``position`` the place of the commit in the first-parent history,
    from 0. ``born_at`` is when the commit was made, never before the one that it follows.
    """

    class Origin(models.TextChoices):
        AI = "ai", "AI"
        HUMAN = "human", "Human"
        MIXED = "mixed", "Mixed"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="line_births")
    number = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    sha = models.CharField(max_length=64)
    born_at = models.DateTimeField()
    origin = models.CharField(max_length=5, choices=Origin)
    request_id = models.UUIDField(null=True, help_text="The request whose candidate it is, or that a person edited.")
    lines = models.PositiveIntegerField(help_text="Lines that began; blank ones are not counted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="repositories_birth_number_once"),
            models.UniqueConstraint(
                fields=["repository", "position", "origin", "request_id"],
                name="repositories_birth_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(origin="human", request_id__isnull=True) | ~Q(origin="human") & Q(request_id__isnull=False),
                name="repositories_birth_of_a_request",
            ),
        ]
        indexes = [
            # What began in a window: rework, on the metrics page.
            models.Index(fields=["repository", "born_at"], name="repositories_birth_window"),
            # The list in the API, newest first.
            models.Index(fields=["-born_at", "id"], name="repositories_birth_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.lines} {self.origin} lines of {self.sha[:12]}"


class LineEnd(models.Model):
    """
    Lines of one beginning that ended with a commit, in the file as it was called then.

    ``is_change`` tells lines that were removed or changed in what they say from those that went into another line, or
    whose file is no longer text: these leave without an event.
    """

    birth = models.ForeignKey(LineBirth, on_delete=models.CASCADE, related_name="ends")
    path = models.CharField(max_length=MAX_INDEXED_PATH)
    position = models.PositiveIntegerField()
    ended_at = models.DateTimeField()
    is_change = models.BooleanField()
    lines = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["birth", "position", "path", "is_change"], name="repositories_lineend_once"
            ),
        ]
        indexes = [
            # The list in the API, newest first.
            models.Index(fields=["-ended_at", "id"], name="repositories_lineend_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.lines} lines of {self.path}"


class LineSpans(models.Model):
    """
    Where the lines of a file come from, as runs of [number of lines, number of the birth]; -1 for blank lines.

    Addressed by its content: every commit in which the file is so refers to the same row.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="line_spans")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the runs.")
    spans = models.JSONField()
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "line spans"
        constraints = [
            models.UniqueConstraint(fields=["repository", "digest"], name="repositories_spans_once"),
        ]
        indexes = [
            # The list in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="repositories_spans_newest"),
        ]

    def __str__(self) -> str:
        return self.digest[:12]


class Lineage(models.Model):
    """
    The origin of every line of a commit of the default branch.

    ``files`` are the digests of the spans by path, ``deliveries`` the commits of deliveries that were known and met.
    ``survival`` is the curve by origin, week by week, as of ``measured_at``.
    """

    revision = models.OneToOneField(Revision, primary_key=True, on_delete=models.CASCADE, related_name="lineage")
    reader = models.PositiveSmallIntegerField(help_text="Version of what followed the lines.")
    position = models.PositiveIntegerField()
    files = models.JSONField(default=dict)
    deliveries = models.JSONField(default=list)
    ai_lines = models.PositiveIntegerField()
    human_lines = models.PositiveIntegerField()
    mixed_lines = models.PositiveIntegerField()
    survival = models.JSONField(default=dict)
    measured_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "lineages"
        indexes = [
            # The list in the API, newest first.
            models.Index(fields=["-measured_at", "revision"], name="repositories_lineage_newest"),
        ]

    def __str__(self) -> str:
        return str(self.revision)

    @property
    def lines(self) -> int:
        """All lines that are not blank."""
        return self.ai_lines + self.human_lines + self.mixed_lines
