"""Proposes changes that make a text measurably better."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction

from apps.checks.services import check_sources, complexity_measure, safe_fixes
from apps.checks.types import CheckResult, Fix
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.quality.engine.improvement import Metrics, improvement_percentage, metrics_of
from apps.quality.engine.patches import unified_patch
from apps.quality.engine.syntax import code_lines, parse
from apps.quality.models import QualityImprovement
from apps.quality.services.subjects import code_record
from apps.quality.types import CODE_SUBJECT, OPTIMISE_JOB, Code, ProposalKind


@transaction.atomic
def optimise_start(*, code: Code, requested_by: User) -> Job:
    """
    Ask for a proposal in the background; see :func:`optimise_suggest`.

    While one for the same text of the same commit is under way, that one is returned. The caller has decided that
    ``requested_by`` may ask.

    :raises Unparsable: the text is not Python.
    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    parse(code.text)
    row = code_record(code=code, submitted_by=requested_by)
    return job_enqueue(kind=OPTIMISE_JOB, subject_kind=CODE_SUBJECT, subject_id=row.pk, requested_by=requested_by)


def optimise_suggest(
    *,
    code: Code,
    requested_by: User | None,
    code_id: UUID | None = None,
    proposal_id: UUID | None = None,
    before_save: Callable[[], None] = lambda: None,
) -> QualityImprovement:
    """
    Store the linter's safe fixes for a text as a proposal, measured before and after; takes a few seconds.

    Nothing is changed: ``applied_at`` stays empty until somebody applies it. The patch is in ``improved_metrics``.
    A text without a safe fix gets a row that says so, with 0 %. The row is ``proposal_id`` if given, so that a
    repetition writes it once; ``before_save`` is called before anything is written and may raise.

    :raises Unparsable: the text is not Python.
    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    parse(code.text)
    fixed = safe_fixes(code.text)
    parse(fixed.source)
    remaining = safe_fixes(fixed.source).fixes
    checked = check_sources({"before": code.text, "after": fixed.source})
    before = _metrics(code.text, checked["before"], fixed.fixes)
    after = _metrics(fixed.source, checked["after"], remaining)
    patch = unified_patch(code.path, code.text, fixed.source)
    values: dict[str, object] = {
        "improvement_type": ProposalKind.SAFE_FIXES,
        "original_metrics": before.as_json(),
        "improved_metrics": after.as_json() | {"fixes": [fix.as_json() for fix in fixed.fixes], "patch": patch},
        "improvement_percentage": round(Decimal(improvement_percentage(before, after)), 2),
    }
    before_save()
    with transaction.atomic():
        values["original_code_id"] = code_record(code=code, submitted_by=requested_by, code_id=code_id).pk
        row, _ = QualityImprovement.objects.update_or_create(pk=proposal_id or uuid4(), defaults=values)
    row.refresh_from_db()
    return row


def _metrics(text: str, results: tuple[CheckResult, ...], fixes: tuple[Fix, ...]) -> Metrics:
    findings = [finding for result in results for finding in result.findings]
    complexity = sum(function.complexity for function in complexity_measure(text))
    return metrics_of(findings, fixes, code_lines(text), complexity)
