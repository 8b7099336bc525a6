"""What can be set, for whom, and where."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from apps.governance.models import User
from apps.governance.selectors import scopes_where
from apps.governance.types import Action


@dataclass(frozen=True)
class Setting:
    """One page of settings, and what it is about."""

    label: str
    url: str
    about: str


@dataclass(frozen=True)
class Group:
    """Settings of one sort."""

    title: str
    settings: list[Setting]


def settings_for(user: User) -> list[Group]:
    """Return what *user* may set or look at, by sort; sorts without anything for them are left out."""
    groups = [
        Group("You", [_of("Notifications", "jobs:notification-settings", "When you get e-mail, and what you muted.")]),
        Group("Rules", _rules(user)),
        Group("Platform", _platform(user)),
    ]
    return [group for group in groups if group.settings]


def _rules(user: User) -> list[Setting]:
    if not scopes_where(user, Action.REQUEST_READ).exists():
        return []
    return [
        _of("Approval policies", "governance:policy-list", "Who must approve a request, by its risk, in versions."),
        _of("Allowed providers", "governance:version-list", "Which providers each repository asks.", "providers"),
        _of("Budgets", "governance:version-list", "What calls of models may use, in versions.", "budgets"),
        _of("Code rules", "knowledge:policy-list", "What code each repository requires and forbids."),
        _of("Spend and budgets", "providers:spend", "What models used this month, and its limits."),
    ]


def _platform(user: User) -> list[Setting]:
    found = []
    if scopes_where(user, Action.PEOPLE_MANAGE).filter(repository="").exists():
        found.append(_of("Organisation", "governance:organisation-list", "What it is called."))
    if scopes_where(user, Action.WEBHOOK_MANAGE).exists():
        found.append(_of("Webhooks", "jobs:webhook-list", "Other systems that are told what happens."))
    found.append(_of("Status", "console:status", "How queue, database, disk, sandbox and models are doing."))
    if user.is_staff:
        found += [
            _of(
                "Providers", "admin:providers_provider_changelist", "Which models can be asked, where, and their keys."
            ),
            _of("Repositories", "admin:repositories_repository_changelist", "What code is connected."),
            _of("People and roles", "admin:governance_user_changelist", "Who may do what, and where."),
        ]
    return found


def _of(label: str, url_name: str, about: str, *parts: str) -> Setting:
    return Setting(label, reverse(url_name, args=parts), about)
