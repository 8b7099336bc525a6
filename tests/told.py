"""What people were told."""

from __future__ import annotations

from apps.governance.models import User
from apps.jobs.models import Notification


def told(user: User) -> dict[str, str]:
    """Return the titles that *user* has still to read, with their kinds."""
    return dict(Notification.objects.filter(recipient=user, read_at=None).values_list("title", "kind"))
