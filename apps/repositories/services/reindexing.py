"""Have a repository's code read anew, on somebody's word."""

from __future__ import annotations

from django.db import transaction

from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed
from apps.governance.types import Action
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.repositories.models import CodeIndex, IndexedFile, Repository
from apps.repositories.selectors import head_sha
from apps.repositories.services.repositories import revision_record
from apps.repositories.types import INDEX_JOB, REVISION_SUBJECT


@transaction.atomic
def index_again(*, repository: Repository, actor: User) -> Job:
    """
    Ask for the newest commit to be read anew, every text of it; while its index is made, that job is returned.

    Until it is done similar code is found by words alone.

    :raises NotAllowed: the actor's role measures nothing here.
    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    if not can(actor, Action.QUALITY_MEASURE, repository.scope):
        raise NotAllowed(
            "Your role does not index this repository.",
            remedy="Ask an engineer of this repository.",
            denial=Denial(Action.QUALITY_MEASURE.value, "repository", str(repository.pk), repository.scope_id),
        )
    revision = revision_record(repository=repository, sha=head_sha(repository))
    return job_enqueue(
        kind=INDEX_JOB,
        subject_kind=REVISION_SUBJECT,
        subject_id=revision.pk,
        requested_by=actor,
        payload={"is_anew": True},
    )


@transaction.atomic
def index_forget(*, repository: Repository) -> None:
    """Forget the indexes of a repository and every text that was read for them, so that they are read anew."""
    Repository.objects.select_for_update().get(pk=repository.pk)
    CodeIndex.objects.filter(revision__repository=repository).delete()
    IndexedFile.objects.filter(repository=repository).delete()
