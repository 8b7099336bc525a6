"""What code rules would have said of the candidates of the past; light, since it is loaded with Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from apps.core.errors import NofxError
from apps.generation.engine.specification import analyse
from apps.generation.models import Candidate, GenerationRun
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.generation.services.dependencies import declarations_of
from apps.generation.services.planning import repository_files
from apps.generation.services.policy_gate import policy_gate
from apps.generation.services.review_subject import REVIEWABLE
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.types import PastCandidate


@dataclass(frozen=True)
class _Base:
    """The repository as a request found it."""

    workspace: Workspace
    declarations: Mapping[str, str]


def past_candidates(policy: RepositoryPolicy, *, since: datetime, limit: int) -> Iterator[PastCandidate]:
    """
    Yield the newest *limit* candidates that people could have approved since for the repository of *policy*.

    Each is held against *policy* as the gate of the approval does, on the commit that it was written for.
    """
    found = Candidate.objects.filter(
        state__in=REVIEWABLE, request__run__repository=policy.repository, request__created_at__gte=since
    ).select_related("request__run__repository")
    newest = found.order_by("-request__created_at", "request_id", "ordinal")[:limit]
    for _, group in groupby(newest, key=lambda one: one.request_id):
        candidates = list(group)
        base = _base(candidates[0].request.run)
        for candidate in candidates:
            yield PastCandidate(str(candidate.pk), is_lost=True) if base is None else _held(policy, candidate, base)


def _base(run: GenerationRun) -> _Base | None:
    """Return what the candidates of *run* were written for; None where its commit cannot be read any more."""
    specification = analyse(run.request.specification, title=run.title, target_path=run.target_path)
    try:
        files = repository_files(run.repository, run.base_sha)
        return _Base(Workspace(run, specification, files), declarations_of(run))
    except NofxError:
        return None


def _held(policy: RepositoryPolicy, candidate: Candidate, base: _Base) -> PastCandidate:
    gate = policy_gate(policy, base.workspace, changed_files(base.workspace, candidate), base.declarations)
    broken = tuple((one["rule"], one["subject"]) for one in gate["findings"])
    return PastCandidate(str(candidate.pk), broken, is_unread=gate["status"] == "failed" and not broken)
