"""What is signed about a request when it is merged: how it came about, and which commit it became."""

from __future__ import annotations

from typing import Any

from apps.checks.types import NOT_JUDGED
from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.ids import format_id
from apps.generation.models import Candidate, GenerationRun, PullRequest
from apps.generation.services.guidance import guidance_of
from apps.generation.services.overrides import pull_request_sheet
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.models import Attestation, Override, User
from apps.governance.selectors import ballots_of, checks_overridden
from apps.governance.selectors.ladder import standing_of
from apps.governance.selectors.policies import policy_named
from apps.governance.services.attestation import SigningKey, SubjectOf, attestation_sign
from apps.providers.selectors import calls_of
from apps.repositories.selectors import tree_sha
from apps.sandbox.services import sandbox_digest

PREDICATE_TYPE = "urn:x-nofx:delivered-request:v1"


def delivery_evidence(pull_request: PullRequest) -> dict[str, Any]:
    """
    Return how *pull_request* came about, as the rows say it now: digests, and the keys of accounts but no names.

    Nothing in it depends on the merge, so that the merge commit can name its digest, and a merge whose process died is
    described alike when it is done again.
    """
    run = pull_request.request.run
    return {
        "request": format_id("req", run.pk),
        "repository": str(run.repository.scope),
        "path": run.target_path,
        "specification": {
            "sha256": run.specification_digest or sha256_hex(run.request.specification),
            "version": run.draft.version if run.draft else 1,
        },
        "guidance": [
            {"version": one.version, "sha256": one.digest, "by": format_id("user", one.given_by_id)}
            for one in guidance_of(run)
        ],
        "base": run.base_sha,
        "head": pull_request.head_sha,
        "analysis": {"sha256": sha256_hex(canonical_json(run.analysis))},
        "context": {"sha256": run.context_digest},
        **_models(run),
        "candidates": [_candidate(one, pull_request) for one in _candidates(run)],
        "tools": _tools(run),
        "sandbox": {"sha256": sandbox_digest()},
        "checks": [
            {"gate": gate["gate"], "status": gate["status"], "sha256": sha256_hex(canonical_json(gate))}
            for gate in pull_request.gates
        ],
        "overrides": _overrides(pull_request),
        "votes": [
            {
                "by": format_id("user", ballot.voter_id),
                "verdict": ballot.verdict,
                "at": ballot.cast_at.isoformat(),
                "saw": ballot.subject_digest,
                "isVoid": ballot.voided_at is not None,
            }
            for ballot in ballots_of(SUBJECT_KIND, run.pk)
        ],
        "reviewed": {"sha256": run.review_digest},
        "ladder": _ladder(run),
        "policy": {"risk": run.risk_tier, **policy_named(run.approval_policy)},
    }


def _ladder(run: GenerationRun) -> dict[str, Any]:
    """Return on which rungs of the expansion ladder the repository stands."""
    standing, moment = standing_of(run.repository.scope), now()
    live = [rung for rung in standing.rungs if rung.starts_at <= moment and not rung.is_over(moment)]
    return {
        "isPilot": standing.is_pilot,
        "rungs": [{"title": rung.title, "until": rung.expires_at.isoformat()} for rung in live],
    }


def delivery_attest(
    pull_request: PullRequest, *, evidence: dict[str, Any], key: SigningKey, actor: User
) -> Attestation:
    """Sign, in the caller's transaction, that *evidence* became the merge commit of *pull_request*."""
    run = pull_request.request.run
    place = str(run.repository.scope)
    tree = tree_sha(run.repository, pull_request.merge_sha)
    merged_at = pull_request.merged_at.isoformat() if pull_request.merged_at else ""
    return attestation_sign(
        subject=SubjectOf(SUBJECT_KIND, run.pk, run.repository.scope),
        digests={place: {"gitCommit": pull_request.merge_sha}, f"{place} tree": {"gitTree": tree}},
        predicate_type=PREDICATE_TYPE,
        evidence=evidence,
        more={"merge": {"by": format_id("user", actor.pk), "at": merged_at}},
        key=key,
    )


def _candidates(run: GenerationRun) -> list[Candidate]:
    return list(Candidate.objects.filter(request_id=run.pk).order_by("ordinal"))


def _candidate(candidate: Candidate, pull_request: PullRequest) -> dict[str, Any]:
    return {
        "id": format_id("cand", candidate.pk),
        "model": candidate.model_id,
        "state": candidate.state,
        "patch": {"sha256": candidate.patch_digest},
        "group": candidate.cluster,
        "examples": [candidate.examples_passed, candidate.examples_total],
        "checks": {"sha256": sha256_hex(canonical_json(candidate.checks))},
        "outcomes": {"sha256": sha256_hex(canonical_json(candidate.outcomes))},
        "isChosen": candidate.pk == pull_request.candidate_id,
    }


def _models(run: GenerationRun) -> dict[str, Any]:
    calls = list(calls_of(subject_kind=SUBJECT_KIND, subject_id=run.pk))
    models = sorted({(call.provider.name, call.provider.kind, call.model_id) for call in calls})
    return {
        "models": [{"provider": name, "kind": kind, "model": model} for name, kind, model in models],
        "prompts": sorted({call.prompt_digest for call in calls}),
    }


def _tools(run: GenerationRun) -> list[dict[str, str]]:
    used = {
        (str(check["tool"]), str(check.get("version", "")))
        for candidate in _candidates(run)
        for check in candidate.checks
        if check["status"] not in NOT_JUDGED
    }
    return [{"name": name, "version": version} for name, version in sorted(used)]


def _overrides(pull_request: PullRequest) -> list[dict[str, Any]]:
    sheet = pull_request_sheet(pull_request)
    found: dict[str, Override] = {}
    for digest in set(sheet.digests.values()):
        found |= checks_overridden(SUBJECT_KIND, pull_request.request_id, digest=digest)
    return [
        {
            "gate": name,
            "saw": one.subject_digest,
            "by": [format_id("user", signer) for signer in (one.asked_by_id, one.confirmed_by_id)],
            "until": one.ends_at.isoformat(),
        }
        for name, one in sorted(found.items())
    ]
