"""The one thing that the home page leads a person to, by what they may do and what waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from apps.console.selectors import UNDER_WAY, latest_of, may_write
from apps.generation.models import GenerationRun
from apps.generation.services.questions import has_question
from apps.generation.types import RequestStatus
from apps.governance.models import User
from apps.governance.selectors import scopes_where
from apps.governance.subjects import OpenDecision
from apps.governance.types import Action
from apps.providers.selectors import providers_enabled

STOPPED_OR_UNDER_WAY = (*UNDER_WAY, RequestStatus.FAILED)


@dataclass(frozen=True)
class Lead:
    """A primary action: its words, its page, the key that opens it, and the sentence for when nothing waits."""

    label: str
    url: str
    key: str = ""
    idle: str = ""


def lead_for(user: User, *, waiting: Sequence[OpenDecision], to_merge: Sequence[GenerationRun]) -> Lead | None:
    """
    Return what *user* does next, or None for somebody without a role that does anything.

    What waits for them comes first, then the work of their role: an engineer writes, the committee decides, an
    administrator keeps repositories and providers, an auditor reads.
    """
    if waiting:
        return Lead(f"{waiting[0].what} next", waiting[0].url, "r")
    if to_merge:
        return Lead("Merge next", reverse("generation:request-detail", args=[to_merge[0].pk]))
    if may_write(user):
        return _writers(user)
    if scopes_where(user, Action.GATE_VOTE).exists():
        return Lead("Open governance", reverse("governance:index"), idle="No vote of the committee waits for you.")
    if user.is_staff and scopes_where(user, Action.REPOSITORY_MANAGE).exists():
        return _administrators()
    if scopes_where(user, Action.AUDIT_READ).exists():
        return Lead("Read the audit", reverse("governance:audit-list"), idle="An auditor reads; nothing waits for you.")
    return None


def _writers(user: User) -> Lead:
    latest = latest_of(user)
    if latest is not None and latest.request.status in STOPPED_OR_UNDER_WAY:
        return Lead("Continue the latest request", reverse("generation:request-detail", args=[latest.pk]))
    if latest is not None and latest.request.status == RequestStatus.IN_REVIEW and has_question(latest):
        url = f"{reverse('generation:review', args=[latest.pk])}#questions"
        return Lead("Answer a question", url, idle=f"A question about “{latest.title}” waits for your answer.")
    return Lead("New spec", reverse("generation:spec-new"), "n")


def _administrators() -> Lead:
    if not providers_enabled():
        idle = "No provider is ready, so nobody can be asked for code."
        return Lead("Provider settings", reverse("admin:providers_provider_changelist"), idle=idle)
    idle = "Repositories are connected and providers are ready: nothing waits for an administrator."
    return Lead("Open administration", reverse("admin:index"), idle=idle)
