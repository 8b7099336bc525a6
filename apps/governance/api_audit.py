"""The API operation that takes the audit chain away."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Field, Query, Router, Schema

from apps.core.streaming import stream_file
from apps.governance.http import PROBLEMS, access, current_user, session_key
from apps.governance.services import audit_export

router = Router(tags=["Audit"])


class AuditWanted(Schema):
    """Which entries; what is left out matches all."""

    actor: str = Field("", max_length=150, description="A user name, or an id as the chain holds it.")
    actor_type: str = Field("", max_length=8, description="human, service, model or system.")
    action: str = Field("", max_length=60, examples=["ballot.cast"])
    object_kind: str = Field("", max_length=40, examples=["request"])
    object_id: str = Field("", max_length=64)
    outcome: str = Field("", max_length=8, description="done, denied or failed.")
    since: date | None = Field(None, description="The first day, in UTC.")
    until: date | None = Field(None, description="The last day, in UTC.")


@router.get(
    "/export",
    auth=access("audit:read"),
    response={200: str, **{status: PROBLEMS[status] for status in (401, 403, 422)}},
    operation_id="audit_export",
    summary="Take the audit chain away as JSON Lines",
)
def audit_export_file(request: HttpRequest, wanted: Query[AuditWanted]) -> StreamingHttpResponse:
    """
    Return the entries that you may read, one JSON object a line, oldest first; the export is in the chain itself.

    The first line says who exported what and when, the last one how many entries lie between. SHA-256 of
    `previous_hash` and of the rest of a line, without `hash` and `origin`, as canonical JSON is its `hash`.
    """
    lines = audit_export(user=current_user(request), wanted=wanted.dict(), session_key=session_key(request))
    return stream_file(request, lines, name="audit.jsonl", content_type="application/x-ndjson")
