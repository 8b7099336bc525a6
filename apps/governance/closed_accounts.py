"""What somebody sends whose account was closed while their page was open: refused with a sentence, and recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from ninja.utils import check_csrf

from apps.governance.callers import api_token
from apps.governance.errors import AccountClosed, Denial
from apps.governance.http import session_key
from apps.governance.middleware import problem_answer
from apps.governance.models import User
from apps.governance.services import denial_record

READS = {"GET", "HEAD", "OPTIONS"}


class ClosedAccounts:
    """Refuse what comes in the session of a closed account; reading leads to the sign-in page as for everybody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Answer in place of *view* for whoever was signed in until their account was closed."""
        if request.method in READS or api_token(request) is not None or request.user.is_authenticated:
            return None
        user = _closed_account(request)
        if user is None or check_csrf(request) is not None:
            return None
        said: Denial | None = getattr(view, "recorded_as", None)
        where = {"method": str(request.method), "path": request.path}
        denial = Denial("address.use", "address", request.path, detail=where)
        if said is not None:
            denial = replace(said, object_id=str(kwargs[said.object_id]))
        error = AccountClosed(
            "Your account was closed, so nothing of this was taken.",
            remedy="An administrator can open it again; copy what you wrote before you leave the page.",
            denial=denial,
        )
        denial_record(error=error, actor=user, session_key=session_key(request))
        return problem_answer(request, error)


def _closed_account(request: HttpRequest) -> User | None:
    """Return whose session this was; a session from before another password was anybody's."""
    identity = request.session.get(SESSION_KEY)
    if identity is None:
        return None
    user = User.objects.filter(pk=identity, is_active=False).first()
    told = request.session.get(HASH_SESSION_KEY, "")
    return user if user and constant_time_compare(told, user.get_session_auth_hash()) else None
