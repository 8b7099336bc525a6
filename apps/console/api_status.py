"""How the platform is doing: /api/status."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from apps.console.status import status_document
from apps.governance.http import PROBLEMS, access, current_user

router = Router(tags=["Platform"])


class StatusRow(Schema):
    """One part of the platform."""

    key: str = Field(examples=["queue"])
    label: str = Field(examples=["Queue"])
    state: str = Field(examples=["ready"], description="ready, stale or failed.")
    word: str = Field(examples=["well"], description="The state as people read it.")
    sentence: str = Field(examples=["Nothing waits."])
    remedy: str = Field(description="What to do when it is not well.")
    details: dict[str, str] = Field(description="Figures; empty unless you belong to the staff.")


class StatusOut(Schema):
    """How the platform is doing; ``state`` is the gravest of its parts."""

    state: str = Field(examples=["ready"])
    at: datetime
    rows: list[StatusRow]


@router.get(
    "/status",
    auth=access("requests:read"),
    response={200: StatusOut, 401: PROBLEMS[401], 403: PROBLEMS[403]},
    operation_id="platform_status",
    summary="How the platform is doing",
)
def platform_status(request: HttpRequest) -> StatusOut:
    """
    Read workers, queue, database, disk, sandbox, models, audit chain, the last backup, and notifications.

    Anybody who is signed in may ask.
    """
    return StatusOut(**status_document(has_details=current_user(request).is_staff))
