"""What reviewers vote on: exactly one patch, on one base, with one body of evidence, as one digest."""

from __future__ import annotations

from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.generation.models import Candidate, CodeGenerationConsensus, GenerationRun
from apps.governance.models import User
from apps.governance.selectors import can, part_of
from apps.governance.selectors.policies import policy_in
from apps.governance.services import ballots_void
from apps.governance.types import Action, Policy, Subject

SUBJECT_KIND = "request"
REVIEWABLE = (Candidate.State.CHECKED, Candidate.State.EXECUTED)


def selected_candidate(*, run: GenerationRun) -> Candidate:
    """
    Return the candidate that is up for approval.

    :raises NotFound: there is no consensus yet, or it chose nothing.
    """
    consensus = CodeGenerationConsensus.objects.filter(request_id=run.pk).first()
    if consensus is None or consensus.selected_implementation_id is None:
        raise NotFound("No candidate has been chosen yet.", remedy="Wait until the request is in review.")
    return Candidate.objects.select_related("implementation", "test", "documentation").get(
        implementation_id=consensus.selected_implementation_id
    )


def review_digest(*, run: GenerationRun) -> str:
    """
    Return the SHA-256 of what is voted on, computed from the rows as they are now.

    It covers the specification with its guidance, the base commit, the chosen patch, every candidate's patch, checks,
    outcomes and gates, the vote of the models, and the approval policy where it is no built-in one. A change of one
    byte of any of them is another digest.
    """
    chosen = selected_candidate(run=run)
    consensus = CodeGenerationConsensus.objects.get(request_id=run.pk)
    evidence = [
        [
            str(candidate.pk),
            sha256_hex(candidate.patch),
            candidate.state,
            sha256_hex(canonical_json(candidate.checks)),
            sha256_hex(canonical_json(candidate.outcomes)),
            sha256_hex(canonical_json([candidate.gates_basis, candidate.gates])),
        ]
        for candidate in Candidate.objects.filter(request_id=run.pk).order_by("ordinal")
    ]
    content = {
        "specification": sha256_hex(run.request.specification),
        "base": run.base_sha,
        "chosen": str(chosen.pk),
        "evidence": evidence,
        "votes": sha256_hex(canonical_json(consensus.voting_details)),
    }
    guidance = run.guidance.order_by("-version").values_list("digest", flat=True).first()
    if guidance is not None:
        content["guidance"] = guidance
    if run.approval_policy is not None:
        content["policy"] = run.approval_policy.content_digest
    return sha256_hex(canonical_json(content))


def review_subject(*, run: GenerationRun) -> Subject:
    """Return what is voted on now, with the people who may not vote and why."""
    return Subject(SUBJECT_KIND, run.pk, review_digest(run=run), barred_people(run))


def barred_people(run: GenerationRun) -> dict[int, str]:
    """Return who has a part in the request, and their first one: they decide nothing about it."""
    parts = sorted(run.contributions.all(), key=lambda contribution: -contribution.pk)
    return {one.user_id: f"{one.get_kind_display().lower()} of this request" for one in parts}


def merge_refused(run: GenerationRun, user: User) -> str:
    """Return why *user* does not merge the request, as a sentence; empty when they may. At most three queries."""
    if not can(user, Action.DELIVERY_MERGE, run.repository.scope):
        return "You may not merge into this repository."
    part = part_of(user, barred_people(run))
    return f"You are the {part}, so another person merges it." if part else ""


def review_policy(run: GenerationRun) -> Policy:
    """Return how many people, and who, must approve a request: as it was frozen when it was submitted."""
    return policy_in(run.approval_policy, run.risk_tier)


def review_digest_keep(run: GenerationRun, digest: str, reason: str) -> None:
    """Write down what is up for approval now, and void what was cast on anything else."""
    GenerationRun.objects.filter(pk=run.pk).update(review_digest=digest)
    run.review_digest = digest
    ballots_void(subject_kind=SUBJECT_KIND, subject_id=run.pk, new_digest=digest, reason=reason)
