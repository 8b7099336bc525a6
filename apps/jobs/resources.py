"""The job ledger as API resources."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from apps.core.database import Part, Reach
from apps.governance.models import User
from apps.governance.rest import Resource, Searched
from apps.governance.subjects import subjects_blind, subjects_readable
from apps.jobs.models import Job, JobEvent


def _job_parts(user: User) -> list[Part]:
    # A token of some repositories does not see what its user asked for elsewhere.
    own = [] if user.within is not None else [Part(Q(requested_by=user))]
    return [*own, *subjects_readable(user)]


def _of_jobs(parts: Sequence[Part]) -> list[Part]:
    return [Part(identity="job_id", keys=Job.objects.filter(part.gathered)) for part in parts]


class JobResource(Searched, Resource):
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

    def reach(self, user: User) -> Reach:
        """Return the jobs that *user* asked for, and those about something that they may read."""
        return Reach(_job_parts(user))


class JobEventResource(Searched, Resource):
    """One step of a job, numbered without gaps."""

    noun = "job-events"
    prefix = "step"
    model = JobEvent
    permit = "requests:read"
    columns = {"id": "pk", "job": "", "sequence": "", "stage": "", "data": "", "created_at": ""}
    references = {"job": "job"}
    filters = ("job", "stage")
    newest = None

    def reach(self, user: User) -> Reach:
        """Return the events of jobs that *user* may see, without what names models to somebody who is still to vote."""
        return Reach(_of_jobs(_job_parts(user)), without=_of_jobs(subjects_blind(user)))
