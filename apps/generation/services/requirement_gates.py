"""What is asked of a candidate, measured before people approve it: once for each patch, and again when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from apps.checks.types import plain_text
from apps.core.digests import canonical_json, sha256_hex
from apps.generation.engine.javascript.modules import is_javascript
from apps.generation.engine.specification import Constraint, ConstraintKind, QualityRequirement, analyse
from apps.generation.models import Candidate, GenerationRun
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.generation.services.dependencies import declarations_of, dependency_gate
from apps.generation.services.javascript_quality_gates import javascript_quality_gates
from apps.generation.services.joined import figures_of
from apps.generation.services.policy_gate import policy_gate
from apps.generation.services.quality_gates import RUN_FOR, measures_asked, python_quality_gates, types_are_asked
from apps.generation.services.review_subject import REVIEWABLE, selected_candidate
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.selectors import policy_current
from apps.repositories.selectors import files_at


@dataclass(frozen=True)
class Asked:
    """Figures that quality must reach, what is said about packages, and the policy of the repository."""

    quality: tuple[QualityRequirement, ...]
    packages: tuple[Constraint, ...]
    policy: RepositoryPolicy | None = None

    def __bool__(self) -> bool:
        return bool(measures_asked(self.quality) or self.packages or self.policy)

    @property
    def needs_run(self) -> bool:
        """Whether the tests have to be run to know it."""
        return bool(self.run_for)

    @property
    def run_for(self) -> frozenset[str]:
        """The figures that only running the tests shows."""
        return RUN_FOR.intersection(measures_asked(self.quality))


UNMEASURED = {
    "gate": "requirements",
    "status": "waiting",
    "findings": [],
    "detail": "What is asked of this candidate has not been measured on it as it is now.",
}


@lru_cache(maxsize=64)
def _asked(specification: str, target_path: str) -> Asked:
    found = analyse(specification, target_path=target_path)
    named = (ConstraintKind.FORBIDDEN, ConstraintKind.REQUIRED)
    return Asked(found.quality, tuple(one for one in found.constraints if one.kind in named))


def asked_of(run: GenerationRun) -> Asked:
    """Return what is asked of *run* that can be measured before people approve; one query."""
    return replace(_asked(run.request.specification, run.target_path), policy=policy_current(run.repository))


def gates_basis(run: GenerationRun, candidate: Candidate, asked: Asked) -> str:
    """Return the SHA-256 of what gates are measured on and against; under another one they count as not measured."""
    content = {
        "policy": [asked.policy.version, asked.policy.content_digest] if asked.policy else [],
        "specification": sha256_hex(run.request.specification),
        "base": run.base_sha,
        "patch": sha256_hex(candidate.patch),
        "figures": {name: check for name, check in figures_of(candidate).items() if name in asked.run_for},
    }
    return sha256_hex(canonical_json(content))


def gates_are_measured(run: GenerationRun, candidate: Candidate) -> bool:
    """Return whether everything that is asked was measured on *candidate* as it is now."""
    asked = asked_of(run)
    if not asked:
        return True
    has_all = {gate["gate"] for gate in candidate.gates}.issuperset(measures_asked(asked.quality))
    return has_all and candidate.gates_basis == gates_basis(run, candidate, asked)


def gates_of(run: GenerationRun, candidate: Candidate) -> list[dict[str, Any]]:
    """Return the gates of *candidate*; one that waits where something was not measured, so that it never passes."""
    return list(candidate.gates) if gates_are_measured(run, candidate) else [dict(UNMEASURED)]


def gates_measure(workspace: Workspace, *, everyone: bool = False) -> None:
    """
    Measure what is asked on the candidates of a run as they are now, and keep it. What was measured is left alone.

    Tests are run for the candidate that is up for approval only, since that takes as long as they do; with *everyone*
    for each of them.

    :raises SandboxUnavailable: the tests cannot be run safely on this machine.
    """
    run = workspace.run
    asked = asked_of(run)
    if not asked:
        return
    declarations = declarations_of(run)
    chosen = selected_candidate(run=run)
    for candidate in Candidate.objects.filter(request_id=run.pk, state__in=REVIEWABLE).order_by("ordinal"):
        basis = gates_basis(run, candidate, asked)
        is_run = everyone or candidate.pk == chosen.pk
        if candidate.gates_basis == basis and (not is_run or gates_are_measured(run, candidate)):
            continue
        changed = changed_files(workspace, candidate)
        tree = candidate_tree(workspace, changed) if is_run and asked.needs_run else None
        if is_javascript(run.target_path):
            gates = javascript_quality_gates(asked.quality, before=workspace.files, changed=changed, tree=tree)
        else:
            figures = figures_of(candidate)
            gates = python_quality_gates(
                asked.quality, before=workspace.files, changed=changed, tree=tree, figures=figures
            )
        packages = dependency_gate(asked.packages, workspace, changed, declarations)
        policy = policy_gate(asked.policy, workspace, changed, declarations) if asked.policy else None
        candidate.gates = [*gates, *(gate for gate in (packages, policy) if gate)]
        candidate.gates_basis = basis
        candidate.save(update_fields=["gates", "gates_basis"])


def is_measured_at_once(run: GenerationRun) -> bool:
    """Return whether measuring what is asked of *run* needs neither a run of the tests nor of a type checker."""
    asked = asked_of(run)
    return not asked.needs_run and not types_are_asked(asked.quality)


def candidate_tree(workspace: Workspace, changed: Mapping[str, str]) -> dict[str, bytes]:
    """Return every file of the repository by path as a change leaves it."""
    before = files_at(workspace.run.repository, workspace.run.base_sha, suffixes=None)
    after = {**before, **{path: text.encode() for path, text in changed.items()}}
    return {path: content for path, content in after.items() if plain_text(path) == path}
