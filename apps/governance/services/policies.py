"""Propose, simulate and publish approval policies. One person proposes a version, another one publishes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.governance.engine.decisions import Policy, Seat
from apps.governance.engine.permissions import Action
from apps.governance.engine.policies import policy_content, policy_read, simulate, unsatisfied
from apps.governance.errors import Denial, NotAllowed, NotEligible, NotInteractive, PolicyClosed, PolicyInvalid
from apps.governance.models import ApprovalPolicyVersion, Scope, User
from apps.governance.selectors import ANY_PATH, accounts_of, can, roster_reader
from apps.governance.selectors.policies import past_requests, policy_ruling, scopes_ruled
from apps.governance.services.audit import audit_record

KIND = "approval_policy"
WINDOW = timedelta(days=90)
# Held shared by who freezes a policy and alone by who publishes one: nothing is submitted under a rule of yesterday.
POLICY_LOCK = 0x6E6F6678_706F6C69


@transaction.atomic
def policy_propose(
    *, scope: Scope, risk_tier: str, policy: Policy, reason: str, actor: User, is_interactive: bool
) -> ApprovalPolicyVersion:
    """
    Save the next version of the policy of *scope* for *risk_tier*; it rules nothing until it is published.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies of the scope.
    :raises PolicyInvalid: it contradicts itself, says what rules already, has no reason, or nobody could satisfy it.
    """
    denial = Denial("policy.propose", KIND, f"{scope.pk}:{risk_tier}", scope.pk)
    _require_manager(scope, actor, denial, is_interactive=is_interactive)
    if risk_tier not in ApprovalPolicyVersion.RiskTier.values or not reason.strip():
        raise PolicyInvalid("Say why the policy shall change.", remedy="One sentence is enough.")
    content = policy_content(policy)
    policy_check(scope=scope, risk_tier=risk_tier, content=content)
    ruling = policy_ruling(scope, risk_tier)
    digest = sha256_hex(canonical_json(content))
    if ruling is not None and ruling.scope_id == scope.pk and ruling.content_digest == digest:
        raise PolicyInvalid("This is what rules already.", remedy="Change something, or leave it as it is.")
    Scope.objects.select_for_update().get(pk=scope.pk)
    versions = ApprovalPolicyVersion.objects.filter(scope=scope, risk_tier=risk_tier).order_by("-number")
    last = versions.values_list("number", flat=True).first() or 0
    version = ApprovalPolicyVersion.objects.create(
        scope=scope,
        risk_tier=risk_tier,
        number=last + 1,
        content=content,
        content_digest=digest,
        needed=policy.needed,
        reason=reason.strip(),
        proposed_by=actor,
    )
    version.refresh_from_db()
    _record("policy.propose", version, actor, before=ruling, reason=version.reason)
    return version


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


@transaction.atomic
def policy_simulate(*, version_id: UUID, actor: User, is_interactive: bool) -> ApprovalPolicyVersion:
    """
    Work out what a version would have done to the requests that were decided in the last 90 days, and keep it.

    :raises NotFound: there is no such version.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies of the scope.
    :raises PolicyClosed: it was published before.
    """
    version = _locked(version_id)
    denial = Denial("policy.simulate", KIND, str(version.pk), version.scope_id)
    _require_manager(version.scope, actor, denial, is_interactive=is_interactive)
    if version.published_at is not None:
        raise PolicyClosed("This version was published before.", remedy="Propose the next one.", denial=denial)
    moment = now()
    past, is_cut = past_requests(version.scope, version.risk_tier, since=moment - WINDOW)
    found = simulate(policy_read(version.content), past).as_json()
    version.simulation = {**found, "days": WINDOW.days, "is_cut": is_cut}
    version.simulated_at = moment
    version.save(update_fields=["simulation", "simulated_at"])
    figures = {name: found[name] for name in ("requests", "approved", "blocked", "unsatisfiable")}
    _record("policy.simulate", version, actor, before=None, detail=figures)
    return version


@transaction.atomic
def policy_publish(
    *, version_id: UUID, digest: str, actor: User, is_interactive: bool, session_key: str = ""
) -> ApprovalPolicyVersion:
    """
    Let a version rule from now on. Requests that were submitted before keep the version that they have.

    *digest* is of the content that the person saw.

    :raises NotFound: there is no such version.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies of the scope.
    :raises NotEligible: the actor proposed it, in whichever account.
    :raises PolicyClosed: it was published before, was not simulated, is not what was seen, or a later one rules.
    :raises PolicyInvalid: the people of today could not satisfy it any more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POLICY_LOCK])
    version = _locked(version_id)
    denial = Denial("policy.publish", KIND, str(version.pk), version.scope_id)
    _require_manager(version.scope, actor, denial, is_interactive=is_interactive)
    if version.proposed_by_id in accounts_of(actor):
        raise NotEligible("You proposed this version; another person publishes it.", denial=denial)
    _require_publishable(version, digest, denial)
    policy_check(scope=version.scope, risk_tier=version.risk_tier, content=version.content)
    before = policy_ruling(version.scope, version.risk_tier)
    version.published_by, version.published_at = actor, now()
    version.save(update_fields=["published_by", "published_at"])
    _record("policy.publish", version, actor, before=before, session_key=session_key)
    return version


def policy_freeze(*, scope: Scope, risk_tier: str) -> ApprovalPolicyVersion | None:
    """Return what rules now, None for the built-in policy; it stays so to the end of the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [POLICY_LOCK])
    return policy_ruling(scope, risk_tier)


def _require_publishable(version: ApprovalPolicyVersion, digest: str, denial: Denial) -> None:
    if version.published_at is not None:
        raise PolicyClosed("This version was published before.", denial=denial)
    if version.simulated_at is None:
        raise PolicyClosed(
            "This version was not simulated yet.", remedy="Simulate it on past requests first.", denial=denial
        )
    if version.content_digest != digest:
        raise PolicyClosed("This is not the version you looked at.", remedy="Reload the page.", denial=denial)
    later = ApprovalPolicyVersion.objects.filter(
        scope=version.scope, risk_tier=version.risk_tier, number__gt=version.number, published_at__isnull=False
    )
    if later.exists():
        raise PolicyClosed("A later version rules already.", remedy="Propose this one again.", denial=denial)


def _require_manager(scope: Scope, actor: User, denial: Denial, *, is_interactive: bool) -> None:
    if not is_interactive or actor.is_service or not actor.is_active:
        raise NotInteractive(
            "Only a person who is signed in at the page changes a policy; a token never does.", denial=denial
        )
    if not can(actor, Action.POLICY_MANAGE, scope):
        raise NotAllowed(
            "Your role does not change policies here.",
            remedy="An administrator or the chair of the committee does.",
            denial=denial,
        )


def _locked(version_id: UUID) -> ApprovalPolicyVersion:
    versions = ApprovalPolicyVersion.objects.select_for_update(of=("self",)).select_related("scope__organisation")
    found = versions.filter(pk=version_id).first()
    if found is None:
        raise NotFound("There is no such version of a policy.")
    return found


def _listed(seats: tuple[Seat, ...]) -> str:
    return " and ".join(seat.name for seat in seats)


def _record(
    action: str,
    version: ApprovalPolicyVersion,
    actor: User,
    *,
    before: ApprovalPolicyVersion | None,
    reason: str = "",
    session_key: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=version.pk,
        actor=actor,
        scope=version.scope,
        before_digest=before.content_digest if before else "",
        after_digest=version.content_digest,
        reason=reason,
        session_key=session_key,
        detail={"risk": version.risk_tier, "version": version.number, **(detail or {})},
    )
