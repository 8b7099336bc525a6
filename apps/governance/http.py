"""What every view and API operation needs to ask who is there and to say no."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Schema
from ninja.utils import check_csrf

from apps.core.errors import NofxError, NotFound, PermissionRefused
from apps.governance.callers import api_token as api_token
from apps.governance.callers import current_user as current_user
from apps.governance.callers import interactive as interactive
from apps.governance.callers import session_key as session_key
from apps.governance.engine.permissions import MATRIX, Action, Condition, allowed
from apps.governance.errors import CsrfRefused, Denial, NotAllowed, Recorded, TokenScopeMissing
from apps.governance.models import ApiToken, Scope, User
from apps.governance.selectors import roles_of, scopes_where
from apps.governance.services.audit import denial_record

View = TypeVar("View", bound=Callable[..., Any])

PROBLEM_TYPE = "application/problem+json"
JSON_TYPES = {PROBLEM_TYPE, "application/json"}


class ErrorItem(Schema):
    """One thing that is wrong with what was sent."""

    pointer: str = Field(description="JSON pointer to it, or the name of the parameter.", examples=["/body/title"])
    code: str = Field(examples=["missing"])
    message: str = Field(examples=["Field required"])


class ProblemSchema(Schema):
    """What went wrong, after RFC 9457."""

    type: str = Field(examples=["/api/reference#problem-permission.role_missing"])
    title: str = Field(examples=["Forbidden"])
    status: int = Field(examples=[403])
    detail: str = Field(description="A sentence for a person.", examples=["Your roles here do not allow this."])
    instance: str = Field(description="The request id.", examples=["3f2c5d1e9b7a4c55"])
    code: str = Field(description="Stable, for programs.", examples=["permission.role_missing"])
    remedy: str | None = Field(None, description="What to do about it.")
    required: list[str] | None = Field(None, description="For denials: the roles or the token scope that would do.")
    errors: list[ErrorItem] | None = None


# Every operation may answer with these; merge into its `response=`.
PROBLEMS: dict[int, type[ProblemSchema]] = dict.fromkeys((400, 401, 403, 404, 409, 422), ProblemSchema)


def problem(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    remedy: str = "",
    required: Sequence[str] = (),
    errors: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    """Return a problem+json answer."""
    document: dict[str, Any] = {
        "type": f"/api/reference#problem-{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": getattr(request, "request_id", ""),
        "code": code,
    }
    if remedy:
        document["remedy"] = remedy
    if required:
        document["required"] = list(required)
    if errors:
        document["errors"] = [dict(error) for error in errors]
    response = JsonResponse(document, status=status, content_type=PROBLEM_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="nofx"'
    return response


TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
    507: "Storage full",
}


def problem_of(request: HttpRequest, error: NofxError) -> HttpResponse:
    """Return *error* as problem+json."""
    return problem(
        request,
        status=error.status,
        code=error.code,
        detail=error.message,
        remedy=error.remedy,
        required=getattr(error, "required", ()),
        errors=[{"pointer": f"/body/{one.field}", "code": one.code, "message": one.message} for one in error.errors],
    )


def wants_problem(request: HttpRequest) -> bool:
    """Return whether the caller reads JSON rather than pages."""
    return request.get_preferred_type(["text/html", PROBLEM_TYPE, "application/json"]) in JSON_TYPES


class Access:
    """The authentication of an API operation: a session with CSRF token, or a bearer token with *token_scope*."""

    # Marks the operation as protected in ninja's schema; the document itself names both ways in.
    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __init__(self, token_scope: str | None) -> None:
        self.token_scope = token_scope

    def __call__(self, request: HttpRequest) -> User | None:
        """
        Return who is asking, or None when nobody is.

        :raises TokenScopeMissing: the token may not do this.
        :raises CsrfRefused: a write from a session came without its CSRF token.
        """
        token = api_token(request)
        if token is not None:
            if self.token_scope is None or self.token_scope not in token.scopes:
                raise _scope_missing(request, token, self.token_scope)
            return current_user(request)
        if not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise CsrfRefused("The page this came from is out of date.", remedy="Reload the page and try again.")
        return current_user(request)


def _scope_missing(request: HttpRequest, token: ApiToken, token_scope: str | None) -> TokenScopeMissing:
    denial = Denial("token.use", "token", str(token.pk), detail={"path": request.path, "method": str(request.method)})
    if token_scope is None:
        return TokenScopeMissing(
            "No token can do this.", remedy="A person does it at the page, signed in.", denial=denial
        )
    error = TokenScopeMissing(
        f"This token does not have the scope {token_scope}.", remedy="Issue one that has it.", denial=denial
    )
    error.required = (token_scope,)
    return error


def access(token_scope: str | None = None) -> Access:
    """Return the authentication of an operation; without *token_scope* only people at the page come in."""
    return Access(token_scope)


def require(
    request: HttpRequest,
    action: Action,
    scope: Scope | None,
    *,
    met: Collection[Condition] = (),
    object_kind: str = "",
    object_id: object = "",
) -> None:
    """
    Let the request pass only when its user may do *action* in *scope*. One query.

    :raises NotFound: the user has no role in *scope* and may not know that it exists.
    :raises NotAllowed: none of the user's roles allows it; the refusal carries what the audit chain records.
    """
    roles = roles_of(request.user, scope)
    if scope is not None and not allowed(roles, Action.REQUEST_READ):
        raise NotFound("There is nothing here.", remedy="Check the address.")
    if allowed(roles, action, met=met):
        return
    kind, identity = (object_kind, object_id) if object_kind else ("scope", scope.pk if scope else "platform")
    raise _not_allowed(request, action, met, Denial(action.value, kind, str(identity), scope.pk if scope else None))


def require_anywhere(request: HttpRequest, action: Action) -> None:
    """
    Let the request pass only when its user may do *action* in at least one scope. For work about no repository.

    :raises NotAllowed: none of the user's roles allows it anywhere.
    """
    if not scopes_where(request.user, action).exists():
        raise _not_allowed(request, action, (), Denial(action.value, "scope", "any"))


def _not_allowed(request: HttpRequest, action: Action, met: Collection[Condition], denial: Denial) -> NotAllowed:
    needed = [role.value for role, needs in MATRIX[action].items() if needs is Condition.ALWAYS or needs in met]
    error = NotAllowed(
        "Your roles here do not allow this.",
        remedy=f"It takes one of these roles: {', '.join(name.replace('_', ' ') for name in needed)}. "
        "An administrator can grant it."
        if needed
        else "",
        denial=replace(denial, detail={"path": request.path}),
    )
    error.required = tuple(needed)
    return error


def recorded_as(action: str, kind: str, argument: str) -> Callable[[View], View]:
    """
    Have what a view refuses before it is reached recorded as *action* on the *kind* that its *argument* names.

    So whoever was signed in until their account was closed is on record for a ballot, and not for an address.
    """
    denial = Denial(action, kind, argument)

    def mark(view: View) -> View:
        view.recorded_as = denial  # type: ignore[attr-defined]  # kept by ``wraps``
        return view

    return mark


def record_denial(request: HttpRequest, error: Exception) -> None:
    """
    Put *error* into the audit chain when it is a refusal; do nothing otherwise.

    A refusal that does not say what it refused is recorded as one of the address.

    :raises RuntimeError: called inside a transaction, which could take the record with it.
    """
    if isinstance(error, PermissionDenied):
        error = PermissionRefused("This is not for you.")
    if isinstance(error, Recorded | PermissionRefused):
        actor = current_user(request) if request.user.is_authenticated else None
        place = Denial("address.use", "address", request.path, detail={"method": str(request.method)})
        other = place if isinstance(error, PermissionRefused) else None
        denial_record(error=error, actor=actor, session_key=session_key(request), denial=other)
