"""The verbs of the API: one ninja application, and the answers to everything that can go wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from apps.console.api import router as metrics_router
from apps.console.api_status import router as status_router
from apps.core.errors import NofxError
from apps.docs.api import router as docs_router
from apps.evolution.api import router as evolution_router
from apps.generation.api import router as generation_router
from apps.generation.api_requests import router as requests_router
from apps.governance.api import router as governance_router
from apps.governance.api_audit import router as audit_router
from apps.governance.api_gates import router as gates_router
from apps.governance.api_suspensions import router as suspensions_router
from apps.governance.http import access, problem, problem_of, record_denial
from apps.knowledge.api import router as knowledge_router
from apps.quality.api import router as quality_router
from nofx.api.bodies import BodyUnstorable, JsonBodies


def new_api(name: str) -> NinjaAPI:
    """Return an application without routers that asks who is there and answers errors with problem+json."""
    application = NinjaAPI(
        title="NOFX Control Plane",
        version="1",
        description="Write what code must do; several models write it; it is run, judged by behaviour, "
        "and a person signs.",
        auth=access(),
        openapi_url=None,
        docs_url=None,
        urls_namespace=name,
        parser=JsonBodies(),
    )
    handlers: tuple[tuple[type[Exception], Callable[[HttpRequest, Any], HttpResponse]], ...] = (
        (NofxError, _expected),
        (AuthenticationError, _nobody),
        (HttpError, _http),
        (Http404, _missing),
        (ValidationError, _invalid),
    )
    for exception, handler in handlers:
        application.add_exception_handler(exception, handler)
    return application


def _expected(request: HttpRequest, error: NofxError) -> HttpResponse:
    record_denial(request, error)
    return problem_of(request, error)


def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problem(
        request,
        status=401,
        code="not_signed_in",
        detail="Sign in, or send a token.",
        remedy="nofx login gives you one.",
    )


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    # Whatever a parser raises, ninja wraps into an HttpError of its own.
    if isinstance(error.__cause__, BodyUnstorable):
        return _not_valid(request, error.__cause__.errors)
    return problem(request, status=error.status_code, code="request.refused", detail=str(error))


def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, status=404, code="not_found", detail="There is nothing here.")


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _not_valid(request, error.errors)


def _not_valid(request: HttpRequest, errors: Sequence[dict[str, Any]]) -> HttpResponse:
    return problem(
        request,
        status=422,
        code="not_valid",
        detail="What was sent does not fit; see errors.",
        errors=[_error_item(item) for item in errors],
    )


def _error_item(item: dict[str, Any]) -> dict[str, str]:
    location: Sequence[object] = item.get("loc", ())
    # ninja puts the argument's name after "body"; the caller never sees that name.
    parts = [location[0], *location[2:]] if len(location) > 1 and location[0] == "body" else list(location)
    return {"pointer": "/" + "/".join(map(str, parts)), "code": str(item["type"]), "message": str(item["msg"])}


api = new_api("api")
api.add_router("/auth", governance_router)
api.add_router("/governance", gates_router)
api.add_router("/governance", suspensions_router)
api.add_router("/audit", audit_router)
api.add_router("/ai", generation_router)
api.add_router("/ai", requests_router)
api.add_router("/quality", quality_router)
api.add_router("/evolution", evolution_router)
api.add_router("/docs", docs_router)
api.add_router("/knowledge", knowledge_router)
api.add_router("/metrics", metrics_router)
api.add_router("", status_router)
