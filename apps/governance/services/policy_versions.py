"""How any policy changes: one person proposes a version, it is tried on the past, another person publishes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.db import connection, transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.governance.engine.figures import counted
from apps.governance.engine.trials import TRIAL_HOLDS, trial_is_old
from apps.governance.errors import Denial, NotAllowed, NotEligible, NotInteractive, PolicyClosed, PolicyInvalid
from apps.governance.models import ApprovalPolicyVersion, PolicyVersion, Scope, User
from apps.governance.selectors import accounts_of
from apps.governance.services.audit import audit_record

Version = TypeVar("Version", ApprovalPolicyVersion, PolicyVersion)
WINDOW = timedelta(days=90)
# Held shared by who freezes a policy and alone by who publishes one: nothing is submitted under a rule of yesterday.
POLICY_LOCK = 0x6E6F6678_706F6C69


class VersionedPolicy(ABC, Generic[Version]):
    """
    What the policies of one sort say for themselves.

    ``area`` is the first word of their actions in the audit chain, ``managers`` a sentence about who changes them.
    """

    model: type[Version]
    area: ClassVar[str]
    object_kind: ClassVar[str]
    managers: ClassVar[str]

    @abstractmethod
    def may_manage(self, user: User, version: Version) -> bool:
        """Return whether *user* proposes and publishes versions where *version* would rule."""

    @abstractmethod
    def check(self, version: Version) -> None:
        """
        Refuse what cannot be meant or kept.

        :raises PolicyInvalid: with a sentence about it.
        """

    @abstractmethod
    def ruling(self, version: Version) -> Version | None:
        """Return the version that rules now where *version* would."""

    @abstractmethod
    def tried(self, version: Version, *, since: datetime) -> tuple[dict[str, Any], dict[str, object]]:
        """Return what *version* would have done to the past, and the figures of that for the audit chain."""

    def detail(self, version: Version) -> dict[str, object]:
        """Return what the audit chain keeps of which policy *version* is of."""
        return {}

    def last_number(self, version: Version) -> int:
        """Return the highest number that was given before there were versions."""
        return 0

    def enforce(self, version: Version) -> None:
        """Let the published *version* rule, in the transaction in which it was published."""


@transaction.atomic
def version_propose(
    policies: VersionedPolicy[Version], draft: Version, *, actor: User, is_interactive: bool
) -> Version:
    """
    Save *draft* (its place, content and reason) as the next version; it rules nothing until it is published.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies there.
    :raises PolicyInvalid: it has no reason, says what rules already, or cannot be kept.
    """
    denial = _denial(policies, "propose", draft, f"{draft.scope_id or 'platform'}:{draft.place[_part(draft)]}")
    _require_manager(policies, draft, actor, denial, is_interactive=is_interactive)
    if not draft.reason.strip():
        raise PolicyInvalid("Say why the policy shall change.", remedy="One sentence is enough.")
    policies.check(draft)
    ruling = policies.ruling(draft)
    digest = sha256_hex(canonical_json(draft.content))
    if ruling is not None and ruling.place == draft.place and ruling.content_digest == digest:
        raise PolicyInvalid("This is what rules already.", remedy="Change something, or leave it as it is.")
    _hold_place(draft.scope_id)
    versions = policies.model._default_manager.filter(**draft.place)
    last = versions.order_by("-number").values_list("number", flat=True).first() or policies.last_number(draft)
    draft.number, draft.content_digest, draft.reason = last + 1, digest, draft.reason.strip()
    draft.proposed_by = actor
    draft.save(force_insert=True)
    draft.refresh_from_db()
    _record(policies, "propose", draft, actor, before=ruling, reason=draft.reason)
    return draft


def version_simulate(
    policies: VersionedPolicy[Version], *, version_id: UUID, actor: User, is_interactive: bool
) -> Version:
    """
    Work out what a version would have done in the last 90 days, and keep it with its date. Harmless to repeat.

    The past is read without holding the version, so that a long trial keeps nobody from it.

    :raises NotFound: there is no such version.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies there.
    :raises PolicyClosed: it was published before.
    """
    version = version_simulable(policies, version_id=version_id, actor=actor, is_interactive=is_interactive)
    moment = now()
    found, figures = policies.tried(version, since=moment - WINDOW)
    with transaction.atomic():
        version = _locked(policies, version_id)
        _require_open(version, _denial(policies, "simulate", version, str(version.pk)))
        version.simulation = {**found, "days": WINDOW.days}
        version.simulated_at = moment
        version.save(update_fields=["simulation", "simulated_at"])
        _record(policies, "simulate", version, actor, before=None, detail=figures)
    return version


@transaction.atomic
def version_simulable(
    policies: VersionedPolicy[Version], *, version_id: UUID, actor: User, is_interactive: bool
) -> Version:
    """
    Return a version that *actor* may try on the past now; for whoever leaves the trial to a job.

    :raises NotFound: there is no such version.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies there.
    :raises PolicyClosed: it was published before.
    """
    version = _locked(policies, version_id)
    denial = _denial(policies, "simulate", version, str(version.pk))
    _require_manager(policies, version, actor, denial, is_interactive=is_interactive)
    _require_open(version, denial)
    return version


@transaction.atomic
def version_publish(
    policies: VersionedPolicy[Version],
    *,
    version_id: UUID,
    digest: str,
    actor: User,
    is_interactive: bool,
    session_key: str = "",
) -> Version:
    """
    Let a version rule from now on. *digest* is of the content that the person saw.

    :raises NotFound: there is no such version.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor manages no policies there.
    :raises NotEligible: the actor proposed it, in whichever account.
    :raises PolicyClosed: it was published before, was not simulated in the last week, is not what was seen, or a later
        one rules.
    :raises PolicyInvalid: it cannot be kept any more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POLICY_LOCK])
    version = _locked(policies, version_id)
    denial = _denial(policies, "publish", version, str(version.pk))
    _require_manager(policies, version, actor, denial, is_interactive=is_interactive)
    if version.proposed_by_id in accounts_of(actor):
        raise NotEligible("You proposed this version; another person publishes it.", denial=denial)
    _require_publishable(version, digest, denial)
    policies.check(version)
    before = policies.ruling(version)
    version.published_by, version.published_at = actor, now()
    version.save(update_fields=["published_by", "published_at"])
    policies.enforce(version)
    _record(policies, "publish", version, actor, before=before, session_key=session_key)
    return version


