"""Evidence packs are asked for here and built by a job."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from apps.governance.models import EvidencePack, User
from apps.governance.services.packs import pack_make, pack_open
from apps.jobs.services import JobRun, job_enqueue

PACK_JOB, PACK_SUBJECT = "console.pack", "evidence_pack"


@transaction.atomic
def pack_order(
    *, subject_kind: str, subject_id: UUID, actor: User, filters: Mapping[str, str] | None = None
) -> EvidencePack:
    """
    Ask for a pack about a subject; a job builds it.

    :raises NotFound: there is no such subject, or the actor may not have a pack about it.
    """
    pack = pack_open(subject_kind=subject_kind, subject_id=subject_id, actor=actor, filters=filters)
    job_enqueue(kind=PACK_JOB, subject_kind=PACK_SUBJECT, subject_id=pack.pk, requested_by=actor)
    return pack


def pack_job(*, job: JobRun, pack_id: UUID) -> EvidencePack:
    """
    Build a pack. Safe to repeat.

    :raises PackImpossible: the subject has nothing to show yet.
    :raises SigningKeyUnusable: nobody could sign it.
    """
    job.progress("gather")
    pack = pack_make(pack_id=pack_id)
    job.progress("signed", size=pack.size)
    return pack
