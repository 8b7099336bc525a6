"""Reads of the generation track. A request whose repository the user may not read does not exist for them."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from apps.checks.types import SECURITY_TOOLS
from apps.core.errors import NotFound
from apps.generation.models import (
    Canary,
    CanarySetting,
    Candidate,
    CodeGenerationConsensus,
    DirectArtifact,
    ExpertiseChange,
    GeneratedCodeArtifact,
    GenerationRun,
    PatternUse,
    ReviewCount,
    SpecificationDraft,
    SpecificationReading,
)
from apps.generation.services.review_subject import REVIEWABLE, SUBJECT_KIND
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import accounts_of, ballot_of, can, readable_scopes, scope_ids
from apps.governance.types import Action
from apps.knowledge.types import ApprovedWork, PatternOutcome
from apps.repositories.models import Repository
from apps.repositories.selectors import repositories_readable, repository_ids

MINED_WORK = 500
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BEFORE_DECISION = (Status.QUEUED, Status.GENERATING, Status.CHECKING, Status.CONSENSUS, Status.IN_REVIEW)


def drafts_of(user: User) -> QuerySet[SpecificationDraft]:
    """Return the drafts of *user* that were not submitted, newest first."""
    return (
        SpecificationDraft.objects.filter(author=user)
        .exclude(Exists(GenerationRun.objects.filter(draft=OuterRef("pk"))))
        .select_related("repository")
        .order_by("-updated_at", "id")
    )


def draft_get(*, user: User, draft_id: UUID) -> SpecificationDraft:
    """
    Return a draft of *user*.

    :raises NotFound: they have no such draft.
    """
    draft = SpecificationDraft.objects.filter(author=user, pk=draft_id).select_related("repository").first()
    if draft is None:
        raise NotFound("There is no such draft of yours.")
    return draft


def reading_get(*, user: User, reading_id: UUID) -> SpecificationReading:
    """
    Return what *user* had a model asked.

    :raises NotFound: there is none, or somebody else asked.
    """
    reading = SpecificationReading.objects.filter(author=user, pk=reading_id).first()
    if reading is None:
        raise NotFound("There is no such reading.", remedy="Ask again beside your specification.")
    return reading


def reading_newest(draft: SpecificationDraft) -> SpecificationReading | None:
    """Return what a model was asked last about *draft*, if anything."""
    return draft.readings.order_by("-created_at").first()


def direct_of(user: User) -> QuerySet[DirectArtifact]:
    """Return what *user* asked for without a request, newest first, with all that a list shows."""
    return (
        DirectArtifact.objects.filter(submitted_by=user)
        .select_related("artifact")
        .defer("source", "evidence", "artifact__generated_code")
        .order_by("-created_at", "artifact_id")
    )


def direct_get(*, user: User, artifact_id: UUID) -> DirectArtifact:
    """
    Return what *user* asked for without a request.

    :raises NotFound: they asked for nothing with this id.
    """
    found = DirectArtifact.objects.filter(submitted_by=user, pk=artifact_id).select_related("artifact").first()
    if found is None:
        raise NotFound("There is nothing of yours with this id.")
    return found


def runs_readable(user: User) -> QuerySet[GenerationRun]:
    """Return the runs that *user* may read, newest first, with all that a list shows."""
    return (
        GenerationRun.objects.filter(repository__in=repository_ids(user))
        .select_related("request", "repository", "requester")
        .defer("request__specification_embedding", "request__context_snapshot", "request__specification")
        .order_by("-request__created_at", "request_id")
    )


def runs_waiting_for(user: User) -> QuerySet[GenerationRun]:
    """Return the runs in review that *user* could vote on and has not, oldest first."""
    voted = Q(
        request_id__in=user.ballots.filter(subject_kind=SUBJECT_KIND, voided_at__isnull=True).values("subject_id")
    )
    return (
        runs_readable(user)
        .filter(request__status=Status.IN_REVIEW, repository__scope__in=scope_ids(user, Action.VERDICT_VOTE))
        .exclude(voted)
        .exclude(contributions__user__in=accounts_of(user))
        .order_by("state_changed_at", "request_id")
    )


def run_get(*, user: User, request_id: UUID) -> GenerationRun:
    """
    Return the run of a request with what its pages need.

    :raises NotFound: there is no such request, or *user* may not read it.
    """
    run = (
        GenerationRun.objects.filter(pk=request_id, repository__scope__in=readable_scopes(user))
        .select_related(
            *("request", "repository__scope__organisation", "requester", "job", "draft"),
            "approval_policy__scope__organisation",
        )
        .prefetch_related("stages", "contributions")
        .first()
    )
    if run is None:
        raise NotFound("There is no such request that you can read.")
    return run


def consensus_of(run: GenerationRun) -> CodeGenerationConsensus | None:
    """Return the consensus of a run, when there is one."""
    return CodeGenerationConsensus.objects.filter(request_id=run.pk).first()


def generated_code(implementation: GeneratedCodeArtifact) -> dict[str, Any]:
    """Return an implementation with what was written and measured beside it, as JSON data; one query."""
    candidate = Candidate.objects.filter(implementation=implementation).select_related("test", "documentation").first()
    checks = [check for check in candidate.checks if check["tool"] in SECURITY_TOOLS] if candidate else []
    score = implementation.security_score
    return {
        "implementation": implementation.generated_code,
        "tests": candidate.test.generated_code if candidate and candidate.test else None,
        "documentation": candidate.documentation.generated_code if candidate and candidate.documentation else None,
        "performance_profile": implementation.performance_metrics,
        "security_assessment": {"score": None if score is None else float(score), "checks": checks},
    }


def candidates_of(run: GenerationRun) -> list[Candidate]:
    """Return all candidates of a run in the order they were asked for; one query."""
    return list(
        Candidate.objects.filter(request_id=run.pk)
        .select_related("implementation", "test", "documentation", "provider")
        .order_by("ordinal")
    )


@dataclass(frozen=True)
class Lettered:
    """A candidate under the letter by which one person sees it."""

    letter: str
    candidate: Candidate


def lettered(run: GenerationRun, user: User, candidates: Sequence[Candidate]) -> list[Lettered]:
    """
    Return *candidates* in an order of this person's own, with letters; those that can be reviewed come first.

    The order is drawn from the request's seed and the person, so that it says nothing about who wrote what, differs
    between reviewers, and can be checked afterwards. What a person put together comes behind, so that the others keep
    their letters.
    """
    shuffled = [one for one in candidates if one.grafted_by_id is None]
    random.Random(order_seed(run, user)).shuffle(shuffled)  # noqa: S311  an order to be repeated, not a secret
    shuffled += [one for one in candidates if one.grafted_by_id is not None]
    shuffled.sort(key=lambda candidate: candidate.state not in REVIEWABLE)
    return [Lettered(letter_of(index), candidate) for index, candidate in enumerate(shuffled)]


def order_seed(run: GenerationRun, user: User) -> str:
    """Return the seed of one person's order of candidates; it is audited with their verdict."""
    return hashlib.sha256(f"{run.seed}:{user.pk}".encode()).hexdigest()