def versions_hold() -> None:
    """Let no policy be published until the end of the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [POLICY_LOCK])


def _part(version: ApprovalPolicyVersion | PolicyVersion) -> str:
    return next(name for name in version.PLACE if name != "scope")


def _hold_place(scope_id: int | None) -> None:
    """Let nobody else number a version of this place meanwhile."""
    if scope_id is not None:
        Scope.objects.select_for_update().get(pk=scope_id)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POLICY_LOCK])


def _require_open(version: ApprovalPolicyVersion | PolicyVersion, denial: Denial) -> None:
    if version.published_at is not None:
        raise PolicyClosed("This version was published before.", remedy="Propose the next one.", denial=denial)


def _require_publishable(version: ApprovalPolicyVersion | PolicyVersion, digest: str, denial: Denial) -> None:
    _require_open(version, denial)
    if version.simulated_at is None:
        raise PolicyClosed(
            "This version was not simulated yet.", remedy="Simulate it on the past first.", denial=denial
        )
    if trial_is_old(version.simulated_at, now()):
        raise PolicyClosed(
            f"This version was tried on a past that ends on {version.simulated_at:%Y-%m-%d}, and much happened since.",
            remedy=f"Simulate it again: a trial holds for {counted(TRIAL_HOLDS.days, 'day', 'days')}.",
            denial=denial,
        )
    if version.content_digest != digest:
        raise PolicyClosed("This is not the version you looked at.", remedy="Reload the page.", denial=denial)
    versions = type(version)._default_manager.filter(**version.place)
    if versions.filter(number__gt=version.number, published_at__isnull=False).exists():
        raise PolicyClosed("A later version rules already.", remedy="Propose this one again.", denial=denial)


def _require_manager(
    policies: VersionedPolicy[Version], version: Version, actor: User, denial: Denial, *, is_interactive: bool
) -> None:
    if not is_interactive or actor.is_service or not actor.is_active:
        raise NotInteractive(
            "Only a person who is signed in at the page changes a policy; a token never does.", denial=denial
        )
    if not policies.may_manage(actor, version):
        raise NotAllowed("Your role does not change policies here.", remedy=policies.managers, denial=denial)


def _locked(policies: VersionedPolicy[Version], version_id: UUID) -> Version:
    versions = policies.model._default_manager.select_for_update(of=("self",))
    found = versions.select_related("scope__organisation").filter(pk=version_id).first()
    if found is None:
        raise NotFound("There is no such version of a policy.")
    return found


def _denial(policies: VersionedPolicy[Version], verb: str, version: Version, object_id: str) -> Denial:
    detail = policies.detail(version)
    return Denial(f"{policies.area}.{verb}", policies.object_kind, object_id, version.scope_id, detail=detail)


def _record(
    policies: VersionedPolicy[Version],
    verb: str,
    version: Version,
    actor: User,
    *,
    before: Version | None,
    reason: str = "",
    session_key: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    audit_record(
        action=f"{policies.area}.{verb}",
        object_kind=policies.object_kind,
        object_id=version.pk,
        actor=actor,
        scope=version.scope,
        before_digest=before.content_digest if before else "",
        after_digest=version.content_digest,
        reason=reason,
        session_key=session_key,
        detail={**policies.detail(version), "version": version.number, **(detail or {})},
    )
