"""How much each model's vote counts in a request: what earlier decisions taught, frozen with the vote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from apps.generation.engine.expertise import Expertise, Record, Tally, vote_of
from apps.generation.engine.families import Family, family_of
from apps.generation.engine.kinship import Answered, kinship_learned
from apps.generation.engine.specification import Specification
from apps.generation.engine.trusted_tests import authors_trusted
from apps.generation.engine.votes import Kinship
from apps.generation.models import Candidate, CodeGenerationConsensus, GenerationRun, Judgement, ObservedInput
from apps.providers.models import Provider

UNKNOWN = 0.5
# Kinship is learned from so many of the newest judgements of the models in question.
MAX_KIN_JUDGEMENTS = 5_000
PYTHON = "python"


@dataclass(frozen=True)
class Weights:
    """What was known of the authors of a request's candidates, by model, when they voted."""

    family: str
    experts: Mapping[str, Expertise]
    kinship: Kinship

    def trust(self, author: str) -> float:
        """Return the share of right answers that is expected of *author*."""
        return self.experts[author].mean if author in self.experts else UNKNOWN

    def stored(self) -> dict[str, Any]:
        """Return the weights as JSON data."""
        return {
            "family": self.family,
            "models": [
                {
                    "model": model,
                    "expertise": round(one.mean, 6),
                    "low": round(one.low, 4),
                    "high": round(one.high, 4),
                    "answers": round(one.answers, 2),
                    "weight": round(vote_of(one.mean), 4),
                }
                for model, one in sorted(self.experts.items())
            ],
            "kinship": [
                {"models": list(pair), "degree": round(degree, 6)}
                for pair, degree in sorted(self.kinship.degrees.items())
                if degree > 0
            ],
        }


def weights_restored(stored: Mapping[str, Any]) -> Weights:
    """Return the weights that :meth:`Weights.stored` wrote."""
    return Weights(
        stored["family"],
        {
            one["model"]: Expertise(one["expertise"], one["low"], one["high"], one["answers"])
            for one in stored["models"]
        },
        Kinship({(one["models"][0], one["models"][1]): one["degree"] for one in stored["kinship"]}),
    )


def task_family(specification: Specification) -> str:
    """Return the family of tasks that a specification belongs to; another language's are families of their own."""
    calls = [example.args for example in specification.examples if example.function == specification.entry]
    family = family_of(
        specification.entry_signature,
        [args for args in calls if args],
        is_class=specification.entry_class is not None or any(example.steps for example in specification.examples),
    )
    language = specification.target_language
    return family.value if language == PYTHON else f"{language} {family.value}"[:40]


def author_of(candidate: Candidate) -> str:
    """Return under which name what a candidate taught is kept: the model that the provider was asked for."""
    return candidate.provider.model_id if candidate.provider else candidate.model_id


def weights_now(candidates: Iterable[Candidate], *, family: str) -> Weights:
    """Return what is known of the authors of *candidates* now; two queries."""
    priors = authors_priors(candidates)
    record = record_of(priors)
    experts = {author: record.expertise(author, family, prior=prior) for author, prior in priors.items()}
    return Weights(family, experts, _kinship_of(priors))


def weights_of(run: GenerationRun, candidates: Sequence[Candidate]) -> Weights:
    """Return the weights that *run* was decided with; what is known now where it is from before they were kept."""
    found = CodeGenerationConsensus.objects.filter(request_id=run.pk).values_list("voting_details__weights", flat=True)
    stored = found.first()
    return weights_restored(stored) if stored else weights_now(candidates, family=Family.OTHER.value)


def authors_priors(candidates: Iterable[Candidate]) -> dict[str, float]:
    """
    Return what is expected of each author before any evidence; of two providers of a model, the better prior.

    Of what the platform converted as much is expected as of whoever wrote it.
    """
    priors: dict[str, float] = {}
    for candidate in candidates:
        provider = candidate.provider or (candidate.repairs.provider if candidate.repairs else None)
        prior = float(provider.prior) if provider else UNKNOWN
        priors[author_of(candidate)] = max(prior, priors.get(author_of(candidate), 0.0))
    return priors


def record_of(authors: Collection[str]) -> Record:
    """Return what judgements say of *authors*; one query."""
    return Record(tallies(Judgement.objects.filter(model_id__in=list(authors))))


def tallies(judgements: QuerySet[Judgement]) -> dict[tuple[str, str], Tally]:
    """Return the tally of each model and family that *judgements* are about; one query."""
    counted = judgements.values("model_id", "family").annotate(answers=Count("pk"), likely=Sum("right"))
    return {(row["model_id"], row["family"]): Tally(row["answers"], row["likely"]) for row in counted.order_by()}


def trust_in_tests(authors: Collection[str] | None = None) -> dict[str, Expertise]:
    """Return how far the tests of *authors*, or of all that were judged, are trusted; one query."""
    judged = ObservedInput.objects.filter(is_met__isnull=False)
    counted = (judged if authors is None else judged.filter(author__in=authors)).values("author")
    rows = counted.annotate(count=Count("pk"), met=Count("pk", filter=Q(is_met=True))).order_by()
    tallied = {row["author"]: Tally(row["count"], row["met"]) for row in rows}
    return authors_trusted(tallied, tallied if authors is None else authors)


@dataclass(frozen=True)
class Standing:
    """What is known of a model in a family of tasks now, and what was expected of it before any evidence."""

    model: str
    family: str
    expertise: Expertise
    prior: float


def standings() -> list[Standing]:
    """Return what is known of every model that people's decisions spoke of; two queries."""
    found = tallies(Judgement.objects.all())
    priors: dict[str, float] = {}
    for name, prior in Provider.objects.filter(model_id__in={model for model, _ in found}).values_list(
        "model_id", "prior"
    ):
        priors[name] = max(float(prior), priors.get(name, 0.0))
    record = Record(found)
    return [
        Standing(model, family, record.expertise(model, family, prior=prior), prior)
        for model, family in sorted(found)
        for prior in [priors.get(model, UNKNOWN)]
    ]


def _kinship_of(authors: Collection[str]) -> Kinship:
    """Return which of *authors* err alike: what is likely wrong counts as wrong."""
    rows = (
        Judgement.objects.filter(model_id__in=list(authors))
        .exclude(behaviour="")
        .order_by("-judged_at", "id")
        .values_list("run_id", "model_id", "behaviour", "right")[:MAX_KIN_JUDGEMENTS]
    )
    tasks: dict[Any, list[Answered]] = defaultdict(list)
    for run_id, author, behaviour, right in rows:
        tasks[run_id].append(Answered(author, behaviour, right >= UNKNOWN))
    return kinship_learned(tasks[run_id] for run_id in sorted(tasks))
