"""
The kinds of things that people decide about. They live in apps above this one, which say here what they are called,
who may see them and where their page is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.core.database import Part
from apps.governance.engine.decisions import Subject
from apps.governance.models import User

PlacesOf = Callable[[User], Sequence[Any]]
SubjectsIn = Callable[[User, Sequence[Any]], "QuerySet[Any]"]
IdsFor = Callable[[User], "QuerySet[Any]"]
Undecided = Callable[[], "QuerySet[Any]"]


@dataclass(frozen=True)
class OpenDecision:
    """
    Something that waits for one person's verdict; ``what`` names the sort of verdict.

    ``checks`` are what is known about it: each with ``name``, ``state`` and perhaps ``detail``.
    """

    title: str
    url: str
    place: str
    risk: str
    since: datetime
    what: str = "Vote"
    checks: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class SubjectPages:
    """The pages of a kind: names of subjects by id, the address of one, and the first few that wait for a person."""

    titles: Callable[[Collection[UUID]], Mapping[UUID, str]]
    url: Callable[[UUID], str]
    open_for: Callable[[User, int], list[OpenDecision]]


@dataclass(frozen=True)
class PastSubject:
    """Something that was decided: what it was, where, about which path, and whether people approved it."""

    subject: Subject
    scope_id: int
    path: str
    was_approved: bool
    decided_at: datetime


class DecidedOf(Protocol):
    """What was decided in some scopes about one risk since a time, newest first."""

    def __call__(self, scopes: Collection[int], risk_tier: str, *, since: datetime, limit: int) -> list[PastSubject]:
        """Return at most *limit* of them."""


_readable: dict[str, tuple[PlacesOf, SubjectsIn]] = {}
_blind: dict[str, IdsFor] = {}
_pages: dict[str, SubjectPages] = {}
_decided: dict[str, DecidedOf] = {}
_undecided: dict[str, Undecided] = {}


def subject_register(
    kind: str,
    *,
    places: PlacesOf,
    readable: SubjectsIn,
    blind: IdsFor | None = None,
    pages: SubjectPages | None = None,
    decided: DecidedOf | None = None,
    undecided: Undecided | None = None,
) -> None:
    """
    Say which subjects of *kind* a user may read; an app calls it for the kinds it owns.

    *places* are the keys of the places that the user may read, *readable* the subjects in them. *blind* are those that
    the user is still to vote on without knowing who wrote what and how others voted. *decided* are those of the past,
    which policies are tried on before they rule, *undecided* those whose ballots still count for something to come.
    """
    _readable[kind] = (places, readable)
    if blind is not None:
        _blind[kind] = blind
    if pages is not None:
        _pages[kind] = pages
    if decided is not None:
        _decided[kind] = decided
    if undecided is not None:
        _undecided[kind] = undecided


def subjects_undecided() -> list[Part]:
    """Return the parts of a list of ballots that are about what is still to be decided."""
    return [Part(Q(subject_kind=name), "subject_id", _undecided[name]()) for name in sorted(_undecided)]


def subjects_decided(scopes: Collection[int], risk_tier: str, *, since: datetime, limit: int) -> list[PastSubject]:
    """Return at most *limit* subjects of all kinds that were decided in *scopes* since, newest first."""
    found = [past for of in _decided.values() for past in of(scopes, risk_tier, since=since, limit=limit)]
    return sorted(found, key=lambda past: past.decided_at, reverse=True)[:limit]


def subjects_readable(user: User, *, kind: str = "subject_kind", identity: str = "subject_id") -> list[Part]:
    """
    Return the parts of a list that are about subjects *user* may read; one query for each sort of place.

    Kinds that nobody registered are left out.
    """
    kinds: dict[tuple[PlacesOf, SubjectsIn], list[str]] = defaultdict(list)
    for name in sorted(_readable):
        kinds[_readable[name]].append(name)
    places = {of: of(user) for of in {of for of, _ in kinds}}
    return [
        Part(Q(**{f"{kind}__in": names}), identity, subjects_in(user, places[of]))
        for (of, subjects_in), names in kinds.items()
    ]


def subjects_blind(user: User, *, kind: str = "subject_kind", identity: str = "subject_id") -> list[Part]:
    """Return the parts of a list that are about subjects *user* is still to vote on blind."""
    return [Part(Q(**{kind: name}), identity, _blind[name](user)) for name in sorted(_blind)]


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
