"""Who asked for what was decided: of whose work a gate's evidence consists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from apps.generation.models import Contribution
from apps.generation.types import RequestStatus as Status
from apps.governance.measures import Window

DECIDED = (Status.APPROVED, Status.DELIVERING, Status.DELIVERED, Status.OBSERVED, Status.REJECTED)


def request_authors(scopes: Collection[int], window: Window) -> dict[int, int]:
    """Return of how many requests decided in *window* each account has a part, whatever part; one query."""
    rows = Contribution.objects.filter(
        run__repository__scope__in=scopes,
        run__request__status__in=DECIDED,
        run__state_changed_at__gte=window.start,
        run__state_changed_at__lt=window.end,
    )
    return dict(Counter(user for user, _ in set(rows.values_list("user", "run"))))
