"""A specification becomes a request: read, put in context, frozen, queued."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

from django.db import transaction

from apps.core.digests import canonical_json, sha256_hex
from apps.generation.engine.blocking import contradictions_certain
from apps.generation.engine.specification import Demands, Specification, SpecIssue, risk_tier, with_demands
from apps.generation.engine.specification.languages import language_name
from apps.generation.models import (
    CodeGenerationRequest,
    Contribution,
    GenerationRun,
    SpecificationDraft,
)
from apps.generation.selectors_outlook import REQUESTER
from apps.generation.services.attachments import attachments_read
from apps.generation.services.context import context_freeze
from apps.generation.services.draft_versions import version_keep
from apps.generation.services.moves import move_announce
from apps.generation.services.planning import submission_plan
from apps.generation.services.stages import stage_enter, stage_leave
from apps.generation.services.weights import task_family
from apps.generation.types import Kept
from apps.generation.types import RequestStatus as Status
from apps.governance.models import AuditEvent, User
from apps.governance.selectors.ladder import leave_now
from apps.governance.selectors.policies import policy_in, policy_named
from apps.governance.services import approval_require_possible, audit_record, policy_freeze
from apps.governance.types import Leave
from apps.jobs.services import job_enqueue
from apps.repositories.models import Repository
from apps.repositories.services import texts_embed

RUN_JOB = "generation.run"
MAX_AUDITED = 200  # requirement ids in one entry of the audit chain


@transaction.atomic
def request_submit(
    *,
    requester: User,
    repository: Repository,
    title: str,
    text: str,
    target_path: str = "",
    target_language: str = "",
    demands: Demands | None = None,
    draft: SpecificationDraft | None = None,
    is_consistent: bool = False,
    seed: int | None = None,
) -> CodeGenerationRequest:
    """
    Freeze the specification with its context and queue the generation.

    The language is that of *target_path*, else *target_language*, else what the text asks for, else the repository's.
    What *demands* adds is written behind the text and becomes part of the specification. *is_consistent* is the
    requester's word that what the rules take for contradictions are none; it is kept with the request. *seed* (0 to
    2**62 - 1) is what models draw their answers by and inputs are fuzzed by; without one it is drawn.

    The same text of the same *draft* is submitted to a repository once: sent again, even at the same moment, it
    returns the request that it made.

    :raises NotAllowed: the requester may not submit specifications for the repository.
    :raises GenerationRefused: generation is suspended there, or no rung of the ladder opens it.
    :raises SpecificationRefused: the text is empty, too long, contradicts itself, leaves nothing to check, or asks for
        a language that cannot be generated, or run.
    :raises Unsatisfiable: nobody could ever approve it.
    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    earlier = _submitted(draft, repository, with_demands(text, demands) if demands else text) if draft else None
    if earlier is not None:
        return earlier
    plan = submission_plan(
        requester=requester,
        repository=repository,
        title=title,
        text=text,
        target_path=target_path,
        target_language=target_language,
        demands=demands,
        is_consistent=is_consistent,
    )
    specification, text = plan.specification, plan.text
    ruling = policy_freeze(scope=repository.scope, risk_tier=plan.tier)
    approval_require_possible(
        policy=policy_in(ruling, plan.tier),
        scope=repository.scope,
        barred={requester.pk: REQUESTER},
        path=plan.path,
    )
    embedding = texts_embed([f"{title}\n{text}"])[0]
    snapshot = context_freeze(
        repository=repository,
        base_sha=plan.base_sha,
        files=plan.files,
        specification=specification,
        target_path=plan.path,
        embedding=embedding,
        attachments=attachments_read(draft) if draft else (),
    )
    request = CodeGenerationRequest.objects.create(
        specification=text,
        specification_embedding=list(embedding.vector),
        context_snapshot=snapshot,
        target_language=plan.language,
        constraints={
            **(dataclasses.asdict(demands) if demands else {}),
            "stated": [item.text for item in specification.constraints],
        },
        status=Status.QUEUED,
    )
    run = GenerationRun.objects.create(
        request=request,
        draft=draft,
        repository=repository,
        requester=requester,
        title=title.strip()[:200],
        target_path=plan.path,
        base_sha=plan.base_sha,
        entry=specification.entry or "",
        analysis={
            **analysis_summary(specification),
            "task_class": plan.task_class,
            "contradictions_denied": [issue_summary(one) for one in contradictions_certain(specification)],
        },
        risk_tier=plan.tier,
        approval_policy=ruling,
        specification_digest=sha256_hex(text),
        context_digest=sha256_hex(canonical_json(snapshot)),
        embedding_model=embedding.model,
        embedding_dimensions=embedding.dimensions,
        seed=secrets.randbits(62) if seed is None else seed,
    )
    Contribution.objects.create(run=run, user=requester, kind=Contribution.Kind.REQUESTER)
    if draft is not None:
        version_keep(draft=draft, reason=Kept.SUBMITTED)
        if draft.author_id != requester.pk:
            Contribution.objects.create(run=run, user=draft.author, kind=Contribution.Kind.CO_AUTHOR)
    _queue(run, specification)
    return request


