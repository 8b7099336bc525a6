"""The policy about which providers a repository asks: what it says, and what it would have done to the past."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.governance.models import PolicyVersion, Scope
from apps.governance.policy_kinds import Content, PolicyKind, Trial, hits_of
from apps.governance.selectors.policy_versions import scopes_under
from apps.governance.services import PolicyInvalid
from apps.governance.types import Action
from apps.providers.engine.allowed import allowed_before
from apps.providers.forms import AllowedProvidersForm
from apps.providers.models import ModelCall, Provider

LIMITS = (
    "Only calls that were made are counted. Who was not asked then, for a suspension or a budget, is not known here.",
    "Providers are those of today; one that was registered since was asked nothing before.",
)


class AllowedProviders(PolicyKind):
    """Which providers generation asks for a repository."""

    kind = str(PolicyVersion.Kind.PROVIDERS)
    slug = "providers"
    title = "Allowed providers"
    noun = "the allowed providers"
    about = "Which providers are asked for the requests of a repository; of those that are approved, and no others."
    effect = "It counts at once: calls under way to a provider that is not allowed any more are cut."
    managers = "An administrator or the chair of the committee does."
    action = Action.POLICY_MANAGE
    form = AllowedProvidersForm
    inherits = True

    def starting(self, scope: Scope | None) -> Content:
        return {"allowed": None}

    def lines(self, content: Mapping[str, Any]) -> list[str]:
        if content["allowed"] is None:
            return ["Every approved provider may be asked."]
        names = _names()
        return sorted(f"{names.get(key, f'Provider {key}')} may be asked." for key in content["allowed"])

    def check(self, version: PolicyVersion) -> None:
        allowed = version.content["allowed"]
        if allowed is None:
            return
        if not allowed:
            raise PolicyInvalid(
                "Under this policy nobody could be asked.",
                remedy="Allow at least one provider, or suspend generation for the repository.",
            )
        if not _are_known(allowed):
            raise PolicyInvalid("There is no such provider.", remedy="Choose from the list.")

    def trial(self, version: PolicyVersion, *, since: datetime) -> Trial:
        places = [] if version.scope is None else scopes_under(self.kind, version.scope)
        made = ModelCall.objects.filter(scope__in=places, created_at__gte=since, subject_kind="request")
        calls = made.exclude(outcome=ModelCall.Outcome.REFUSED).values_list("subject_id", "provider_id").distinct()
        found = allowed_before(
            ((str(request), str(provider)) for request, provider in calls), version.content["allowed"]
        )
        names = _names()
        rules = {
            "requests would have asked nobody": found.nobody,
            "requests would have asked fewer providers": found.fewer,
            **{f"requests would not have asked {names[key]}": found.refused[key] for key in sorted(found.refused)},
        }
        return Trial(
            things="requests",
            outcome="would have asked nobody",
            seen=len(found.requests),
            stopped=len(found.nobody),
            hits=hits_of(rules),
            limits=LIMITS,
        )


def _names() -> dict[str, str]:
    return {str(key): name for key, name in Provider.objects.values_list("pk", "name")}


def _are_known(allowed: list[str]) -> bool:
    try:
        return Provider.objects.filter(pk__in=[UUID(key) for key in allowed]).count() == len(set(allowed))
    except (ValueError, ValidationError):
        return False
