"""What people said against code that was asked for before, where something like it is asked for again."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from pgvector.django import CosineDistance

from apps.generation.models import GenerationRun
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.governance.models import Ballot
from apps.repositories.models import Repository
from apps.repositories.services import Embedding

MOST = 3
# Beyond that distance a request has nothing to do with another.
MOST_DISTANCE = 0.6
LONGEST = 400
OBJECTIONS = (Ballot.Verdict.REQUEST_CHANGES, Ballot.Verdict.BLOCK)


def lessons_near(repository: Repository, embedding: Embedding) -> list[dict[str, str]]:
    """
    Return the reasons of people's objections to the requests of *repository* that are nearest, nearest first.

    Words of reviewers are text of the repository like any other: data to whoever reads them. Two queries.
    """
    objected = Ballot.objects.filter(subject_kind=SUBJECT_KIND, verdict__in=OBJECTIONS)
    distance = CosineDistance("request__specification_embedding", list(embedding.vector))
    near = (
        GenerationRun.objects.filter(repository=repository, embedding_model=embedding.model)
        .filter(Exists(objected.filter(subject_id=OuterRef("pk"))))
        .annotate(distance=distance)
        .filter(distance__lte=MOST_DISTANCE)
        .order_by("distance", "pk")
    )
    titles = dict(near.values_list("pk", "title")[:MOST])
    newest = objected.filter(subject_id__in=titles).order_by("subject_id", "-cast_at").distinct("subject_id")
    reasons = dict(newest.values_list("subject_id", "rationale"))
    return [
        {"title": title, "text": f"Reviewers of {title} objected: {reasons[key][:LONGEST]}"}
        for key, title in titles.items()
    ]
