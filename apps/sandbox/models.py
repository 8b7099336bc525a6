from __future__ import annotations

from django.db import models


class SandboxDay(models.Model):
    """What the sandboxes of one machine did on one day (UTC): a row for people who watch over it."""

    machine = models.CharField(max_length=255)
    day = models.DateField()
    tier = models.CharField(
        max_length=20,
        choices=[("full", "All walls"), ("without_landlock", "Without Landlock")],
        help_text="All walls: namespaces, read-only root, system call filter, limits, Landlock.",
    )
    node = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Version of Node.js; empty: JavaScript cannot be run there.",
    )
    runs = models.PositiveBigIntegerField(default=0)
    refusals = models.PositiveBigIntegerField(
        default=0, help_text="Runs not begun: the code does not compile, or the machine cannot isolate."
    )
    kills = models.PositiveBigIntegerField(default=0, help_text="Runs ended at a limit of time, memory or output.")
    failures = models.PositiveBigIntegerField(default=0, help_text="Runs without a result; their callers repeat them.")
    starts = models.PositiveBigIntegerField(default=0, help_text="Fork servers started.")
    longest_queue = models.PositiveIntegerField(
        default=0, help_text="Most runs of one process that waited for a fork server at one time."
    )
    reported_at = models.DateTimeField()

    class Meta:
        verbose_name = "sandbox day"
        constraints = [
            models.UniqueConstraint(fields=["machine", "day"], name="sandbox_sandboxday_one_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.machine}, {self.day}"
