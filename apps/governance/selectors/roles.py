"""Whether the roles of one person go together, over all accounts that are theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from apps.governance.engine.permissions import Role, conflict
from apps.governance.models import RoleAssignment, User
from apps.governance.selectors import accounts_of


def conflict_among(accounts: Collection[int]) -> str:
    """Return why one person must not have *accounts*, as a sentence; empty when they may. Two queries."""
    is_superuser = User.objects.filter(pk__in=accounts, is_superuser=True).exists()
    return _conflict(accounts, {Role.ADMIN} if is_superuser else set())


def superuser_refused(user: User) -> str:
    """Return why the person behind *user* must not administer everything, as a sentence; empty when they may."""
    return _conflict(accounts_of(user), {Role.ADMIN})


def _conflict(accounts: Collection[int], everywhere: set[Role]) -> str:
    held: dict[int, set[Role]] = defaultdict(set)
    assignments = RoleAssignment.objects.filter(user__in=accounts)
    for organisation, role in assignments.values_list("scope__organisation", "role"):
        held[organisation].add(Role(role))
    return next((problem for roles in held.values() if (problem := conflict(roles | everywhere))), "")
