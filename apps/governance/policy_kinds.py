"""
The kinds of policies that places have besides who approves: code rules, budgets, allowed providers.

The app that keeps to a kind says what its versions may contain, how people read and write them, and what one would have
done to the past. How they are proposed, tried and published is the same for all (``services.policy_versions``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.db.models import QuerySet

from apps.core.errors import NotFound
from apps.governance.engine.permissions import Action
from apps.governance.engine.trials import Hit as Hit
from apps.governance.engine.trials import Trial as Trial
from apps.governance.engine.trials import hits_of as hits_of
from apps.governance.models import PolicyVersion, Scope, User
from apps.governance.selectors import can, scopes_where
from apps.governance.selectors.policy_versions import version_ruling, versions_readable, with_ruling
from apps.governance.services.policy_versions import VersionedPolicy

Content = dict[str, Any]


class PolicyVersionForm(forms.Form):
    """A version as people write it: where it is to rule, and why it changes. Each kind adds its fields between."""

    scope = forms.ModelChoiceField(queryset=Scope.objects.none(), label="Where", empty_label=None)
    reason = forms.CharField(label="Why it shall change", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, scopes: QuerySet[Scope], has_platform: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"] = forms.ModelChoiceField(
            scopes, label="Where", required=not has_platform, empty_label="The whole platform" if has_platform else None
        )
        self.order_fields(["scope", *(name for name in self.fields if name not in {"scope", "reason"}), "reason"])

    @abstractmethod
    def content(self) -> Content:
        """Return what the form says, as its kind stores it; the form must be valid."""

    @classmethod
    @abstractmethod
    def values(cls, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the fields that say *content*."""


class PolicyKind(VersionedPolicy[PolicyVersion]):
    """
    What a kind of policy says for itself.

    ``kind`` is its value in ``PolicyVersion``, ``slug`` its part of an address, ``title`` its name over a page and
    ``noun`` in a sentence. ``about`` says what it is, ``effect`` what becomes of what is under way when a version is
    published. ``inherits`` says that an organisation's policy rules its repositories without their own, ``is_code``
    that people write it like code.
    """

    model = PolicyVersion
    area = "policy_version"
    object_kind = "policy_version"
    kind: ClassVar[str]
    slug: ClassVar[str]
    title: ClassVar[str]
    noun: ClassVar[str]
    about: ClassVar[str]
    effect: ClassVar[str]
    action: ClassVar[Action]
    form: ClassVar[type[PolicyVersionForm]]
    inherits: ClassVar[bool] = False
    is_code: ClassVar[bool] = False

    @abstractmethod
    def lines(self, content: Mapping[str, Any]) -> list[str]:
        """Return *content* as sentences, one a line, so that two can be compared line by line."""

    @abstractmethod
    def starting(self, scope: Scope | None) -> Content:
        """Return what holds in *scope* where no version was published."""

    @abstractmethod
    def trial(self, version: PolicyVersion, *, since: datetime) -> Trial:
        """Return what *version* would have done to what happened since."""

    def hints(self) -> Mapping[str, Sequence[str]]:
        """Return the names that a version may use, by what they are names of."""
        return {}

    def places(self, user: User) -> QuerySet[Scope]:
        """Return the places that *user* may propose a version for."""
        return scopes_where(user, self.action)

    def manages_platform(self, user: User) -> bool:
        """Return whether *user* may propose a version for the whole platform."""
        return False

    def may_manage(self, user: User, version: PolicyVersion) -> bool:
        """Return whether *user* may change this kind where *version* would rule."""
        if version.scope is None:
            return self.manages_platform(user)
        return can(user, self.action, version.scope)

    def ruling(self, version: PolicyVersion) -> PolicyVersion | None:
        """Return the version that rules now where *version* would."""
        return self.ruling_in(version.scope)

    def ruling_in(self, scope: Scope | None) -> PolicyVersion | None:
        """Return the version that rules *scope* now."""
        return version_ruling(self.kind, scope, inherits=self.inherits)

    def tried(self, version: PolicyVersion, *, since: datetime) -> tuple[dict[str, Any], dict[str, object]]:
        """Return what *version* would have done to the past, beside what ruled then, and the figures of that."""
        found, ruling = self.trial(version, since=since), self.ruling(version)
        before = ruling.content if ruling else self.starting(version.scope)
        return {**found.as_json(), "before": before}, {"seen": found.seen, "stopped": found.stopped}

    def detail(self, version: PolicyVersion) -> dict[str, object]:
        """Return what it is a version of, in words."""
        return {"what": self.noun}


_kinds: dict[str, PolicyKind] = {}


def policy_kind_register(kind: PolicyKind) -> None:
    """Let *kind* be proposed, tried and published; the app that keeps to it calls this when Django starts."""
    _kinds[kind.kind] = kind


def policy_kinds() -> list[PolicyKind]:
    """Return all kinds, by their names over a page."""
    return sorted(_kinds.values(), key=lambda one: one.title)


def policy_kind(name: str) -> PolicyKind | None:
    """Return the kind with this value or this part of an address."""
    return next((one for one in _kinds.values() if name in (one.kind, one.slug)), None)


def versions_seen(user: User) -> QuerySet[PolicyVersion]:
    """Return the versions that *user* may see, with their places and people, and marked as ``with_ruling`` does."""
    versions = with_ruling(versions_readable(PolicyVersion.objects.all(), user))
    return versions.select_related("scope__organisation", "proposed_by", "published_by")


def version_seen(user: User, version_id: UUID) -> tuple[PolicyVersion, PolicyKind]:
    """
    Return a version that *user* may see, with its kind.

    :raises NotFound: there is none.
    """
    found = versions_seen(user).filter(pk=version_id).first()
    kind = policy_kind(found.kind) if found is not None else None
    if found is None or kind is None:
        raise NotFound("There is no such version of a policy that you can read.")
    return found, kind


TrialStatus = Callable[[UUID, User], Any]
_trials: list[TrialStatus] = []


def trial_status_register(find: TrialStatus) -> None:
    """Let *find* say which job tries a version, as one person sees it; None where none does or its result is kept."""
    _trials[:] = [find]


def trial_status(version_id: UUID, user: User) -> Any:
    """Return the job that tries a version, or failed to, as *user* sees it; None where there is nothing to tell."""
    return next((find(version_id, user) for find in _trials), None)
