"""The jobs that somebody asked for. What follows a commit by itself is not among them."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.jobs.models import Job

FOLLOWING = ("repositories.lineage", "docs.observe")


def jobs_asked() -> QuerySet[Job]:
    """Return the jobs of a person, and those of the platform that a test is about."""
    return Job.objects.exclude(kind__in=FOLLOWING)
