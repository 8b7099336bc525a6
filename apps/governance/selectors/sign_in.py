"""Whose a session is, for what outlives the request that opened it."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user

from apps.governance.models import User
from apps.governance.services.second_factor import has_second_factor, needs_second_factor


def session_person(session_key: str | None) -> User | None:
    """
    Return who is signed in by this session now, as a request by it would find.

    Nobody is where it ended or ran out, the account was closed, its password is another by now, or an authenticator app
    is asked of the person that is not set up yet.
    """
    if not session_key:
        return None
    request: Any = SimpleNamespace(session=import_module(settings.SESSION_ENGINE).SessionStore(session_key))
    user = get_user(request)
    if not user.is_authenticated:
        return None
    person = cast("User", user)
    return None if needs_second_factor(person) and not has_second_factor(person) else person
