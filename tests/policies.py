"""Policies that two people proposed and published, for tests that are about what holds then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from apps.governance.models import PolicyVersion, RoleAssignment, Scope, User
from apps.governance.policy_kinds import PolicyKind, policy_kind
from apps.governance.services.policy_versions import version_propose, version_publish, version_simulate
from apps.knowledge.engine.policy import policy_read
from apps.knowledge.models import RepositoryPolicy
from apps.providers.models import Budget
from apps.repositories.models import Repository

NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})


def kind_named(name: str) -> PolicyKind:
    """Return the kind of policy with this name."""
    found = policy_kind(name)
    assert found is not None
    return found


def version_proposed(
    kind: str, scope: Scope | None, content: dict[str, Any], actor: User, *, reason: str = "House rules."
) -> PolicyVersion:
    """Return a version that *actor* proposed."""
    draft = PolicyVersion(kind=kind, scope=scope, content=content, reason=reason)
    return version_propose(kind_named(kind), draft, actor=actor, is_interactive=True)


def version_signed(version: PolicyVersion, actor: User) -> PolicyVersion:
    """Return *version* after *actor* tried it on the past and published it."""
    kind = kind_named(version.kind)
    version_simulate(kind, version_id=version.pk, actor=actor, is_interactive=True)
    return version_publish(kind, version_id=version.pk, digest=version.content_digest, actor=actor, is_interactive=True)


def version_ruled(kind: str, scope: Scope | None, content: dict[str, Any]) -> PolicyVersion:
    """Return a version that rules *scope*, by two people who left since."""
    people = [User.objects.create_user(f"{name}-{uuid4().hex[:12]}") for name in ("proposes", "signs")]
    for one in people:
        if scope is None:
            User.objects.filter(pk=one.pk).update(is_superuser=True)
            one.refresh_from_db()
        else:
            RoleAssignment.objects.create(user=one, scope=scope, role="chair")
    version = version_signed(version_proposed(kind, scope, content, people[0]), people[1])
    User.objects.filter(pk__in=[one.pk for one in people]).update(is_active=False)
    return version


def budget_ruled(
    scope: Scope | None,
    period: str,
    *,
    token_limit: int | None = None,
    cost_limit: int | None = None,
    allows_unknown_cost: bool = False,
) -> Budget:
    """Return a budget that two people set, beside what was set before for the other period."""
    limits = {
        "tokens": token_limit,
        "cost": None if cost_limit is None else f"{cost_limit:.2f}",
        "allows_unknown_cost": allows_unknown_cost,
    }
    version_ruled("budgets", scope, {**kind_named("budgets").starting(scope), period: limits})
    return Budget.objects.get(scope=scope, period=period)


def budgets_lifted(scope: Scope | None) -> None:
    """Take away what limits the calls of *scope*, as two people do."""
    version_ruled("budgets", scope, {"request": None, "month": None})


def code_rules_ruled(repository: Repository, lists: Mapping[str, Sequence[str]] = NOTHING) -> RepositoryPolicy:
    """Return the code rules of *repository* that count since two people signed these lists."""
    version = version_ruled("code_rules", repository.scope, policy_read(lists).as_json())
    return RepositoryPolicy.objects.get(repository=repository, version=version.number)
