"""Propose, simulate and publish approval policies. One person proposes a version, another one publishes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.governance.engine.decisions import Policy, Seat
from apps.governance.engine.permissions import Action
from apps.governance.engine.policies import policy_content, policy_read, simulate, unsatisfied
from apps.governance.errors import PolicyInvalid
from apps.governance.models import ApprovalPolicyVersion, Scope, User
from apps.governance.selectors import ANY_PATH, can, roster_reader
from apps.governance.selectors.policies import past_requests, policy_ruling, scopes_ruled
from apps.governance.services.policy_versions import (
    VersionedPolicy,
    version_propose,
    version_publish,
    version_simulate,
    versions_hold,
)


class ApprovalPolicies(VersionedPolicy[ApprovalPolicyVersion]):
    """Who must approve requests, by their risk."""

    model = ApprovalPolicyVersion
    area = "policy"
    object_kind = "approval_policy"
    managers = "An administrator or the chair of the committee does."

    def may_manage(self, user: User, version: ApprovalPolicyVersion) -> bool:
        return can(user, Action.POLICY_MANAGE, version.scope)

    def check(self, version: ApprovalPolicyVersion) -> None:
        if version.risk_tier not in ApprovalPolicyVersion.RiskTier.values:
            raise PolicyInvalid("There is no such risk.", remedy="It is low, medium or high.")
        policy_check(scope=version.scope, risk_tier=version.risk_tier, content=version.content)

    def ruling(self, version: ApprovalPolicyVersion) -> ApprovalPolicyVersion | None:
        return policy_ruling(version.scope, version.risk_tier)

    def tried(self, version: ApprovalPolicyVersion, *, since: datetime) -> tuple[dict[str, Any], dict[str, object]]:
        past, is_cut = past_requests(version.scope, version.risk_tier, since=since)
        found = simulate(policy_read(version.content), past).as_json()
        figures = {name: found[name] for name in ("requests", "approved", "blocked", "unsatisfiable")}
        return {**found, "is_cut": is_cut}, figures

    def detail(self, version: ApprovalPolicyVersion) -> dict[str, object]:
        return {"risk": version.risk_tier}


POLICIES = ApprovalPolicies()


def policy_propose(
    *, scope: Scope, risk_tier: str, policy: Policy, reason: str, actor: User, is_interactive: bool
) -> ApprovalPolicyVersion:
    """
    Save the next version of the policy of *scope* for *risk_tier*; it rules nothing until it is published.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies of the scope.
    :raises PolicyInvalid: it contradicts itself, says what rules already, has no reason, or nobody could satisfy it.
    """
    draft = ApprovalPolicyVersion(
        scope=scope, risk_tier=risk_tier, content=policy_content(policy), needed=policy.needed, reason=reason
    )
    return version_propose(POLICIES, draft, actor=actor, is_interactive=is_interactive)


def policy_check(*, scope: Scope, risk_tier: str, content: Mapping[str, Any]) -> None:
    """
    Refuse what no decision could ever be made by.

    :raises PolicyInvalid: it contradicts itself, or the people of no place that it would rule could satisfy it.
    """
    try:
        policy = policy_read(content)
    except ValueError as error:
        raise PolicyInvalid(str(error), remedy="Change the seats or the numbers.") from error
    places = scopes_ruled(scope, risk_tier)
    missing = unsatisfied(policy, {str(place): roster_reader(place)(ANY_PATH) for place in places})
    if len(missing) == len(places):
        place, seats = next(iter(missing.items()))
        raise PolicyInvalid(
            f"Nobody could ever approve under this policy: in {place} nobody could fill {_listed(seats)}.",
            remedy="Ask for less, or have an administrator name the people first.",
        )


def policy_simulate(*, version_id: UUID, actor: User, is_interactive: bool) -> ApprovalPolicyVersion:
    """Work out what a version would have done to the requests of the last 90 days; see :func:`version_simulate`."""
    return version_simulate(POLICIES, version_id=version_id, actor=actor, is_interactive=is_interactive)


def policy_publish(
    *, version_id: UUID, digest: str, actor: User, is_interactive: bool, session_key: str = ""
) -> ApprovalPolicyVersion:
    """
    Let a version rule from now on; see :func:`version_publish`.

    Requests that were submitted before keep the version that they have.
    """
    return version_publish(
        POLICIES,
        version_id=version_id,
        digest=digest,
        actor=actor,
        is_interactive=is_interactive,
        session_key=session_key,
    )


def policy_freeze(*, scope: Scope, risk_tier: str) -> ApprovalPolicyVersion | None:
    """Return what rules now, None for the built-in policy; it stays so to the end of the caller's transaction."""
    versions_hold()
    return policy_ruling(scope, risk_tier)


def _listed(seats: tuple[Seat, ...]) -> str:
    return " and ".join(seat.name for seat in seats)
