"""The origin of every line of a default branch, followed commit by commit and kept for each revision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.repositories.engine.lifetimes import Seen, curves
from apps.repositories.engine.lineage import (
    BLANK,
    Delivery,
    End,
    FileChange,
    Mark,
    Origin,
    lines_of,
    spans_of,
)
from apps.repositories.engine.lineage import Lineage as Lines
from apps.repositories.engine.patch_stream import commits_in
from apps.repositories.gateways import git
from apps.repositories.models import (
    MAX_INDEXED_PATH,
    Lineage,
    LineBirth,
    LineEnd,
    LineSpans,
    Repository,
    Revision,
)
from apps.repositories.services.deliveries import deliveries_of
from apps.repositories.types import LINEAGE_JOB, REVISION_SUBJECT, HistoryTooLong

READER = 1
MAX_COMMITS = 50_000
ANNOUNCED_EVERY = 200  # commits
ROWS_AT_ONCE = 2_000
DAY_S = 86_400

_ENCODED_ORIGINS = {origin.value: origin for origin in Origin}


def lineage_request(*, revision: Revision, requested_by: User | None = None) -> Job:
    """Ask for the lineage of a commit; while it is asked for already, that job is returned."""
    return job_enqueue(
        kind=LINEAGE_JOB, subject_kind=REVISION_SUBJECT, subject_id=revision.pk, requested_by=requested_by
    )


@transaction.atomic
def revision_lineage(
    *, revision: Revision, announce: Callable[[int, int], None] = lambda _done, _of: None
) -> Lineage | None:
    """
    Follow the lines of the default branch up to *revision*, and return where each comes from.

    None where the commit is not, or no longer, on the branch, or is older than one that is known. It goes on from the
    newest commit that is known and still on the branch; what is known of commits that a rewritten branch lost is
    forgotten, and so is what was followed before a delivery was recorded. Safe to repeat. About 4 ms for a commit.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises HistoryTooLong: there are more commits than :data:`MAX_COMMITS`.
    """
    Repository.objects.select_for_update(no_key=True).get(pk=revision.repository_id)
    walk = _Walk.begin(revision)
    if walk is None or walk.known is not None:
        return walk.known if walk else None
    walk.forget_what_follows()
    walk.follow(announce)
    return walk.store()


@dataclass
class _Walk:
    """One way from the newest known commit to the one that is wanted."""

    revision: Revision
    position: int
    history: Sequence[str]
    deliveries: Mapping[str, Delivery]
    base: Lineage | None
    known: Lineage | None = None
    lines: Lines = field(default_factory=Lines)
    ends: dict[int, Counter[End]] = field(default_factory=dict)
    times: dict[int, datetime] = field(default_factory=dict)
    first_number: int = 0

    @classmethod
    def begin(cls, revision: Revision) -> _Walk | None:
        path, branch = Path(revision.repository.path), revision.repository.default_branch
        tip = git.resolve(path, f"refs/heads/{branch}")
        history = git.first_parents(path, tip) if tip else []
        if len(history) > MAX_COMMITS:
            raise HistoryTooLong(
                f"{revision.repository.name} has {len(history)} commits; lines are followed through {MAX_COMMITS}.",
                remedy="Register a clone whose history is shorter, made with git clone --depth.",
            )
        places = {sha: place for place, sha in enumerate(history)}
        if revision.sha not in places:
            return None
        deliveries = {sha: one for sha, one in deliveries_of(revision.repository_id).items() if sha in places}
        base = _base(revision, history, {sha: places[sha] for sha in deliveries})
        walk = cls(revision, places[revision.sha], history, deliveries, base)
        if base is not None and base.position >= walk.position:
            walk.known = base if base.revision_id == revision.pk else None
            return walk if walk.known else None
        return walk

    def forget_what_follows(self) -> None:
        """Forget what was known of commits behind the base, which are walked again or are not there any more."""
        repository = self.revision.repository_id
        after = self.base.position if self.base else -1
        LineEnd.objects.filter(birth__repository=repository, position__gt=after).delete()
        LineBirth.objects.filter(repository=repository, position__gt=after).delete()
        Lineage.objects.filter(revision__repository=repository, position__gt=after).delete()
        if self.base is None:
            Lineage.objects.filter(revision__repository=repository).delete()
            return
        births = LineBirth.objects.filter(repository=repository).order_by("number")
        marks = [
            Mark(born, _ENCODED_ORIGINS[origin], str(request or ""))
            for born, origin, request in births.values_list("position", "origin", "request_id")
        ]
        self.first_number = len(marks)
        self.lines = Lines(_files(self.base), marks)

    def follow(self, announce: Callable[[int, int], None]) -> None:
        """Walk, oldest commit first."""
        first = self.base.position + 1 if self.base else 0
        latest, limit = self._time_of_base(), now()
        after = self.history[first - 1] if first else None
        commits = commits_in(git.patches(Path(self.revision.repository.path), self.revision.sha, after=after))
        for position, commit in enumerate(commits, first):
            if (position - first) % ANNOUNCED_EVERY == 0:
                announce(position - first, self.position + 1 - first)
            latest = max(latest, min(datetime.fromtimestamp(commit.committed, UTC), limit))
            self.times[position] = latest
            changes = [_storable(change) for change in commit.changes]
            ended = self.lines.advance(position, changes, self.deliveries.get(commit.sha))
            if ended:
                self.ends[position] = ended

    def store(self) -> Lineage:
        """Write the new beginnings and ends, the spans that are new, and the lineage of the commit."""
        repository = self.revision.repository_id
        LineBirth.objects.bulk_create(self._births(repository), batch_size=ROWS_AT_ONCE)
        keys = dict(LineBirth.objects.filter(repository=repository).values_list("number", "pk"))
        LineEnd.objects.bulk_create(self._ends(keys), batch_size=ROWS_AT_ONCE)
        spans = {path: spans_of(lines) for path, lines in self.lines.files.items()}
        files = {path: sha256_hex(canonical_json(runs)) for path, runs in spans.items()}
        new = {files[path]: runs for path, runs in spans.items()}
        LineSpans.objects.bulk_create(
            (LineSpans(repository_id=repository, digest=digest, spans=runs) for digest, runs in new.items()),
            ignore_conflicts=True,
            batch_size=ROWS_AT_ONCE,
        )
        counts, measured_at = self.lines.counts(), now()
        seen = [*_standing(self.lines, repository, measured_at), *_ended(repository)]
        return Lineage.objects.create(
            revision=self.revision,
            reader=READER,
            position=self.position,
            files=files,
            deliveries=[sha for sha in self.history[: self.position + 1] if sha in self.deliveries],
            ai_lines=counts[Origin.AI],
            human_lines=counts[Origin.HUMAN],
            mixed_lines=counts[Origin.MIXED],
            survival={name: curve.as_json() for name, curve in curves(seen).items()},
            measured_at=measured_at,
        )

    def _births(self, repository: UUID) -> Iterator[LineBirth]:
        for number, mark in enumerate(self.lines.marks[self.first_number :], self.first_number):
            yield LineBirth(
                repository_id=repository,
                number=number,
                position=mark.born,
                sha=self.history[mark.born],
                born_at=self.times[mark.born],
                origin=mark.origin.value,
                request_id=UUID(mark.request) if mark.request else None,
                lines=self.lines.born[number],
            )

    def _ends(self, keys: Mapping[int, int]) -> Iterator[LineEnd]:
        for position, ended in self.ends.items():
            for end, lines in ended.items():
                yield LineEnd(
                    birth_id=keys[end.mark],
                    path=end.path,
                    position=position,
                    ended_at=self.times[position],
                    is_change=end.is_change,
                    lines=lines,
                )

    def _time_of_base(self) -> datetime:
        newest = LineBirth.objects.filter(repository=self.revision.repository_id).order_by("-born_at").first()
        return newest.born_at if newest else datetime.min.replace(tzinfo=UTC)


def _base(revision: Revision, history: Sequence[str], deliveries: Mapping[str, int]) -> Lineage | None:
    """Return the newest lineage that is on the branch and knew every delivery up to its commit."""
    stored = Lineage.objects.filter(revision__repository=revision.repository_id, reader=READER)
    for one in stored.select_related("revision").order_by("-position"):
        is_there = one.position < len(history) and history[one.position] == one.revision.sha
        if is_there and {sha for sha, place in deliveries.items() if place <= one.position} <= set(one.deliveries):
            return one
    return None


def _files(base: Lineage) -> dict[str, list[int]]:
    rows = LineSpans.objects.filter(repository=base.revision.repository_id, digest__in=set(base.files.values()))
    spans = dict(rows.values_list("digest", "spans"))
    return {path: lines_of(spans[digest]) for path, digest in base.files.items()}


def _storable(change: FileChange) -> FileChange:
    """Return *change* without the paths that a database cannot hold: git's are bytes, and may be long."""
    if _is_storable(change.old_path) and _is_storable(change.new_path):
        return change
    if change.old_path and _is_storable(change.old_path):
        return FileChange(change.old_path, None)
    return replace(change, old_path=None, new_path=None, hunks=())


def _is_storable(path: str | None) -> bool:
    return path is None or (len(path) <= MAX_INDEXED_PATH and path.isprintable())


def _standing(lines: Lines, repository: UUID, at: datetime) -> Iterator[Seen]:
    births = dict(LineBirth.objects.filter(repository=repository).values_list("number", "born_at"))
    for path, numbers in lines.files.items():
        for number, count in Counter(numbers).items():
            if number != BLANK:
                days = (at - births[number]).total_seconds() / DAY_S
                yield Seen(path, lines.marks[number].origin, days, is_ended=False, lines=count)


def _ended(repository: UUID) -> Iterator[Seen]:
    rows = LineEnd.objects.filter(birth__repository=repository).values_list(
        "path", "birth__origin", "birth__born_at", "ended_at", "is_change", "lines"
    )
    for path, origin, born_at, ended_at, is_change, lines in rows.iterator():
        days = (ended_at - born_at).total_seconds() / DAY_S
        yield Seen(path, _ENCODED_ORIGINS[origin], days, is_ended=is_change, lines=lines)
