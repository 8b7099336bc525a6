"""What builds and trackers send: /api/quality/coverage/upload, /tests/upload and /defects/upload."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from apps.core.bodies import body_read
from apps.core.ids import format_id
from apps.core.numbers import whole_number
from apps.governance.http import PROBLEMS, ProblemSchema, access, current_user, require
from apps.governance.types import Action
from apps.quality import schemas
from apps.quality.services import ReportedDefect, coverage_upload, defects_upload, require_size, suite_upload
from apps.quality.services.subjects import commit_id
from apps.repositories.models import Revision
from apps.repositories.selectors import repository_get
from apps.repositories.services import revision_record

router = Router(tags=["Quality"])
UPLOAD = access("quality:upload")
ANSWERS = {**PROBLEMS, 413: ProblemSchema}
MOST_UNKNOWN = 50


def body_of(*kinds: str) -> dict[str, Any]:
    """Return how the body of an operation that takes a report is described."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "content": dict.fromkeys(kinds, schema)}}


@router.post(
    "/coverage/upload",
    auth=UPLOAD,
    response={200: schemas.CoverageUploadOut, 201: schemas.CoverageUploadOut, **ANSWERS},
    operation_id="upload_coverage",
    summary="Send a report of coverage",
    openapi_extra=body_of("application/xml", "text/plain"),
)
def upload_coverage(request: HttpRequest, query: Query[schemas.CoverageUploadIn]) -> Status[dict[str, Any]]:
    """
    Keep what a build measured on a commit; the body is the report, at most 10 MB.

    Only files that the commit has are counted, and gates count the report only if it leaves none out. The same
    report again changes nothing and is answered with 200.
    """
    revision = _revision(request, query)
    found = coverage_upload(
        revision=revision,
        kind=query.format,
        content=_content(request),
        is_complete=query.is_complete,
        uploaded_by=current_user(request),
    )
    report = found.report
    return Status(
        201 if found.is_new else 200,
        {
            "id": format_id("cov", report.pk),
            "line_percent": report.line_percent,
            "branch_percent": report.branch_percent,
            "files": len(report.files),
            "unreported": report.unreported,
            "missing": report.unreported_files[:MOST_UNKNOWN],
            "unknown": found.unknown[:MOST_UNKNOWN],
            "is_complete": report.is_complete,
        },
    )


@router.post(
    "/tests/upload",
    auth=UPLOAD,
    response={200: schemas.SuiteUploadOut, 201: schemas.SuiteUploadOut, **ANSWERS},
    operation_id="upload_test_run",
    summary="Send a run of the tests",
    openapi_extra=body_of("application/xml"),
)
def upload_test_run(request: HttpRequest, query: Query[schemas.SuiteUploadIn]) -> Status[dict[str, Any]]:
    """
    Keep what each test of a commit did in a build; the body is JUnit's XML, at most 10 MB.

    The same report again changes nothing and is answered with 200.
    """
    revision = _revision(request, query)
    run, is_new = suite_upload(
        revision=revision,
        environment=query.environment,
        content=_content(request),
        infrastructure=query.infrastructure,
        uploaded_by=current_user(request),
    )
    return Status(
        201 if is_new else 200,
        {
            "id": format_id("testrun", run.pk),
            "environment": run.environment,
            "passed": run.passed,
            "failed": run.failed,
            "skipped": run.skipped,
            "is_infrastructure": run.is_infrastructure,
        },
    )


@router.post(
    "/defects/upload",
    auth=UPLOAD,
    response={201: schemas.DefectsOut, **PROBLEMS},
    operation_id="upload_defects",
    summary="Tell of defects in production",
)
def upload_defects(request: HttpRequest, body: schemas.DefectsIn) -> Status[dict[str, Any]]:
    """
    Keep the faults that were found in production, at most 1,000 at once.

    One that is known by its key can gain a fix or be withdrawn; what was told of it else stays. Whose lines a fix
    changed is found out once the platform has followed the default branch up to it.
    """
    repository = repository_get(user=current_user(request), name=body.repository)
    require(request, Action.QUALITY_MEASURE, repository.scope)
    told = [ReportedDefect(**one.dict()) for one in body.defects]
    kept = defects_upload(repository=repository, defects=told, sent_by=current_user(request))
    return Status(
        201,
        {
            "id": format_id("defectreport", kept.report.pk),
            "defects": kept.report.defects,
            "new": kept.new,
            "changed": kept.changed,
        },
    )


def _revision(request: HttpRequest, query: schemas.UploadIn) -> Revision:
    """Return the commit that is meant, once it is clear that the person may measure its repository."""
    repository = repository_get(user=current_user(request), name=query.repository)
    require(request, Action.QUALITY_MEASURE, repository.scope)
    return revision_record(repository=repository, sha=commit_id(query.sha) or "")


def _content(request: HttpRequest) -> bytes:
    """
    Return the body, read only as far as it may be large.

    :raises UploadTooLarge: it is larger.
    """
    require_size(whole_number(request.headers.get("Content-Length", "")) or 0)
    content = body_read(request)
    require_size(len(content))
    return content
