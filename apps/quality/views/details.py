"""What the pages of one review, suite or proposal show, whether it is of a repository's file or of a person's text."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from apps.core.errors import NotFound
from apps.quality.models import AiCodeReview, CoverageReport, GeneratedTestSuite, QualityImprovement
from apps.quality.proposals import Proposal, patch_name, proposal_panes


def review_context(review: AiCodeReview) -> dict[str, Any]:
    return {"review": review, "is_empty": not review.findings}


def suite_context(suite: GeneratedTestSuite) -> dict[str, Any]:
    return {"suite": suite, "is_empty": not (suite.execution_results or {}).get("edge_cases")}


def proposal_context(row: Any) -> dict[str, Any]:
    """Return the context of a row of ``proposal_get``."""
    proposal = Proposal(row)
    return {"proposal": proposal, "panes": proposal_panes(proposal, row.text)}


def patch_response(row: QualityImprovement) -> HttpResponse:
    """
    Return the patch of a row of ``proposal_get`` as a file.

    :raises NotFound: it has none.
    """
    proposal = Proposal(row)
    if not proposal.patch:
        raise NotFound("This proposal has no patch.")
    response = HttpResponse(proposal.patch, content_type="text/x-diff; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{patch_name(proposal)}"'
    return response


NAMED = 5


def unreported_note(report: CoverageReport) -> str:
    """Return the sentence about files that a report should speak of and does not, with what helps."""
    names = ", ".join(report.unreported_files[:NAMED])
    named = f": {names}{', …' if report.unreported > NAMED else ''}" if names else ""
    subject = "1 file of the commit is" if report.unreported == 1 else f"{report.unreported} files of the commit are"
    return (
        f"{subject} not in this report{named}. The share is of the others only, so gates do not count it; "
        "have the build measure all files, or measure here."
    )
