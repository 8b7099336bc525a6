"""Reviews one text with the tools that read code."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction

from apps.checks.services import check_source, complexity_measure, safe_fixes
from apps.checks.types import CheckResult, Finding, Unparsable
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.quality.engine.scoring import complexity_findings, quality_score, severity_distribution
from apps.quality.engine.syntax import code_lines
from apps.quality.models import AiCodeReview
from apps.quality.services.subjects import code_record, require_storable
from apps.quality.types import CODE_SUBJECT, REVIEW_JOB, Code

COMPLEXITY_TOOL = "radon"


@transaction.atomic
def review_start(*, code: Code, requested_by: User) -> Job:
    """
    Ask for a review in the background; see :func:`review_create`.

    While one of the same text of the same commit is under way, that one is returned. The caller has decided that
    ``requested_by`` may ask.

    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    row = code_record(code=code, submitted_by=requested_by)
    return job_enqueue(kind=REVIEW_JOB, subject_kind=CODE_SUBJECT, subject_id=row.pk, requested_by=requested_by)


def review_create(
    *,
    code: Code,
    requested_by: User | None,
    code_id: UUID | None = None,
    review_id: UUID | None = None,
    before_save: Callable[[], None] = lambda: None,
) -> AiCodeReview:
    """
    Review a text with ruff, mypy, bandit and its complexity, and store what was found; takes about a second.

    A tool that could not look is a finding of its own (rule ``not-checked``), and the review then has no score. The row
    is ``review_id`` if given, so that a repetition writes it once; ``before_save`` is called before anything is written
    and may raise. The caller has decided that ``requested_by`` may ask. Whoever may read the code's repository may read
    the review; that of a text without a repository is for ``requested_by`` alone.

    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    require_storable(code)
    results = check_source(code.text, filename=code.path)
    found = [(result.tool, finding) for result in results for finding in result.findings]
    found += [(result.tool, _not_checked(result, code.path)) for result in results if result.status == "error"]
    found += [(COMPLEXITY_TOOL, finding) for finding in _complexity(code)]
    distribution = severity_distribution(finding for _, finding in found)
    is_complete = all(result.status != "error" for result in results)
    score = round(Decimal(quality_score(distribution, code_lines(code.text))), 2) if is_complete else None
    values = {
        "review_type": "static",
        "findings": [{"tool": tool, **finding.as_json()} for tool, finding in found],
        "severity_distribution": distribution,
        "quality_score": score,
        "automated_fixes": _fixes(code.text),
        "review_model": " + ".join(f"{result.tool} {result.version}" for result in results),
    }
    before_save()
    with transaction.atomic():
        values["code_artifact_id"] = code_record(code=code, submitted_by=requested_by, code_id=code_id).pk
        row, _ = AiCodeReview.objects.update_or_create(pk=review_id or uuid4(), defaults=values)
    row.refresh_from_db()
    return row


def _not_checked(result: CheckResult, path: str) -> Finding:
    return Finding("not-checked", f"{result.tool} could not look: {result.reason}", path, 0, 0, "medium")


def _complexity(code: Code) -> list[Finding]:
    try:
        return complexity_findings(complexity_measure(code.text), code.path)
    except Unparsable:
        return []  # the linter's syntax finding says so already


def _fixes(text: str) -> list[dict[str, object]]:
    try:
        return [fix.as_json() for fix in safe_fixes(text).fixes]
    except Unparsable:
        return []
