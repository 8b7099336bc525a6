"""What governance shows on every page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import SimpleLazyObject

from apps.governance.selectors import chain_alarm
from apps.governance.selectors.suspensions import banner_lines
from apps.governance.sessions import ends_in


def session(request: HttpRequest) -> dict[str, Any]:
    """Add in how many seconds the session ends."""
    # An error page may come before anybody is known.
    user = getattr(request, "user", None)
    return {"session_ends_in": ends_in(request)} if user is not None and user.is_authenticated else {}


def suspensions(request: HttpRequest) -> dict[str, Any]:
    """Add the suspensions that stand where the person reads; one query a page, none for a fragment."""
    user = getattr(request, "user", None)
    lines = SimpleLazyObject(lambda: banner_lines(user) if user is not None else [])
    return {"suspended": lines, "ladder_url": reverse_lazy("governance:ladder")}


def records(request: HttpRequest) -> dict[str, Any]:
    """Add what is wrong with the audit chain, for those who may read it; looked up where a page shows it."""
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    return {"chain_alarm": SimpleLazyObject(lambda: _sentence(chain_alarm(user))) if is_known else ""}


def _sentence(problem: str) -> str:
    return f"The audit chain is broken. {problem}" if problem else ""
