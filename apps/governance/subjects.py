"""
The kinds of things that people decide about. They live in apps above this one, which say here what they are called,
who may see them and where their page is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.database import key_among
from apps.governance.models import User

IdsFor = Callable[[User], "QuerySet[Any]"]


@dataclass(frozen=True)
class OpenDecision:
    """Something that waits for one person's verdict."""

    title: str
    url: str
    place: str
    risk: str
    since: datetime


@dataclass(frozen=True)
class SubjectPages:
    """The pages of a kind: names of subjects by id, the address of one, and the first few that wait for a person."""

    titles: Callable[[Collection[UUID]], Mapping[UUID, str]]
    url: Callable[[UUID], str]
    open_for: Callable[[User, int], list[OpenDecision]]


_readable: dict[str, IdsFor] = {}
_blind: dict[str, IdsFor] = {}
_pages: dict[str, SubjectPages] = {}


def subject_register(
    kind: str, *, readable: IdsFor, blind: IdsFor | None = None, pages: SubjectPages | None = None
) -> None:
    """
    Say which subjects of *kind* a user may read; an app calls it for the kinds it owns.

    *blind* are those that the user is still to vote on without knowing who wrote what and how others voted.
    """
    _readable[kind] = readable
    if blind is not None:
        _blind[kind] = blind
    if pages is not None:
        _pages[kind] = pages


def subjects_readable(user: User, *, kind: str = "subject_kind", identity: str = "subject_id") -> Q:
    """Return the filter for rows about subjects that *user* may read. Kinds that nobody registered are left out."""
    return _about(_readable, user, kind, identity)


def subjects_blind(user: User, *, kind: str = "subject_kind", identity: str = "subject_id") -> Q:
    """Return the filter for rows about subjects that *user* is still to vote on blind."""
    return _about(_blind, user, kind, identity)


def decisions_open_for(user: User, *, limit: int) -> list[OpenDecision]:
    """Return at most *limit* things that wait for *user*'s verdict, longest waiting first."""
    found = [decision for pages in _pages.values() for decision in pages.open_for(user, limit)]
    return sorted(found, key=lambda decision: decision.since)[:limit]


def subject_links(subjects: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], tuple[str, str]]:
    """Return title and address of each (kind, id) whose kind has pages; one query for each kind."""
    links: dict[tuple[str, UUID], tuple[str, str]] = {}
    for kind, pages in _pages.items():
        ids = {identity for name, identity in subjects if name == kind}
        for identity, title in (pages.titles(ids) if ids else {}).items():
            links[kind, identity] = (title, pages.url(identity))
    return links


def _about(kinds: Mapping[str, IdsFor], user: User, kind: str, identity: str) -> Q:
    condition = Q(pk__in=[])
    for name in sorted(kinds):
        # The kind first: Postgres looks up only what it is about.
        condition |= Q(**{kind: name}) & Q(key_among(identity, kinds[name](user)))
    return condition
