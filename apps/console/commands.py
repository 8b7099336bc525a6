"""What can be reached by name: pages, actions, repositories, requests, drafts, policies, patterns, settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.urls import reverse

from apps.console.settings_map import settings_for
from apps.core.navigation import rail_links
from apps.generation.selectors import drafts_of, runs_readable
from apps.governance.models import User
from apps.governance.selectors import scopes_where
from apps.governance.selectors.policies import policies_readable
from apps.governance.types import Action
from apps.knowledge.selectors import Filters, patterns_find
from apps.repositories.selectors import repositories_readable

EACH = 5
LONGEST = 100


@dataclass(frozen=True)
class Command:
    """One place to go: its words, what sort of thing it is, and its page."""

    label: str
    sort: str
    url: str

    def as_json(self) -> dict[str, str]:
        """Return it as the command box reads it."""
        return asdict(self)


def commands_find(user: User, text: str) -> list[Command]:
    """
    Return what *user* may reach whose name holds *text*, at most five of each sort; pages alone for an empty text.

    Whatever they may not read is not there, by whichever name.
    """
    wanted = text.replace("\x00", "").strip()[:LONGEST]
    found = [command for command in _pages(user) if wanted.lower() in command.label.lower()]
    return found + [command for of in FINDERS for command in of(user, wanted)] if wanted else found


def _pages(user: User) -> Iterator[Command]:
    if scopes_where(user, Action.SPEC_WRITE).exists():
        yield Command("New spec", "Action", reverse("generation:spec-new"))
    for link in rail_links("", is_staff=user.is_staff):
        yield Command(link.label, "Page", link.url)
    yield Command("Inbox", "Page", reverse("jobs:inbox"))
    yield Command("Status", "Page", reverse("console:status"))
    yield Command("Audit", "Page", reverse("governance:audit-list"))
    yield Command("Settings", "Page", reverse("console:settings"))
    for group in settings_for(user):
        for setting in group.settings:
            if setting.label != "Status":
                yield Command(setting.label, "Settings", setting.url)


def _repositories(user: User, text: str) -> list[Command]:
    rows = repositories_readable(user=user).filter(name__icontains=text).order_by("name")[:EACH]
    return [Command(row.name, "Repository", reverse("quality:coverage", args=[row.name])) for row in rows]


def _requests(user: User, text: str) -> list[Command]:
    rows = runs_readable(user).filter(title__icontains=text)[:EACH]
    return [Command(row.title, "Request", reverse("generation:request-detail", args=[row.pk])) for row in rows]


def _drafts(user: User, text: str) -> list[Command]:
    rows = drafts_of(user).filter(title__icontains=text)[:EACH]
    return [Command(row.title, "Draft", reverse("generation:spec-edit", args=[row.pk])) for row in rows]


def _policies(user: User, text: str) -> list[Command]:
    rows = policies_readable(user).select_related("scope__organisation").order_by("-proposed_at", "pk")
    named = ((f"Version {row.number} for {row.risk_tier} risk in {row.scope}", row.pk) for row in rows[:200])
    chosen = [(label, key) for label, key in named if text.lower() in label.lower()][:EACH]
    return [Command(label, "Approval policy", reverse("governance:policy-detail", args=[key])) for label, key in chosen]


def _patterns(user: User, text: str) -> list[Command]:
    if not scopes_where(user, Action.REQUEST_READ).exists():
        return []
    known = [one for one in patterns_find(Filters(query="")).patterns if text.lower() in one.name.lower()][:EACH]
    return [Command(one.name, "Pattern", reverse("knowledge:pattern-detail", args=[one.slug])) for one in known]


FINDERS = (_repositories, _requests, _drafts, _policies, _patterns)
