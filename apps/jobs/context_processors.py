"""What the bell in the top bar needs."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.governance.models import User
from apps.jobs.selectors.notifications import unread_count


def inbox(request: HttpRequest) -> dict[str, Any]:
    """Add how many notifications wait for whoever is signed in; counted when a page shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"unread": 0}
    return {"unread": SimpleLazyObject(lambda: unread_count(cast("User", user)))}
