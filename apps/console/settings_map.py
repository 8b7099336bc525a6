"""What can be set, for whom, and where."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from apps.governance.models import User


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
    """Return what *user* may set, by sort; sorts without anything for them are left out."""
    groups = [
        Group("You", [_of("Notifications", "jobs:notification-settings", "When you get e-mail, and what you muted.")])
    ]
    return [group for group in groups if group.settings]


def _of(label: str, url_name: str, about: str) -> Setting:
    return Setting(label, reverse(url_name), about)
