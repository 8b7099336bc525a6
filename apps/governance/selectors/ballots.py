"""Ballots for people to read."""

from __future__ import annotations

from django.db.models import Q

from apps.core.database import any_looked_up
from apps.governance.models import Ballot, User
from apps.governance.selectors import scope_ids
from apps.governance.subjects import subjects_blind


def ballots_recent(user: User, *, limit: int = 15) -> list[Ballot]:
    """Return the newest ballots that *user* may see, with voter and scope: none that could sway a vote to come."""
    readable = Ballot.objects.filter(scope__in=scope_ids(user)).exclude(
        any_looked_up(subjects_blind(user)) & ~Q(voter=user)
    )
    return list(readable.select_related("voter", "scope__organisation").order_by("-cast_at", "id")[:limit])
