"""What the sandboxes did, as an API resource."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.governance.models import User
from apps.governance.rest import Resource
from apps.governance.selectors import can
from apps.governance.types import Action
from apps.sandbox.models import SandboxDay


class SandboxDayResource(Resource):
    """What the sandboxes of one machine did on one day. For administrators of a whole organisation."""

    noun = "sandbox-days"
    prefix = "day"
    model = SandboxDay
    permit = "governance:read"
    columns = {
        "id": "pk",
        "machine": "",
        "day": "",
        "tier": "",
        "node": "",
        "runs": "",
        "refusals": "",
        "kills": "",
        "failures": "",
        "starts": "",
        "longest_queue": "",
        "reported_at": "",
    }
    filters = ("machine", "day", "tier")
    newest = "reported_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Machines serve every repository: whoever manages what runs on them sees all days."""
        return rows if can(user, Action.MODELS_MANAGE, None) else rows.none()
