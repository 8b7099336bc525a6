"""
Who says which commits of a repository are deliveries.

The app that delivers registers it; this app imports none above it. Trailers of commits are anybody's to write, so only
rows that the platform wrote count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from uuid import UUID

from apps.repositories.engine.lineage import Delivery, lines_added
from apps.repositories.engine.patch_stream import changes_in

# Called with the id of a repository; returns deliveries, and what took them back, by the SHA of their commit.
Deliveries = Callable[[UUID], Mapping[str, Delivery]]

_sources: list[Deliveries] = []


def deliveries_register(source: Deliveries) -> None:
    """Have *source* asked for the deliveries of a repository; an app calls this once, in ``ready``."""
    if source not in _sources:
        _sources.append(source)


def deliveries_of(repository_id: UUID) -> dict[str, Delivery]:
    """Return every delivery into a repository by the SHA of its commit."""
    return {sha: delivery for source in _sources for sha, delivery in source(repository_id).items()}


def patch_lines(patch: str) -> dict[str, Counter[str]]:
    """Return the lines that a unified diff adds, by path and without their layout, as a :class:`Delivery` has them."""
    return lines_added(changes_in(patch))
