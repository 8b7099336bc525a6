"""What an evidence pack about a delivered request holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.core.errors import NotFound
from apps.core.exports import Row
from apps.generation.models import Candidate, GenerationRun, PullRequest
from apps.generation.selectors import run_get
from apps.generation.services.review_subject import SUBJECT_KIND, review_policy
from apps.governance.errors import PackImpossible
from apps.governance.models import Ballot, Override, Scope, User
from apps.governance.selectors import ballots_of, can, display_name, overrides_of
from apps.governance.services.packs import Certificate, Criterion, PackContent, SeatVote
from apps.governance.types import Action, Condition
from apps.providers.selectors import calls_of

DEFINITIONS = {
    "lint": "Passed when ruff, or for JavaScript the platform's rules, find nothing on the lines of the change.",
    "types": "Passed when the type checker (mypy, tsc) finds nothing on the lines that the change wrote.",
    "security": "Passed when bandit, or for JavaScript the platform's rules, find nothing of medium or high severity "
    "on the lines of the change.",
    "tests": "Passed when the repository's tests and those of the change pass on the commit, run in the sandbox.",
    "examples": "How many of the specification's examples a candidate's code answers as expected when it is run.",
    "group": "Candidates with one letter did the same on every input that all of them were run on.",
    "overridden": "The gate failed, and two people signed that this commit may go on, until a date.",
}
OBJECTIONS = {Ballot.Verdict.BLOCK, Ballot.Verdict.REQUEST_CHANGES}


def request_pack_scope(user: User, request_id: UUID) -> Scope | None:
    """Return where the request is if *user* may take its evidence away: who reads the audit there, or asked for it."""
    try:
        run = run_get(user=user, request_id=request_id)
    except NotFound:
        return None
    met = [Condition.OWN] if run.requester_id == user.pk else []
    return run.repository.scope if can(user, Action.AUDIT_READ, run.repository.scope, met=met) else None


def request_pack_content(request_id: UUID) -> PackContent:
    """
    Return what a pack about a merged request holds.

    :raises PackImpossible: it is not merged.
    """
    pull_request = (
        PullRequest.objects.select_related(
            "candidate", "merged_by", "request__run__repository__scope__organisation", "request__run__requester"
        )
        .filter(request_id=request_id, state=PullRequest.State.MERGED)
        .first()
    )
    if pull_request is None or pull_request.merged_at is None:
        raise PackImpossible(
            "There is no evidence pack before the merge.", remedy="Ask for it when the request is merged."
        )
    run = pull_request.request.run
    ballots = list(ballots_of(SUBJECT_KIND, run.pk))
    overridden = {one.check_name: one for one in overrides_of(SUBJECT_KIND, run.pk) if one.confirmed_at}
    candidates = list(Candidate.objects.filter(request_id=run.pk).order_by("ordinal"))
    return PackContent(
        title=" ".join(run.title.split()),
        certificate=_certificate(pull_request, pull_request.merged_at, ballots, overridden, candidates),
        definitions=DEFINITIONS,
        readings=[_reading(gate, overridden) for gate in pull_request.gates],
        samples={
            "candidates": list(_candidate_rows(candidates, pull_request)),
            "checks": list(_check_rows(candidates)),
            "votes": list(_vote_rows(ballots)),
            "calls": list(_call_rows(run)),
        },
    )


def _certificate(
    pull_request: PullRequest,
    merged_at: datetime,
    ballots: list[Ballot],
    overridden: Mapping[str, Override],
    candidates: list[Candidate],
) -> Certificate:
    run = pull_request.request.run
    valid = [ballot for ballot in ballots if ballot.voided_at is None]
    models = {candidate.model_id for candidate in candidates}
    merger = display_name(pull_request.merged_by) if pull_request.merged_by else ""
    version = run.approval_policy
    return Certificate(
        kind="Delivered request",
        title=" ".join(run.title.split()),
        decision="Approved and merged",
        decided_at=merged_at,
        scope=str(run.repository.scope),
        facts=(
            ("Asked for by", display_name(run.requester)),
            ("Merged by", merger),
            ("File", run.target_path),
            ("Risk and policy", f"{run.risk_tier}, {f'version {version.number}' if version else 'built in'}"),
            ("Base commit", run.base_sha[:16]),
            ("Merge commit", pull_request.merge_sha[:16]),
            ("Candidates", f"{len(candidates)} by {len(models)} {'author' if len(models) == 1 else 'authors'}"),
            ("Approvals needed", str(review_policy(run).needed)),
        ),
        criteria=tuple(
            Criterion(gate["gate"], "overridden" if gate["gate"] in overridden else gate["status"], _value(gate))
            for gate in pull_request.gates
        ),
        votes=tuple(
            SeatVote("Reviewer", display_name(one.voter), one.get_verdict_display(), _when(one.cast_at), one.rationale)
            for one in valid
        ),
        dissent=tuple(f"{display_name(one.voter)}: {one.rationale}" for one in valid if one.verdict in OBJECTIONS),
        conditions=tuple(
            f"{name} did not pass and was overridden until {one.ends_at:%Y-%m-%d}: {one.reason}"
            for name, one in sorted(overridden.items())
        ),
        digest=run.review_digest,
        key_id="",
    )


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _value(gate: Mapping[str, Any]) -> str:
    findings = len(gate.get("findings", ()))
    return str(gate.get("detail") or (f"{findings} findings" if findings != 1 else "1 finding"))


def _reading(gate: Mapping[str, Any], overridden: Mapping[str, Override]) -> dict[str, Any]:
    return {
        "gate": gate["gate"],
        "status": gate["status"],
        "value": _value(gate),
        "is_overridden": gate["gate"] in overridden,
        "findings": [dict(finding) for finding in gate.get("findings", ())],
    }


def _candidate_rows(candidates: Iterable[Candidate], pull_request: PullRequest) -> Iterable[Row]:
    yield "candidate", "author", "state", "group", "examples passed", "examples", "patch sha256", "chosen"
    for one in candidates:
        passed, total = one.examples_passed, one.examples_total
        chosen = "yes" if one.pk == pull_request.candidate_id else "no"
        yield one.pk, one.model_id, one.state, one.cluster, passed, total, one.patch_digest, chosen


def _check_rows(candidates: Iterable[Candidate]) -> Iterable[Row]:
    yield "candidate", "tool", "version", "status", "findings"
    for one in candidates:
        for check in one.checks:
            yield one.pk, check["tool"], check.get("version", ""), check["status"], len(check.get("findings", ()))


def _vote_rows(ballots: Iterable[Ballot]) -> Iterable[Row]:
    yield "account", "verdict", "reason", "cast at", "digest seen", "void because"
    for one in ballots:
        cast_at = one.cast_at.astimezone(UTC).isoformat()
        yield one.voter_id, one.verdict, one.rationale, cast_at, one.subject_digest, one.void_reason


def _call_rows(run: GenerationRun) -> Iterable[Row]:
    yield "provider", "model", "outcome", "prompt sha256", "tokens in", "tokens out", "cost in USD"
    for one in calls_of(subject_kind=SUBJECT_KIND, subject_id=run.pk):
        tokens = one.prompt_tokens, one.completion_tokens
        yield one.provider.name, one.model_id, one.outcome, one.prompt_digest, *tokens, one.cost
