"""How many calls of a provider are under way at once, and begin in a minute: over all workers, not only in one."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q

from apps.core.clock import now
from apps.providers.models import ModelCall, Provider

MINUTE = timedelta(minutes=1)


def provider_has_room(provider: Provider) -> bool:
    """
    Return whether *provider* may be asked now.

    Its row is locked to the end of the caller's transaction, in which the call must be written down. A call whose
    worker died keeps its place until its time would be over and a minute more. What is built in has no limit.
    """
    if provider.kind == Provider.Kind.BUILTIN:
        return True
    row = Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    at = now()
    longest = timedelta(seconds=row.timeout_s) + MINUTE
    made = ModelCall.objects.filter(provider=row, created_at__gt=at - longest).exclude(outcome="refused")
    counts = made.aggregate(
        under_way=Count("id", filter=Q(outcome=ModelCall.Outcome.UNDER_WAY)),
        lately=Count("id", filter=Q(created_at__gt=at - MINUTE)),
    )
    is_quick = row.calls_per_minute is not None and counts["lately"] >= row.calls_per_minute
    return counts["under_way"] < max(1, row.max_concurrency) and not is_quick
