"""What an operation of the API answers when it has begun work in the background."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from ninja import Field, Schema, Status

from apps.core.ids import format_id
from apps.jobs.models import Job


class JobOut(Schema):
    """Work under way: poll the address in ``Location``, or open the page at ``url``."""

    job_id: str
    kind: str = Field(examples=["quality.coverage"])
    state: str = Field(examples=["queued"])
    url: str


def job_accepted(response: HttpResponse, job: Job) -> Status[dict[str, Any]]:
    """Return the answer 202 about *job*, whose resource is named in ``Location``."""
    job_id = format_id("job", job.pk)
    response["Location"] = f"/api/v1/jobs/{job_id}"
    return Status(
        202,
        {"job_id": job_id, "kind": job.kind, "state": job.state, "url": reverse("jobs:job-detail", args=[job.pk])},
    )
