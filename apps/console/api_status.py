"""How the platform is doing: /api/status."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from apps.console.status import status_rows, worst
from apps.core.clock import now
from apps.governance.http import PROBLEMS, access, current_user

router = Router(tags=["Platform"])


class StatusRow(Schema):
    """One part of the platform."""

    key: str = Field(examples=["queue"])
    state: str = Field(examples=["ready"], description="ready, stale or failed.")
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
    """Read queue, workers, database, disk, sandbox, models and the audit chain. Anybody who is signed in may ask."""
    is_staff = current_user(request).is_staff
    rows = status_rows()
    return StatusOut(
        state=worst(rows),
        at=now(),
        rows=[
            StatusRow(
                key=row.key,
                state=row.state,
                sentence=row.sentence,
                remedy=row.remedy,
                details=dict(row.details) if is_staff else {},
            )
            for row in rows
        ],
    )
