"""What people say about themselves, as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.governance.models import Absence, RoleAssignment, User
from apps.governance.rest import Resource
from apps.governance.selectors import scope_ids


class AbsenceResource(Resource):
    """Days on which somebody with a role where you have one is away."""

    noun = "absences"
    prefix = "absence"
    model = Absence
    permit = "governance:read"
    columns = {"id": "pk", "user": "", "starts_on": "", "ends_on": "", "declared_at": ""}
    references = {"user": "user"}
    filters = ("user",)
    newest = "declared_at"

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out people without a role in a scope that *user* reads."""
        colleagues = RoleAssignment.objects.filter(scope__in=scope_ids(user))
        return rows.filter(user__in=colleagues.values("user"))
