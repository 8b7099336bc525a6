"""What people's decisions taught of models, for their cards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from apps.generation.models import ExpertiseChange
from apps.providers.services.evaluations import Evaluation


def model_evaluations(model_ids: Collection[str]) -> dict[str, tuple[Evaluation, ...]]:
    """Return the newest estimate of each model in each class of tasks; one query."""
    newest = ExpertiseChange.objects.filter(model_id__in=model_ids).order_by("model_id", "family", "-changed_at", "-id")
    found: dict[str, list[Evaluation]] = defaultdict(list)
    for one in newest.distinct("model_id", "family"):
        found[one.model_id].append(Evaluation(one.family, one.mean, one.low, one.high, one.answers, one.changed_at))
    return {model_id: tuple(learned) for model_id, learned in found.items()}
