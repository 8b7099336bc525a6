"""Look at the demo repository once, so that its pages have real figures from the first visit on."""

from __future__ import annotations

from apps.console.demo.repository import NAME
from apps.docs.services import generation_start
from apps.evolution.services import analysis_start
from apps.governance.models import CodeOwner
from apps.quality.services import history_measure, measurement_start, reruns_start
from apps.repositories.models import Repository


def demo_measure() -> None:
    """
    Queue the import graph, the API page, coverage, debt and two runs of each commit's tests for the workers.

    The repository's owner asks, as they could at the pages.
    """
    repository = Repository.objects.get(name=NAME, is_demo=True)
    owner = CodeOwner.objects.select_related("user").get(scope=repository.scope).user
    analysis_start(repository=repository, requested_by=owner)
    generation_start(repository=repository, requested_by=owner)
    history_measure(repository=repository, requested_by=owner)
    measurement_start(repository=repository, kind="quality.debt", requested_by=owner)
    reruns_start(repository=repository, times=2, commits=10, requested_by=owner)
