"""What the platform does for its own records every day."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import ChainBroken, audit_anchor, audit_check, retention_run
from apps.governance.types import Action
from apps.jobs.registry import job_handler, job_subject_access
from apps.jobs.runner import JobRun
from apps.jobs.types import PLATFORM_KIND

DAY = timedelta(days=1)


@job_subject_access(PLATFORM_KIND)
def platform_job_is_readable(user: User, _subject_id: UUID) -> bool:
    """Whoever may read the audit of a whole organisation sees what the platform does by itself."""
    return can(user, Action.AUDIT_READ, None)


@job_handler("records.verify", timeout_s=3600, every=DAY)
def chain_verify(run: JobRun) -> None:
    """
    Verify the audit chain and note its head outside the database.

    :raises ChainBroken: it does not hold; every page says so to those who may read it.
    """
    found = audit_check(actor=None)
    run.progress("verified", count=found.count, is_sound=found.ok)
    if not found.ok:
        raise ChainBroken(found.problem, remedy="docs/records.md says what to do when the chain is broken.")
    anchor = audit_anchor()
    if anchor is not None:
        run.progress("anchored", sequence=anchor.sequence)


@job_handler("records.retention", timeout_s=3600, every=DAY)
def records_purge(run: JobRun) -> None:
    """Delete what has been kept for long enough and is not held."""

    def say(data_class: str, count: int) -> None:
        run.raise_if_cancelled()
        run.progress("deleted", data_class=data_class, count=count)

    retention_run(say=say)
