"""Assesses technical debt, and proposes what to repay first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.checks.services import check_source, check_tree, complexity_measure, is_test_path
from apps.checks.types import CheckResult, Finding, Unparsable
from apps.core.errors import NofxError
from apps.governance.models import User
from apps.quality.engine.debt import FileDebt, FileFacts, assess
from apps.quality.engine.syntax import SyntaxFacts, code_lines, facts_of
from apps.quality.models import DebtAssessment, QualityImprovement
from apps.quality.services.subjects import code_record, commit_record
from apps.quality.types import Code, DebtResult, NothingToMeasure, ProposalKind, file_json
from apps.repositories.models import Revision
from apps.repositories.selectors import churn, files_at

PROPOSED_FILES = 5


class NotAssessed(NofxError):
    """A tool could not look at the code, so the debt would be understated."""

    code = "quality.not_assessed"
    status = 422


def debt_assess(
    *, revision: Revision, proposal_id: UUID | None = None, before_save: Callable[[], None] = lambda: None
) -> DebtAssessment:
    """
    Assess the debt of every Python file of a commit and store it, replacing an earlier one of the same commit.

    Takes seconds. A proposal (what repaying the five largest files would give) is stored beside it, as
    ``proposal_id`` if given, so that a repetition writes it once. ``before_save`` is called before anything is
    written and may raise.

    :raises NothingToMeasure: there is no Python file.
    :raises NotAssessed: a tool failed.
    """
    repository = revision.repository
    contents = files_at(repository, revision.sha)
    texts = {path: content.decode(errors="replace") for path, content in contents.items()}
    if not texts:
        raise NothingToMeasure(f"{repository.name} has no Python file at this commit.")
    result = _assess(texts, check_tree(texts), churn(repository, days=90))
    before_save()
    with transaction.atomic():
        assessment, _ = DebtAssessment.objects.update_or_create(
            revision=revision, defaults={"files": result.files_json(), "remediation_minutes": result.minutes}
        )
        _proposal_store(result, code_id=commit_record(revision=revision).pk, proposal_id=proposal_id)
    assessment.refresh_from_db()
    return assessment


def debt_of_code(*, code: Code, requested_by: User) -> tuple[DebtResult, QualityImprovement]:
    """
    Assess the debt of one text and store what repaying it would give; takes about a second.

    Without a repository no test can be seen, so every public function counts as untested.

    :raises Unparsable: the text is not Python.
    :raises NotAssessed: a tool failed.
    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    facts_of(code.text)
    result = _assess({code.path: code.text}, check_source(code.text, filename=code.path), {})
    with transaction.atomic():
        row = code_record(code=code, submitted_by=requested_by)
        proposal = _proposal_store(result, code_id=row.pk, proposal_id=None)
    return result, proposal


def _assess(texts: Mapping[str, str], results: tuple[CheckResult, ...], touches: Mapping[str, int]) -> DebtResult:
    findings: dict[str, list[Finding]] = {}
    for result in results:
        for finding in result.findings:
            findings.setdefault(finding.path, []).append(finding)
    unreadable = {path for path, text in texts.items() if not _is_readable(text)}
    for result in results:
        if missed := sorted(set(result.unchecked) - unreadable):
            raise NotAssessed(
                f"{result.tool} could not look at {missed[0]}: {result.reason or 'no reason was given'}",
                remedy="Correct what it names, then try again.",
            )
    facts = [
        FileFacts(
            path=path,
            syntax=_facts_of_unreadable(code_lines(text)) if path in unreadable else facts_of(text),
            functions=() if path in unreadable else complexity_measure(text),
            findings=findings.get(path, []),
            touches=touches.get(path, 0),
            is_test=is_test_path(path),
        )
        for path, text in texts.items()
    ]
    return DebtResult(tuple(assess(facts)))


def _facts_of_unreadable(lines: int) -> SyntaxFacts:
    """Return what is known of a file that does not parse: the linter's finding is its debt."""
    return SyntaxFacts(lines, has_docstring=True, definitions=(), names=frozenset())


def _is_readable(text: str) -> bool:
    try:
        facts_of(text)
        complexity_measure(text)
    except Unparsable:
        return False
    return True


def _proposal_store(result: DebtResult, *, code_id: UUID, proposal_id: UUID | None) -> QualityImprovement:
    chosen = result.files[:PROPOSED_FILES]
    saved = sum(file.minutes for file in chosen)
    values = {
        "original_code_id": code_id,
        "improvement_type": ProposalKind.DEBT_REPAYMENT,
        "original_metrics": _metrics(result.files) | {"files": [file_json(file) for file in chosen]},
        "improved_metrics": {"remediation_minutes": result.minutes - saved, "is_projection": True},
        "improvement_percentage": round(Decimal(100 * saved) / result.minutes, 2) if result.minutes else Decimal(0),
    }
    if proposal_id is None:
        proposal = QualityImprovement.objects.create(**values)
    else:
        proposal, _ = QualityImprovement.objects.update_or_create(pk=proposal_id, defaults=values)
    proposal.refresh_from_db()
    return proposal


def _metrics(files: tuple[FileDebt, ...]) -> dict[str, object]:
    result = DebtResult(files)
    return {"remediation_minutes": result.minutes, "ratio": round(result.ratio, 4), "rating": result.rating}
