"""Who acts in the admin site."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from apps.governance.models import User


def actor_of(request: HttpRequest) -> User:
    """Return who is at the admin site."""
    return cast("User", request.user)
