"""Scopes, and who holds which role in them."""

from __future__ import annotations

from django.db import transaction

from apps.governance.engine.permissions import Role, conflict
from apps.governance.errors import RoleConflict
from apps.governance.models import CodeOwner, Organisation, RoleAssignment, Scope, User
from apps.governance.selectors import accounts_of
from apps.governance.services.audit import audit_record


@transaction.atomic
def scope_create(*, organisation: str, repository: str = "", created_by: User | None) -> Scope:
    """Return the scope of *repository*, or of the organisation as a whole, making either where it is missing."""
    owner, _ = Organisation.objects.get_or_create(name=organisation)
    scope, is_new = Scope.objects.get_or_create(organisation=owner, repository=repository)
    if is_new:
        audit_record(
            action="scope.create",
            object_kind="scope",
            object_id=scope.pk,
            actor=created_by,
            scope=scope,
            detail={"organisation": organisation, "repository": repository},
        )
    return scope


def role_conflict(*, user: User, scope: Scope, role: str) -> str:
    """
    Return why *user* must not get *role* beside what they are in the same organisation; empty when they may.

    It is about the person: what they are in other accounts of theirs counts.
    """
    accounts = accounts_of(user)
    held = RoleAssignment.objects.filter(user__in=accounts, scope__organisation=scope.organisation_id)
    roles = {Role(name) for name in held.values_list("role", flat=True)} | {Role(role)}
    if User.objects.filter(pk__in=accounts, is_superuser=True).exists():
        roles.add(Role.ADMIN)
    problem = conflict(roles)
    if not problem and user.is_service != (Role(role) is Role.SERVICE):
        problem = "A machine's account is a service user and nothing else; a person is never one."
    return problem


@transaction.atomic
def role_assign(*, user: User, scope: Scope, role: Role, granted_by: User | None) -> RoleAssignment:
    """
    Give *user* a role in *scope*. Giving it twice changes nothing.

    :raises RoleConflict: the role does not go together with one that *user* holds in the same organisation.
    """
    User.objects.select_for_update().get(pk=user.pk)
    problem = role_conflict(user=user, scope=scope, role=role)
    if problem:
        raise RoleConflict(problem, remedy="Take the other role away first, or choose another person.")
    assignment, is_new = RoleAssignment.objects.get_or_create(
        user=user, scope=scope, role=role.value, defaults={"granted_by": granted_by}
    )
    if is_new:
        audit_record(
            action="role.assign",
            object_kind="user",
            object_id=user.pk,
            actor=granted_by,
            scope=scope,
            detail={"role": role.value},
        )
    return assignment


@transaction.atomic
def role_remove(*, assignment_id: int, removed_by: User) -> None:
    """Take a role away. Taking it away twice changes nothing."""
    assignment = RoleAssignment.objects.select_for_update(of=("self",)).select_related("scope").filter(pk=assignment_id)
    found = assignment.first()
    if found is None:
        return
    found.delete()
    audit_record(
        action="role.remove",
        object_kind="user",
        object_id=found.user_id,
        actor=removed_by,
        scope=found.scope,
        detail={"role": found.role},
    )


@transaction.atomic
def code_owner_assign(*, user: User, scope: Scope, pattern: str = "*", granted_by: User | None) -> CodeOwner:
    """Name *user* an owner of the paths of *scope* that match the glob *pattern*."""
    owner, is_new = CodeOwner.objects.get_or_create(user=user, scope=scope, pattern=pattern)
    if is_new:
        audit_record(
            action="owner.assign",
            object_kind="user",
            object_id=user.pk,
            actor=granted_by,
            scope=scope,
            detail={"pattern": pattern},
        )
    return owner


@transaction.atomic
def code_owner_remove(*, owner_id: int, removed_by: User) -> None:
    """Name somebody an owner no longer. Doing it twice changes nothing."""
    owners = CodeOwner.objects.select_for_update(of=("self",)).select_related("scope").filter(pk=owner_id)
    found = owners.first()
    if found is None:
        return
    found.delete()
    audit_record(
        action="owner.remove",
        object_kind="user",
        object_id=found.user_id,
        actor=removed_by,
        scope=found.scope,
        detail={"pattern": found.pattern},
    )
