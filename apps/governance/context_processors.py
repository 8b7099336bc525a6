"""What every page of somebody who is signed in needs to know about their session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.governance.sessions import ends_in


def session(request: HttpRequest) -> dict[str, Any]:
    """Add in how many seconds the session ends."""
    # An error page may come before anybody is known.
    user = getattr(request, "user", None)
    return {"session_ends_in": ends_in(request)} if user is not None and user.is_authenticated else {}
