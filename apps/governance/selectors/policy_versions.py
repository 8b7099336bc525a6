"""Versions of policies of every sort: which of them somebody reads, where each stands, and which one rules."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.lookups import IsNull

from apps.governance.engine.permissions import Action
from apps.governance.models import ApprovalPolicyVersion, PolicyVersion, Scope, User
from apps.governance.selectors import scopes_where

Version = TypeVar("Version", ApprovalPolicyVersion, PolicyVersion)


def versions_readable(versions: QuerySet[Version], user: User) -> QuerySet[Version]:
    """Return those of *versions* that rule or could rule a place that *user* reads."""
    readable = scopes_where(user, Action.REQUEST_READ)
    return versions.filter(
        Q(scope__in=readable.values("pk"))
        | Q(scope__repository="", scope__organisation__in=readable.values("organisation"))
        | Q(Exists(readable), scope__isnull=True)
    )


def with_ruling(versions: QuerySet[Version]) -> QuerySet[Version]:
    """Mark each of *versions* with whether a later one of its place rules in its stead."""
    model = versions.model
    same = Q(scope=OuterRef("scope")) | Q(IsNull(OuterRef("scope"), True), scope__isnull=True)
    rest = {name: OuterRef(name) for name in model.PLACE if name != "scope"}
    later = model._default_manager.filter(same, **rest, number__gt=OuterRef("number"), published_at__isnull=False)
    return versions.annotate(is_superseded=Exists(later))


def version_state(version: Model) -> str:
    """Return where a version from ``with_ruling`` stands: proposed, simulated, ruling, or replaced by a later one."""
    if version.is_superseded:
        return "replaced"
    if version.published_at is not None:
        return "ruling"
    return "proposed" if version.simulated_at is None else "simulated"


def version_ruling(kind: str, scope: Scope | None, *, inherits: bool = False) -> PolicyVersion | None:
    """Return the published version that rules *scope*: its own or, where *inherits*, else its organisation's."""
    published = PolicyVersion.objects.filter(kind=kind, published_at__isnull=False).order_by("-number")
    found = published.filter(scope=scope).first()
    if found is not None or not inherits or scope is None or not scope.repository:
        return found
    return published.filter(scope__organisation=scope.organisation_id, scope__repository="").first()


def version_before(version: PolicyVersion) -> PolicyVersion | None:
    """Return the version that *version* is compared with: the last one of its place that was published before it."""
    earlier = PolicyVersion.objects.filter(**version.place, number__lt=version.number, published_at__isnull=False)
    return earlier.order_by("-number").first()


def scopes_under(kind: str, scope: Scope) -> list[Scope]:
    """Return the repositories that a version of *scope* would rule where they inherit: those without their own."""
    if scope.repository:
        return [scope]
    own = PolicyVersion.objects.filter(kind=kind, published_at__isnull=False, scope__isnull=False).values("scope")
    repositories = Scope.objects.filter(organisation=scope.organisation_id).exclude(repository="").exclude(pk__in=own)
    return list(repositories.select_related("organisation").order_by("repository"))
