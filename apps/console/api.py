"""The verbs of metrics: /api/metrics."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from apps.console.metrics.baselines import baselines_import
from apps.core.ids import format_id
from apps.governance.http import PROBLEMS, access, current_user
from apps.repositories.selectors import repository_get

router = Router(tags=["Metrics"])


class BaselinesIn(Schema):
    """A file of baselines as text."""

    repository: str = Field(description="Name of a registered repository.", examples=["demo"])
    content: str = Field(
        description="CSV with the headings metric, value, from, to and source, or a JSON list of objects with them.",
        examples=["metric,value,from,to,source\nconsole.velocity,1.5,2025-01-01,2025-12-31,Ticket system"],
        max_length=1_000_000,
    )


class BaselineOut(Schema):
    """One baseline as it is kept."""

    id: str
    metric: str = Field(examples=["console.velocity"])
    version: int
    value: float


class BaselinesOut(Schema):
    """What was kept."""

    status: Literal["imported"] = "imported"
    baselines: list[BaselineOut]


@router.post(
    "/baselines",
    auth=access("quality:write"),
    response={201: BaselinesOut, **PROBLEMS},
    operation_id="import_baselines",
    summary="Import what metrics were in the past",
)
def import_baselines(request: HttpRequest, payload: BaselinesIn) -> Status[dict[str, Any]]:
    """
    Keep the baselines of a file as the newest version of each for a repository, all of them or none.

    Only a quality lead or the chair may. The audit chain keeps the digest of the file.
    """
    user = current_user(request)
    repository = repository_get(user=user, name=payload.repository)
    kept = baselines_import(actor=user, scope=repository.scope, content=payload.content.encode())
    return Status(
        201,
        {
            "baselines": [
                {"id": format_id("baseline", one.pk), "metric": one.key, "version": one.version, "value": one.value}
                for one in kept
            ]
        },
    )