def letter_of(index: int) -> str:
    """Return A, B, ... Z, A2, B2, ..."""
    round_, position = divmod(index, len(LETTERS))
    return LETTERS[position] + (str(round_ + 1) if round_ else "")


def models_are_visible(run: GenerationRun, user: User) -> bool:
    """Return whether *user* may learn who wrote which candidate: not before they voted, if they can vote."""
    if run.request.status not in BEFORE_DECISION:
        return True
    is_barred = any(contribution.user_id == user.pk for contribution in run.contributions.all())
    if is_barred or not can(user, Action.VERDICT_VOTE, run.repository.scope):
        return True
    return ballot_of(SUBJECT_KIND, run.pk, user) is not None


def vote_told(run: GenerationRun, user: User, consensus: CodeGenerationConsensus) -> dict[str, Any] | None:
    """Return the vote as *user* may read it: whose program the best record would choose tells of its author."""
    details: dict[str, Any] | None = consensus.voting_details
    if details is None or models_are_visible(run, user):
        return details
    return {**details, "selectors": {**details.get("selectors", {}), "baseline": None}}


def expertise_changes(user: User, *, model: str = "", family: str = "") -> QuerySet[ExpertiseChange]:
    """Return how decisions about requests that *user* may read moved what is known of models, newest first."""
    changes = ExpertiseChange.objects.filter(run__repository__in=repository_ids(user)).select_related("run")
    chosen = {name: value for name, value in (("model_id", model), ("family", family)) if value}
    return changes.filter(**chosen).order_by("-changed_at", "id")


@dataclass(frozen=True)
class Depth:
    """
    How much of the changes of one repository was in view when people decided.

    ``counts`` are reviews by tenth, ``unmeasured`` those without a figure, told until the month of ``until``;
    ``waiting`` is how many measured ones are not told yet, fewer than ten. The same of candidates that were wrong on
    purpose: ``caught`` of ``seeded``, ``seeded_waiting`` not told yet, and shown in ``percent`` of the requests (None:
    never switched on). And of the time of active review: ``active`` by class, ``active_waiting`` not told yet.
    """

    repository: Repository
    counts: Mapping[int, int]
    unmeasured: int
    waiting: int
    until: date | None
    seeded: int
    caught: int
    seeded_waiting: int
    percent: int | None
    active: Mapping[int, int]
    active_waiting: int

    @property
    def measured(self) -> int:
        """How many reviews the figures are about."""
        return sum(self.counts.values())


