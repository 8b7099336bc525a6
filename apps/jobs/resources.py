"""The job ledger as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.subjects import subjects_blind, subjects_readable
from apps.jobs.models import Job, JobEvent


def _job_ids(user: User) -> QuerySet[Any]:
    return Job.objects.filter(Q(requested_by=user) | subjects_readable(user)).values("pk")


class JobResource(Resource):
    """One piece of background work."""

    noun = "jobs"
    prefix = "job"
    model = Job
    permit = "requests:read"
    columns = {
        "id": "pk",
        "kind": "",
        "subject_kind": "",
        "subject_id": "",
        "state": "",
        "attempts": "",
        "max_attempts": "",
        "sequence": "",
        "progress": "",
        "error": "",
        "requested_by": "",
        "created_at": "",
        "started_at": "",
        "heartbeat_at": "",
        "finished_at": "",
        "cancel_requested_at": "",
    }
    references = {"requested_by": "user"}
    filters = ("kind", "state", "subject_kind", "subject_id", "requested_by")
    hidden = ("progress",)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out jobs that somebody else asked for about something *user* may not read."""
        return rows.filter(Q(requested_by=user) | subjects_readable(user))


class JobEventResource(Resource):
    """One step of a job, numbered without gaps."""

    noun = "job-events"
    prefix = "step"
    model = JobEvent
    permit = "requests:read"
    columns = {"id": "pk", "job": "", "sequence": "", "stage": "", "data": "", "created_at": ""}
    references = {"job": "job"}
    filters = ("job", "stage")
    newest = None

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out the events of jobs that *user* may not see, or not before voting: events name models."""
        blind = subjects_blind(user, kind="job__subject_kind", identity="job__subject_id")
        return rows.filter(job__in=_job_ids(user)).exclude(blind)
