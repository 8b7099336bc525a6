"""A specification becomes a request: read, put in context, frozen, queued."""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.digests import canonical_json, sha256_hex
from apps.generation.engine import context as context_engine
from apps.generation.engine.javascript.modules import SOURCES
from apps.generation.engine.patches import is_usable_path
from apps.generation.engine.specification import (
    MAX_CHARACTERS,
    Demands,
    Specification,
    SpecIssue,
    analyse,
    risk_tier,
    with_demands,
)
from apps.generation.engine.specification.languages import language_name, language_of_path
from apps.generation.models import (
    CodeGenerationRequest,
    Contribution,
    GenerationRun,
    SpecificationDraft,
)
from apps.generation.services.context import context_freeze
from apps.generation.services.languages import (
    NOT_OURS,
    SpecificationRefused,
    language_around,
    language_require,
    language_stated,
    node_require,
    target_choose,
)
from apps.generation.services.moves import move_announce
from apps.generation.services.stages import stage_enter, stage_leave
from apps.generation.services.weights import task_family
from apps.generation.types import RequestStatus as Status
from apps.governance.models import AuditEvent, User
from apps.governance.selectors import can
from apps.governance.selectors.ladder import leave_now
from apps.governance.selectors.policies import policy_in, policy_named
from apps.governance.services import (
    Denial,
    NotAllowed,
    approval_require_possible,
    audit_record,
    generation_require_allowed,
    policy_freeze,
)
from apps.governance.types import Action, Leave
from apps.jobs.services import job_enqueue
from apps.repositories.models import Repository
from apps.repositories.selectors import files_at, head_sha, names_known, object_kind
from apps.repositories.services import texts_embed

RUN_JOB = "generation.run"
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
MAX_AUDITED = 200  # requirement ids in one entry of the audit chain
READABLE = (".py", ".md", *SOURCES, "package.json")


def specification_analyse(
    *, title: str, text: str, repository: Repository | None = None, target_path: str = "", target_language: str = ""
) -> Specification:
    """
    Read a specification, knowing what of *repository* it mentions and which language most of that is in.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    return analyse(
        text,
        title=title,
        known_symbols=_names_mentioned(repository, f"{title}\n{text}") if repository else [],
        target_path=target_path.strip(),
        target_language=target_language,
        repository_language=language_around(repository) if repository else "",
    )


def _names_mentioned(repository: Repository, text: str) -> list[str]:
    """The index knows; before there is one, the files are read."""
    words = set(_WORD.findall(text[:MAX_CHARACTERS]))
    names = names_known(repository=repository, words=words)
    if names is not None:
        return names
    files = repository_files(repository, head_sha(repository))
    return sorted({symbol.name for symbol in context_engine.symbols_of(files)} & words)


def repository_files(repository: Repository, sha: str) -> dict[str, str]:
    """Return the files of *repository* at *sha* that requests are about; those that are no UTF-8 text are left out."""
    readable: dict[str, str] = {}
    for path, content in files_at(repository, sha, suffixes=READABLE).items():
        try:
            text = content.decode()
        except UnicodeDecodeError:
            continue
        if plain_text(path + text) == path + text and NOT_OURS not in f"/{path}":
            readable[path] = text
    return readable


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
) -> CodeGenerationRequest:
    """
    Freeze the specification with its context and queue the generation.

    The language is that of *target_path*, else *target_language*, else what the text asks for, else the repository's.
    What *demands* adds is written behind the text and becomes part of the specification.

    :raises NotAllowed: the requester may not submit specifications for the repository.
    :raises GenerationRefused: generation is suspended there, or no rung of the ladder opens it.
    :raises SpecificationRefused: the text is empty, too long, or asks for a language that cannot be generated, or run.
    :raises Unsatisfiable: nobody could ever approve it.
    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    _check_submittable(requester, repository, title, text)
    text = with_demands(text, demands) if demands else text
    base_sha = head_sha(repository)
    specification = specification_analyse(
        title=title,
        text=text,
        repository=repository,
        target_path=target_path,
        target_language=language_stated(target_path=target_path, stated=target_language),
    )
    language = language_require(specification).name
    node_require(language)
    files = repository_files(repository, base_sha)
    path = target_path.strip() or target_choose(specification, files, language)
    _check_target(path, repository, base_sha, files)
    tier = risk_tier(specification, paths=[path] if path in files else [])
    task_class = task_family(specification)
    generation_require_allowed(
        scope=repository.scope,
        risk=tier.value,
        task_class=task_class,
        action="request.submit",
        object_id=repository.pk,
    )
    ruling = policy_freeze(scope=repository.scope, risk_tier=tier.value)
    approval_require_possible(
        policy=policy_in(ruling, tier.value),
        scope=repository.scope,
        barred={requester.pk: "requester of this request"},
        path=path,
    )
    embedding = texts_embed([f"{title}\n{text}"])[0]
    snapshot = context_freeze(
        repository=repository,
        base_sha=base_sha,
        files=files,
        specification=specification,
        target_path=path,
        embedding=embedding,
    )
    request = CodeGenerationRequest.objects.create(
        specification=text,
        specification_embedding=list(embedding.vector),
        context_snapshot=snapshot,
        target_language=language,
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
        target_path=path,
        base_sha=base_sha,
        entry=specification.entry or "",
        analysis={**analysis_summary(specification), "task_class": task_class},
        risk_tier=tier.value,
        approval_policy=ruling,
        specification_digest=sha256_hex(text),
        context_digest=sha256_hex(canonical_json(snapshot)),
        embedding_model=embedding.model,
        embedding_dimensions=embedding.dimensions,
        seed=secrets.randbits(62),
    )
    Contribution.objects.create(run=run, user=requester, kind=Contribution.Kind.REQUESTER)
    if draft is not None and draft.author_id != requester.pk:
        Contribution.objects.create(run=run, user=draft.author, kind=Contribution.Kind.CO_AUTHOR)
    _queue(run, specification)
    return request


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
        },
    )


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
    }


