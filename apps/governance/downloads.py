"""Files of figures that people take along: each is written down in the audit chain."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

from apps.core.exports import Row, as_csv
from apps.governance.callers import current_user, session_key
from apps.governance.models import Scope
from apps.governance.services import audit_record

CSV = "text/csv; charset=utf-8"


def table_download(request: HttpRequest, name: str, rows: Iterable[Row], *, scope: Scope | None = None) -> HttpResponse:
    """Return *rows*, of *scope* where they are of one, as the CSV file *name*; record who took them."""
    return file_download(request, name, as_csv(rows), content_type=CSV, scope=scope)


def file_download(
    request: HttpRequest, name: str, content: str, *, content_type: str, scope: Scope | None = None
) -> HttpResponse:
    """Return *content* as the file *name*; record who took it and what they asked for, in *scope* if it is of one."""
    audit_record(
        action="file.export",
        object_kind="file",
        object_id=name,
        actor=current_user(request),
        scope=scope,
        session_key=session_key(request),
        detail={"asked": {key: value[:200] for key, value in request.GET.items() if value}},
    )
    response = HttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
