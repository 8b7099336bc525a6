"""
Where other tracks take part in a request. They are joined to it in console/flows; generation imports none of them.

An examiner looks at a candidate before people do, a guide adds to what models are shown, and an heir is told of what
was merged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from apps.checks.types import CheckResult
from apps.core.digests import sha256_hex
from apps.core.errors import NofxError
from apps.generation.engine.changes import changed_lines
from apps.generation.models import Candidate, GenerationRun
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import candidate_module, changed_files
from apps.generation.services.review_subject import REVIEWABLE, selected_candidate
from apps.governance.models import User
from apps.jobs.services import JobRun
from apps.repositories.models import Repository, Revision
from apps.repositories.services import revision_record

# Beside what an examiner may take, a person waits.
MOST_EXAMINED = 5
NOT_EXAMINED = "It meets fewer examples than others, so it is not examined further."


@dataclass(frozen=True)
class Examined:
    """
    A candidate as an examiner sees it: the target file with it, at the commit it was written for.

    ``lines`` are those of the file that the candidate wrote, ``changed`` every file of its patch as it reads then.
    """

    artifact_id: UUID
    path: str
    text: str
    revision: Revision
    lines: frozenset[int]
    changed: Mapping[str, str]


Examine = Callable[[Examined], CheckResult]
Guide = Callable[[Repository, str], Sequence[Mapping[str, str]]]
Inherit = Callable[[Repository, str, User], None]


@dataclass(frozen=True)
class Examiner:
    """
    Who examines: the name of its check, its words in the evidence, and the suffixes of files it reads.

    One that looks at a candidate's tests, too, names the ``figure`` that it measures, as specifications ask for it. It
    is asked about the candidate that is up for approval, about others on demand, and again when a patch changes.
    """

    tool: str
    label: str
    suffixes: tuple[str, ...]
    examine: Examine
    figure: str = ""


_examiners: dict[str, Examiner] = {}
_guides: dict[str, Guide] = {}
_heirs: list[Inherit] = []


def examiner_register(examiner: Examiner) -> None:
    """Have every candidate that people may see examined; what is found is part of what they sign."""
    _examiners[examiner.tool] = examiner


def guide_register(section: str, guide: Guide) -> None:
    """Add under *section* what *guide* says of a repository and a path in it: mappings with ``title`` and ``text``."""
    _guides[section] = guide


def heir_register(inherit: Inherit) -> None:
    """Have *inherit* called with the repository, the commit and the person, behind the transaction of each merge."""
    _heirs.append(inherit)


def examiner_labels() -> dict[str, str]:
    """Return the words for the check of each examiner."""
    return {one.tool: one.label for one in _examiners.values()}


def figure_tools() -> list[str]:
    """Return the checks that measure a figure of the candidate that is up for approval."""
    return [one.tool for one in _examiners.values() if one.figure]


def guidance_of(repository: Repository, target_path: str) -> dict[str, Sequence[Mapping[str, str]]]:
    """Return what the guides say, by section."""
    return {section: guide(repository, target_path) for section, guide in _guides.items()}


def merged_tell(repository: Repository, sha: str, merged_by: User) -> None:
    """Tell every heir of a merge."""
    for inherit in _heirs:
        inherit(repository, sha, merged_by)


def candidates_examine(job: JobRun, workspace: Workspace) -> None:
    """
    Have the candidates examined that people may see and that no other beats by the examples. Safe to repeat.

    An examiner that cannot look leaves an error, which is never a pass.
    """
    run = workspace.run
    examiners = [one for one in _examiners.values() if run.target_path.endswith(one.suffixes)]
    if not examiners:
        return
    revision = revision_record(repository=run.repository, sha=run.base_sha)
    candidates = list(_reviewable(run))
    best = max((one.examples_passed or 0 for one in candidates), default=0)
    met = [one for one in candidates if (one.examples_passed or 0) == best][:MOST_EXAMINED]
    for number, candidate in enumerate(candidates, 1):
        job.raise_if_cancelled()
        job.progress("consensus", examined=number, of=len(candidates))
        known = {check["tool"] for check in candidate.checks}
        fresh = [
            _result(examiner, candidate, workspace, revision) if candidate in met else _left_out(examiner)
            for examiner in examiners
            if examiner.tool not in known and not examiner.figure
        ]
        if fresh:
            candidate.checks = [*candidate.checks, *fresh]
            candidate.save(update_fields=["checks"])
    figures_measure(job, workspace)


def figures_measure(job: JobRun, workspace: Workspace, *, everyone: bool = False) -> None:
    """
    Have the figures measured of the candidate that is up for approval, with its tests as they are now. Safe to repeat.

    With *everyone* that is done for each that can be chosen. What was measured of another patch is replaced.
    """
    run = workspace.run
    for candidate in _reviewable(run) if everyone else [selected_candidate(run=run)]:
        _figures_measure(job, workspace, candidate)


def _figures_measure(job: JobRun, workspace: Workspace, candidate: Candidate) -> None:
    run = workspace.run
    for examiner in figures_due(run, candidate):
        job.raise_if_cancelled()
        job.progress("consensus", measuring=examiner.label.lower())
        revision = revision_record(repository=run.repository, sha=run.base_sha)
        found = _result(examiner, candidate, workspace, revision) | {"patch": sha256_hex(candidate.patch)}
        others = [check for check in candidate.checks if check["tool"] != examiner.tool]
        candidate.checks = [*others, found]
        candidate.save(update_fields=["checks"])


def figures_due(run: GenerationRun, candidate: Candidate) -> list[Examiner]:
    """Return who has not measured their figure of *candidate* as it is now."""
    mine = [one for one in _examiners.values() if one.figure and run.target_path.endswith(one.suffixes)]
    return [one for one in mine if figure_check(candidate, one.tool) is None]


def figures_of(candidate: Candidate) -> dict[str, Mapping[str, Any]]:
    """Return the checks of *candidate* as it is now that measure a figure, by its name."""
    found = {one.figure: figure_check(candidate, one.tool) for one in _examiners.values() if one.figure}
    return {figure: check for figure, check in found.items() if check is not None}


def figure_check(candidate: Candidate, tool: str) -> Mapping[str, Any] | None:
    """Return what *tool* measured of *candidate* as it is now; None where it was another patch, or nothing."""
    digest = sha256_hex(candidate.patch)
    return next((one for one in candidate.checks if one["tool"] == tool and one.get("patch") == digest), None)


def _reviewable(run: GenerationRun) -> Sequence[Candidate]:
    found = Candidate.objects.filter(request_id=run.pk, state__in=REVIEWABLE, implementation__isnull=False)
    return list(found.select_related("implementation").order_by("ordinal"))


def _result(examiner: Examiner, candidate: Candidate, workspace: Workspace, revision: Revision) -> dict[str, Any]:
    target = workspace.run.target_path
    module = candidate_module(workspace, candidate)
    seen = Examined(
        artifact_id=cast("UUID", candidate.implementation_id),
        path=target,
        text=module,
        revision=revision,
        lines=changed_lines(workspace.files.get(target, ""), module),
        changed=changed_files(workspace, candidate),
    )
    try:
        return examiner.examine(seen).as_json()
    except NofxError as error:
        return CheckResult(examiner.tool, "", "error", (), 0.0, reason=error.message).as_json()


def _left_out(examiner: Examiner) -> dict[str, Any]:
    return CheckResult(examiner.tool, "", "not_checked", (), 0.0, reason=NOT_EXAMINED).as_json()