def depths_of(user: User) -> list[Depth]:
    """Return the review depth of each repository that *user* may read, by name; a fixed number of queries."""
    repositories = list(repositories_readable(user=user).select_related("canary_setting", "scope__organisation"))
    rows = ReviewCount.objects.filter(repository__in=repositories, reviews__gt=0)
    by_repository: dict[UUID, list[ReviewCount]] = {}
    for row in rows:
        by_repository.setdefault(row.repository_id, []).append(row)
    return [_depth(repository, by_repository.get(repository.pk, [])) for repository in repositories]


def _depth(repository: Repository, rows: Sequence[ReviewCount]) -> Depth:
    depths = [row for row in rows if row.measure == ReviewCount.Measure.DEPTH]
    canaries = [row for row in rows if row.measure == ReviewCount.Measure.CANARY]
    active = [row for row in rows if row.measure == ReviewCount.Measure.ACTIVE and row.value is not None]
    told = [row for row in depths if row.month is not None]
    setting = getattr(repository, "canary_setting", None)
    return Depth(
        repository,
        _by_value(told),
        _reviews(row for row in told if row.value is None),
        _reviews(row for row in depths if row.month is None and row.value is not None),
        max((row.month for row in told if row.month), default=None),
        seeded=_reviews(row for row in canaries if row.month),
        caught=_reviews(row for row in canaries if row.month and row.value),
        seeded_waiting=_reviews(row for row in canaries if row.month is None),
        percent=setting.percent if setting else None,
        active=_by_value(row for row in active if row.month),
        active_waiting=_reviews(row for row in active if row.month is None),
    )


def _by_value(rows: Iterable[ReviewCount]) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for row in rows:
        if row.value is not None:
            counts[row.value] += row.reviews
    return dict(counts)


def _reviews(rows: Iterable[ReviewCount]) -> int:
    return sum(row.reviews for row in rows)


@dataclass(frozen=True)
class Seeded:
    """
    What one person may see of a candidate that is wrong on purpose.

    ``canary`` is shown among the others, as one of them until ``is_told``. ``is_guarded``: figures that count
    candidates would give it away, or would give away that there is none, so that they wait for the person's verdict.
    """

    canary: Canary | None = None
    is_told: bool = False
    is_guarded: bool = False

    def among(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return *candidates* and the one that is wrong on purpose."""
        return [*candidates, self.canary.as_candidate()] if self.canary else list(candidates)


def seeded(run: GenerationRun, user: User) -> Seeded:
    """Return what *user* may see of a candidate that is wrong on purpose: nothing where they had no vote."""
    is_visible = models_are_visible(run, user)
    is_voted = is_visible and ballot_of(SUBJECT_KIND, run.pk, user) is not None
    if is_visible and not is_voted:
        return Seeded()
    canary = Canary.objects.filter(request_id=run.pk).first()
    is_guarded = not is_visible and CanarySetting.objects.filter(repository=run.repository_id, percent__gt=0).exists()
    return Seeded(canary, is_voted or bool(canary and canary.is_disclosed), is_guarded)


def pattern_outcomes(user: User) -> list[PatternOutcome]:
    """
    Return what became of the patterns in candidates of the decided requests that *user* may read; one query.

    Nothing is counted before the decision: who votes must not learn here which candidate came from the library.
    """
    decided = PatternUse.objects.filter(
        request__run__repository__in=repository_ids(user),
        request__consensus__human_approved__isnull=False,
    ).exclude(request__status__in=BEFORE_DECISION)
    is_selected = Q(request__consensus__selected_implementation=F("candidate__implementation"))
    counted = decided.values("pattern").annotate(
        proposed=Count("pk"),
        approved=Count("pk", filter=is_selected & Q(request__consensus__human_approved=True)),
        rejected=Count("pk", filter=is_selected & Q(request__consensus__human_approved=False)),
        reverted=Count("pk", filter=is_selected & Q(request__pull_request__reverted_at__isnull=False)),
        provided=Count("pk", filter=Q(how=PatternUse.How.PROVIDER)),
        shown=Count("pk", filter=Q(how=PatternUse.How.CONTEXT)),
    )
    return [PatternOutcome(**row) for row in counted.order_by("pattern")]


def approved_work(repository: Repository) -> Iterator[ApprovedWork]:
    """Yield the code that people approved for *repository*, the newest requests first, as many as are mined."""
    approved = CodeGenerationConsensus.objects.filter(
        human_approved=True, request__run__repository=repository, selected_implementation__isnull=False
    )
    rows = approved.order_by("-request__created_at", "request_id").values_list(
        "request__run__target_path", "selected_implementation__generated_code", "request_id"
    )
    yield from (ApprovedWork(*row) for row in rows[:MINED_WORK])