def _submitted(draft: SpecificationDraft, repository: Repository, text: str) -> CodeGenerationRequest | None:
    """Return what the draft made of *text* before; until this transaction ends, nobody else submits the draft."""
    SpecificationDraft.objects.select_for_update().get(pk=draft.pk)
    runs = draft.runs.filter(repository=repository, specification_digest=sha256_hex(text)).select_related("request")
    earlier = runs.first()
    return earlier.request if earlier else None


def _queue(run: GenerationRun, specification: Specification) -> None:
    """Have the generation begun once this is committed, and note that it was asked for."""
    stage_enter(run=run, stage="analysed")
    stage_leave(run=run, stage="analysed", evidence_count=len(specification.examples), note=_reading(specification))
    stage_enter(run=run, stage="queued")
    run.job = job_enqueue(kind=RUN_JOB, subject_kind="request", subject_id=run.pk, requested_by=run.requester)
    run.save(update_fields=["job"])
    move_announce(run.pk, Status.QUEUED)
    audit_record(
        actor=run.requester,
        action="request.submit",
        object_kind="request",
        object_id=str(run.pk),
        scope=run.repository.scope,
        outcome=AuditEvent.Outcome.DONE,
        after_digest=run.specification_digest,
        detail={
            "base_sha": run.base_sha,
            "risk": run.risk_tier,
            "policy": policy_named(run.approval_policy),
            "context_digest": run.context_digest,
            "requirements": requirement_ids(run),
            **_denied(run),
        },
    )


def _denied(run: GenerationRun) -> dict[str, Any]:
    """Return where the requester said that no contradiction is, in characters of the text; {} where none was found."""
    places = [[one["start"], one["end"]] for one in run.analysis["contradictions_denied"]]
    return {"contradictions_denied": places} if places else {}


def specification_closed(specification: Specification, repository: Repository) -> Leave | None:
    """Return why *specification* could not be submitted for *repository* now; None when the ladder opens it."""
    tier = risk_tier(specification, paths=[])
    leave = leave_now(repository.scope, risk=tier.value, task_class=task_family(specification))
    return None if leave.is_given else leave


def analysis_summary(specification: Specification) -> dict[str, Any]:
    """Return what is kept and shown of an analysis, as JSON data."""
    return {
        "entry": specification.entry,
        "is_executable": specification.is_executable,
        "signatures": [signature.source for signature in specification.functions],
        "classes": [outline.name for outline in specification.classes],
        "examples": len(specification.examples),
        "criteria": [
            {
                "id": item.id,
                "text": item.text,
                "start": item.span.start,
                "end": item.span.end,
                "pattern": item.pattern.value if item.pattern else None,
                "is_testable": item.is_testable,
            }
            for item in specification.criteria
        ],
        "target_language": specification.target_language,
        "language_name": language_name(specification.target_language),
        "language_reason": specification.language_reason,
        "constraints": [
            {"kind": item.kind.value, "subject": item.subject, "text": item.text, "words": item.words}
            for item in specification.constraints
        ],
        "quality": [
            {"measure": item.measure, "at": item.at, "text": item.text, "words": item.words}
            for item in specification.quality
        ],
        "non_goals": list(specification.non_goals),
        "issues": [issue_summary(issue) for issue in specification.issues],
        "clarity": dataclasses.asdict(specification.clarity),
        "size_warning": specification.size_warning,
        "known_symbols": list(specification.known_symbols),
    }


def issue_summary(issue: SpecIssue) -> dict[str, Any]:
    """Return a finding as JSON data."""
    return {
        "kind": issue.kind.value,
        "start": issue.span.start,
        "end": issue.span.end,
        "message": issue.message,
        "question": issue.question,
        "suggestion": issue.suggestion,
        "is_certain": issue.is_certain,
    }


def requirement_ids(run: GenerationRun) -> list[str]:
    """Return the ids of the acceptance criteria, as many as an entry of the audit chain carries."""
    return [criterion["id"] for criterion in run.analysis.get("criteria", [])[:MAX_AUDITED]]


def _reading(specification: Specification) -> str:
    criteria, examples = len(specification.criteria), len(specification.examples)
    counts = f"{criteria} criteri{'on' if criteria == 1 else 'a'}, {examples} example{'' if examples == 1 else 's'}"
    return f"{counts}, clarity {specification.clarity.score}"