def requirement_ids(run: GenerationRun) -> list[str]:
    """Return the ids of the acceptance criteria, as many as an entry of the audit chain carries."""
    return [criterion["id"] for criterion in run.analysis.get("criteria", [])[:MAX_AUDITED]]


def _check_submittable(requester: User, repository: Repository, title: str, text: str) -> None:
    if not can(requester, Action.SPEC_WRITE, repository.scope):
        raise NotAllowed(
            f"You may read {repository.name} but not submit specifications for it.",
            remedy="Ask an administrator.",
            denial=Denial(Action.SPEC_WRITE.value, "repository", str(repository.pk), repository.scope_id),
        )
    if not title.strip():
        raise SpecificationRefused(
            "The specification has no title.", remedy="Give it one; it names the branch's commit."
        )
    if not text.strip():
        raise SpecificationRefused("The specification is empty.", remedy="Say what the code must do.")
    if plain_text(title + text) != title + text:
        raise SpecificationRefused(
            "The specification holds a character that cannot be stored, such as NUL.", remedy="Remove it."
        )
    if len(text) > MAX_CHARACTERS:
        raise SpecificationRefused(
            f"The specification has {len(text):,} characters; {MAX_CHARACTERS:,} can be read.",
            remedy="Split it into several requests.",
        )


def _check_target(path: str, repository: Repository, sha: str, files: Mapping[str, str]) -> None:
    """Refuse a path that a patch cannot write, or where something stands that is no readable text."""
    if not language_of_path(path) or not is_usable_path(path) or path.endswith((".d.ts", ".d.mts", ".d.cts")):
        raise SpecificationRefused(
            f"{path} cannot be a file of the repository.",
            remedy="Give a relative path such as package/module.py, src/module.mjs or src/module.ts.",
        )
    if path in files:
        return
    if object_kind(repository, sha, path):
        raise SpecificationRefused(
            f"{path} is in the repository but cannot be changed: it is a link, too large, or no UTF-8 text.",
            remedy="Choose another file.",
        )
    folders = [str(folder) for folder in PurePosixPath(path).parents][:-1]
    if any(object_kind(repository, sha, folder) not in {"", "tree"} for folder in folders):
        raise SpecificationRefused(f"{path} lies below something that is no folder.", remedy="Choose another file.")


def _reading(specification: Specification) -> str:
    criteria, examples = len(specification.criteria), len(specification.examples)
    counts = f"{criteria} criteri{'on' if criteria == 1 else 'a'}, {examples} example{'' if examples == 1 else 's'}"
    return f"{counts}, clarity {specification.clarity.score}"
