"""Writes API pages, and checks whether they still say what the code says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.db import transaction

from apps.checks.services import docstring_style, docstrings_check, public_interface
from apps.core.clock import now
from apps.docs.engine.drift import citation_of, cite, compare
from apps.docs.engine.pages import api_page, documented_share
from apps.docs.models import DocumentationArtifact, DocumentationSource
from apps.docs.services.code import python_at
from apps.docs.services.observations import documentation_observe
from apps.docs.types import (
    GENERATE_JOB,
    GENERATE_SUBJECT,
    VALIDATE_JOB,
    VALIDATE_SUBJECT,
    InputInvalid,
    NothingToDocument,
)
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record
from apps.repositories.types import is_commit_id

API = "api"
MARKDOWN = "markdown"
KEPT_FINDINGS = 200


@transaction.atomic
def generation_start(*, repository: Repository, requested_by: User, sha: str | None = None) -> Job:
    """
    Ask for the API page of a commit, by default the newest of the default branch; see :func:`documentation_generate`.

    While the page of the same commit is being written, that job is returned. The caller has decided that
    ``requested_by`` may ask.

    :raises InputInvalid: ``sha`` is no full commit id.
    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened, or has no such commit.
    """
    if sha is not None and not is_commit_id(sha):
        raise InputInvalid(f"{sha[:80]} is not the full id of a commit.", remedy="Give all 40 hexadecimal digits.")
    revision = revision_record(repository=repository, sha=sha or head_sha(repository))
    return job_enqueue(
        kind=GENERATE_JOB, subject_kind=GENERATE_SUBJECT, subject_id=revision.pk, requested_by=requested_by
    )


def validation_start(*, artifact: DocumentationArtifact, requested_by: User) -> Job:
    """
    Ask for a page to be held against the newest commit; see :func:`documentation_validate`.

    While the same page is being checked, that job is returned. The caller has decided that ``requested_by`` may ask.
    """
    return job_enqueue(
        kind=VALIDATE_JOB, subject_kind=VALIDATE_SUBJECT, subject_id=artifact.pk, requested_by=requested_by
    )


def documentation_generate(
    *, revision: Revision, actor: User | None, before_save: Callable[[], None] = lambda: None
) -> DocumentationArtifact:
    """
    Write the API page of a commit; a commit has one, written anew, so a repetition adds nothing.

    Takes seconds; nothing is run. How it stands to the newest commit is observed. ``before_save`` is called before
    anything is written and may raise. The caller has decided that ``actor`` may ask.

    :raises NothingToDocument: no Python file besides the tests offers a public function or class.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    repository = revision.repository
    items = public_interface(python_at(repository, revision.sha))
    share = documented_share(items)
    if share is None:
        raise NothingToDocument(
            f"{repository.name} has no public Python function or class at {revision.sha[:12]}.",
            remedy="API pages are written of Python modules; names that begin with an underscore are private.",
        )
    values = {
        "target_code_version": revision.sha,
        "generated_content": api_page(title=repository.name, sha=revision.sha, items=items),
        "format": MARKDOWN,
        "quality_score": Decimal(f"{share:.2f}"),
        "last_updated": now(),
    }
    before_save()
    with transaction.atomic():
        Repository.objects.select_for_update().get(pk=repository.pk)
        known = DocumentationArtifact.objects.filter(source__revision=revision, artifact_type=API).first()
        if known is None:
            artifact = DocumentationArtifact.objects.create(artifact_type=API, **values)
        else:
            DocumentationArtifact.objects.filter(pk=known.pk).update(**values)
            artifact = known
        DocumentationSource.objects.update_or_create(
            artifact=artifact,
            defaults={"revision": revision, "citations": [citation.as_json() for citation in cite(items)]},
        )
        audit_record(
            action="docs.generate",
            object_kind="page",
            object_id=artifact.pk,
            actor=actor,
            scope=repository.scope,
            detail={"sha": revision.sha},
        )
    artifact.refresh_from_db()
    documentation_observe(repository=repository)
    return artifact


def documentation_validate(
    *, artifact: DocumentationArtifact, actor: User | None, before_save: Callable[[], None] = lambda: None
) -> DocumentationArtifact:
    """
    Hold a page against the newest commit: the symbols it describes, and docstrings that contradict signatures.

    Takes seconds. What was found is stored beside the page, in place of what an earlier check found; the page itself
    stays. ``before_save`` is called before anything is written and may raise. The caller has decided that ``actor``
    may ask.

    :raises RepositoryEmpty: the default branch has no commit.
    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises CodeUnreadable: the docstrings could not be checked.
    """
    source = DocumentationSource.objects.select_related("revision__repository__scope").get(artifact=artifact)
    repository = source.revision.repository
    revision = revision_record(repository=repository, sha=head_sha(repository))
    files = python_at(repository, revision.sha)
    today = public_interface(files)
    drift = compare([citation_of(stored) for stored in source.citations], today)
    style = docstring_style(item.docstring for item in today)
    findings = docstrings_check(files, style=style)
    validation = {
        "sha": revision.sha,
        **drift.as_json(),
        "docstring_style": style,
        "finding_count": len(findings),
        "findings": [finding.as_json() for finding in findings[:KEPT_FINDINGS]],
    }
    before_save()
    with transaction.atomic():
        source.validation = validation
        source.validated_at = now()
        source.save(update_fields=["validation", "validated_at"])
        audit_record(
            action="docs.validate",
            object_kind="page",
            object_id=artifact.pk,
            actor=actor,
            scope=repository.scope,
            detail={"sha": revision.sha, "state": drift.state},
        )
    artifact.source = source
    documentation_observe(repository=repository)
    return artifact
