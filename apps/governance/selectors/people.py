"""Whom something in one place concerns."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from apps.governance.engine.permissions import MATRIX, VOTELESS, VOTES, Action, Role, allowed
from apps.governance.models import RoleAssignment, Scope, User


def people_where(scope: Scope, action: Action) -> QuerySet[User]:
    """
    Return the active people, no machines, whose role in *scope* or its organisation lets them do *action*.

    Roles that allow it under a condition only are left out. One query when it is read.
    """
    able = [role for role in MATRIX[action] if allowed({role}, action)]
    people = people_with(scope, able)
    if action not in VOTES:
        return people
    return people.exclude(is_superuser=True).exclude(pk__in=_held(scope, VOTELESS).values("user"))


def people_with(scope: Scope, roles: Collection[Role]) -> QuerySet[User]:
    """Return the active people, no machines, who hold one of *roles* in *scope* or in its organisation."""
    return User.objects.filter(is_active=True, is_service=False, pk__in=_held(scope, roles).values("user"))


def people_other_than(people: QuerySet[User], accounts: Collection[int]) -> QuerySet[User]:
    """Return *people* without those behind *accounts*, in whichever account."""
    keys = User.objects.filter(pk__in=accounts).exclude(person_key="").values("person_key")
    return people.exclude(pk__in=accounts).exclude(person_key__in=keys)


def _held(scope: Scope, roles: Collection[Role]) -> QuerySet[RoleAssignment]:
    return RoleAssignment.objects.filter(
        Q(scope=scope) | Q(scope__organisation=scope.organisation_id, scope__repository=""),
        role__in=[role.value for role in roles],
    )
