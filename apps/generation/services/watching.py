"""Watching a request: whoever reads it can ask to hear of its end."""

from __future__ import annotations

from apps.generation.models import GenerationRun, Watch
from apps.governance.models import User


def watch_begin(*, run: GenerationRun, user: User) -> Watch:
    """Tell *user*, who may read *run*, how it ends. Safe to repeat."""
    return Watch.objects.get_or_create(run=run, user=user)[0]


def watch_end(*, run: GenerationRun, user: User) -> None:
    """Tell *user* nothing more about the end of *run*; nothing happens where they do not watch it."""
    Watch.objects.filter(run=run, user=user).delete()


def is_watching(run: GenerationRun, user: User) -> bool:
    """Return whether *user* is told how *run* ends because they asked for it; one query."""
    return Watch.objects.filter(run=run, user=user).exists()


def watchers_of(run: GenerationRun) -> list[int]:
    """Return the accounts that watch *run*; one query."""
    return list(Watch.objects.filter(run=run).values_list("user", flat=True))
