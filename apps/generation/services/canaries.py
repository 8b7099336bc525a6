"""Candidates that are wrong on purpose: planted, kept out of the way, counted without names, and told afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.core.errors import Conflict, NofxError
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.documentation import document
from apps.generation.engine.outcomes import Outcome, outcome_stored
from apps.generation.engine.seeding import Mutant, is_drawn, mutants, telling_input
from apps.generation.engine.source import normalised_digest, unified_patch
from apps.generation.engine.workspace import neighbours_setup
from apps.generation.gateways.observing import Observation, Program, observe
from apps.generation.models import Canary, CanarySetting, Candidate, CodeGenerationConsensus, GenerationRun
from apps.generation.models.canaries import MOST_PERCENT
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files, module_checks, module_scores
from apps.generation.services.consensus import examples_passed, outcome_text
from apps.generation.services.group_counts import canary_count
from apps.generation.services.requirement_gates import asked_of
from apps.generation.services.review_subject import SUBJECT_KIND, selected_candidate
from apps.generation.types import RequestStatus as Status
from apps.governance.models import Ballot, User
from apps.governance.selectors import can
from apps.governance.services import NotAllowed, audit_record
from apps.governance.types import Action
from apps.repositories.models import Repository

MUTANTS_TRIED = 24
FEWEST = 2


class CanaryRefused(Conflict):
    """Somebody wants to put up for approval what is wrong on purpose."""

    code = "review.wrong_on_purpose"


class ShareRefused(NofxError):
    """A share of requests is no whole percentage from 0 to 20."""

    code = "canary.share_refused"
    status = 422


@transaction.atomic
def canary_share_set(*, repository: Repository, percent: int, actor: User, session_key: str = "") -> CanarySetting:
    """
    Set in how many of a repository's requests, in percent, a candidate is shown that is wrong on purpose.

    At 0 those that wait among others for a verdict are taken out, since nothing guards them any longer.

    :raises NotAllowed: the actor may not edit thresholds there.
    :raises ShareRefused: it is not from 0 to 20.
    """
    if not can(actor, Action.THRESHOLD_EDIT, repository.scope) or actor.is_service:
        raise NotAllowed("Only a quality lead or the chair of this repository can change this.")
    if not 0 <= percent <= MOST_PERCENT:
        raise ShareRefused(f"The share is a whole number from 0 to {MOST_PERCENT}, in percent.")
    before = CanarySetting.objects.filter(repository=repository).values_list("percent", flat=True).first()
    if not percent:
        undecided = Canary.objects.filter(request__run__repository=repository)
        undecided.filter(request__status__in=[Status.CONSENSUS, Status.IN_REVIEW]).delete()
    setting, _ = CanarySetting.objects.update_or_create(
        repository=repository, defaults={"percent": percent, "set_by": actor}
    )
    audit_record(
        action="canary.share",
        object_kind="repository",
        object_id=repository.pk,
        actor=actor,
        scope=repository.scope,
        session_key=session_key,
        detail={"before": before or 0, "after": percent},
    )
    return setting


def canary_plant(
    *,
    workspace: Workspace,
    consensus: CodeGenerationConsensus,
    candidates: Sequence[Candidate],
    observations: Sequence[Observation],
    inputs: Sequence[PoolInput],
) -> Canary | None:
    """
    Make a candidate that is wrong on purpose, where the setting and the request's seed say so. Safe to repeat.

    None where there are fewer than two candidates, where they are not Python, where no change was found that passes the
    person's examples and is known to be a mistake, or where something is asked that is measured: it would stand out as
    the one without figures.
    """
    run = workspace.run
    chosen = next((one for one in candidates if one.implementation_id == consensus.selected_implementation_id), None)
    is_python = workspace.language.name == "python"
    if chosen is None or len(candidates) < FEWEST or not inputs or not is_python or not _is_drawn(run):
        return None
    if Canary.objects.filter(request_id=run.pk).exists() or asked_of(run):
        return None
    outcomes = {one.pk: seen.outcomes for one, seen in zip(candidates, observations, strict=True)}
    good = outcomes.pop(chosen.pk)
    files = dict(changed_files(workspace, chosen))
    target = run.target_path
    tried = _tried(workspace, files.get(target, ""), {one.normalised_digest for one in candidates})
    programs = [_program(workspace, files, one.code) for one in tried]
    seen = observe(programs, inputs, entry=run.entry)
    passes = examples_passed(good, inputs)
    for mutant, observation in zip(tried, seen, strict=False):
        at = telling_input(good, observation.outcomes, list(outcomes.values()))
        if at is not None and examples_passed(observation.outcomes, inputs) == passes:
            return _keep(
                workspace,
                chosen,
                files,
                mutant,
                observation,
                passes,
                _mistake(run, inputs[at], good[at], observation.outcomes[at]),
            )
    return None


def _is_drawn(run: GenerationRun) -> bool:
    percent = CanarySetting.objects.filter(repository=run.repository_id).values_list("percent", flat=True).first()
    return is_drawn(run.seed, percent or 0)


def _tried(workspace: Workspace, module: str, known: set[str]) -> list[Mutant]:
    own = changed_lines(workspace.files.get(workspace.run.target_path, ""), module)
    found = mutants(module, own, f"{workspace.run.seed}:canary")
    return [one for one in found if normalised_digest(one.code) not in known][:MUTANTS_TRIED]


def _program(workspace: Workspace, files: Mapping[str, str], module: str) -> Program:
    target = workspace.run.target_path
    after = {**workspace.files, **files, target: module}
    python = {path: text for path, text in after.items() if path.endswith(".py")}
    return Program(module, neighbours_setup(module, target, python))


def _mistake(run: GenerationRun, item: PoolInput, good: Outcome, bad: Outcome) -> str:
    return f"On {item.call.text(run.entry)} it {outcome_text(bad)}; what it was made from {outcome_text(good)}."


def _keep(
    workspace: Workspace,
    chosen: Candidate,
    files: Mapping[str, str],
    mutant: Mutant,
    observation: Observation,
    passes: tuple[int, int],
    mistake: str,
) -> Canary:
    after = {**files, workspace.run.target_path: mutant.code}
    if workspace.documentation_path in after:
        after[workspace.documentation_path] = document(workspace.specification, mutant.code)
    checks = module_checks(workspace, mutant.code)
    own = {check["tool"] for check in checks}
    # What it imports was not changed.
    checks += [check for check in chosen.checks if check["tool"] not in own]
    quality, _ = module_scores(workspace, checks, mutant.code, *passes)
    return Canary.objects.create(
        request_id=workspace.run.pk,
        patch=unified_patch({path: workspace.files[path] for path in after if path in workspace.files}, after),
        checks=checks,
        outcomes=[outcome_stored(one) for one in observation.outcomes],
        quality_score=quality,
        examples_passed=passes[0],
        examples_total=passes[1],
        change=mutant.words,
        mistake=mistake,
    )


@dataclass(frozen=True)
class Opinion:
    """What of a verdict is kept beside the verdict itself."""

    preference: str
    rubric: dict[UUID, Mapping[str, int]]


def canary_judge(
    *,
    run: GenerationRun,
    reviewer: User,
    preference: str,
    rubric: Mapping[UUID, Mapping[str, int]],
    has_judged: bool = True,
) -> Opinion:
    """
    Count whether *reviewer* saw that a candidate is wrong on purpose, and return what of their opinion may be kept.

    It is missed by whoever prefers it or calls a tie, and did not rate it less correct than what is up for approval.
    Whoever voted here before was told which one it is and is not counted again; whoever steps aside has judged nothing.
    In a request with such a candidate no preference is kept of anybody, since an absent one would name those who missed
    it.
    """
    canary = Canary.objects.filter(request_id=run.pk).first()
    if canary is None:
        return Opinion(preference, dict(rubric))
    is_told = Ballot.objects.filter(subject_kind=SUBJECT_KIND, subject_id=run.pk, voter=reviewer).exists()
    if has_judged and not is_told and not canary.is_disclosed:
        own = rubric.get(canary.pk, {}).get("correct")
        chosen = rubric.get(selected_candidate(run=run).pk, {}).get("correct")
        is_rated_lower = own is not None and chosen is not None and own < chosen
        is_caught = is_rated_lower or preference not in {str(canary.pk), "tie", ""}
        canary_count(repository=run.repository, is_caught=is_caught)
    return Opinion("", {key: ratings for key, ratings in rubric.items() if key != canary.pk})


@transaction.atomic
def canary_disclose(*, run: GenerationRun, canary_id: UUID) -> None:
    """Note that somebody wants to choose what is wrong on purpose: that is missed, and from now on shown as such."""
    disclosed = Canary.objects.filter(pk=canary_id, request_id=run.pk, is_disclosed=False).update(is_disclosed=True)
    if disclosed:
        canary_count(repository=run.repository, is_caught=False)


def canary_refuse(run: GenerationRun, candidate_id: UUID) -> None:
    """
    Return when *candidate_id* is a candidate in earnest.

    :raises CanaryRefused: it is wrong on purpose.
    """
    canary = Canary.objects.filter(pk=candidate_id, request_id=run.pk).first()
    if canary is not None:
        raise CanaryRefused(
            "This candidate was made wrong on purpose, to see whether reviews find mistakes, so it cannot be approved. "
            f"{canary.change} {canary.mistake}",
            remedy="Choose another one, or leave it at the one that is up for approval.",
        )


def canary_withdraw(run: GenerationRun) -> None:
    """Take what is wrong on purpose out of a review whose evidence or choice changed: it was made for the old one."""
    Canary.objects.filter(request_id=run.pk).delete()
