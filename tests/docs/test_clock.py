"""The clock of documentation: a lapse restarts it, a short stale spell does not, and nobody sets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clock import now
from apps.docs.clock_figures import clocks_of
from apps.docs.engine.clock import GRACE, Clock, Observed, Release, clock, is_release
from apps.docs.models import DocumentationArtifact, DocumentationObservation, DocumentationRelease
from apps.docs.services import documentation_generate, documentation_observe, observation_start
from apps.governance.measures import MeasureUnavailable, Reading, Window, measure_find
from apps.governance.models import Scope, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.repositories.models import Repository
from apps.repositories.services import index_request, revision_record
from tests.docs.conftest import PRICES
from tests.git import git
from tests.project import newest

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
STATES = st.sampled_from(["in_sync", "stale", "broken", "unknown"])
TIMELINES = st.lists(st.tuples(st.integers(0, 120), STATES), min_size=1, max_size=15)


def timeline(steps: list[tuple[int, str]]) -> list[Observed]:
    """Return observations, each so many hours after the one before."""
    at, found = START, []
    for hours, state in steps:
        at += hours * HOUR
        found.append(Observed(at, state, f"at hour {(at - START) // HOUR}"))
    return found


def weekly(weeks: int) -> list[Release]:
    return [Release(f"v1.{week}", START + timedelta(weeks=week)) for week in range(weeks)]


def lapses(observed: list[Observed], now: datetime) -> list[datetime]:
    """Return until when each lapse lasted, worked out hour by hour: the slow and obvious way."""
    found, stale_hours = [], 0
    for hour in range((now - START) // HOUR):
        at = START + hour * HOUR
        standing = [one.state for one in observed if one.at <= at]
        if not standing:
            continue
        stale_hours = stale_hours + 1 if standing[-1] == "stale" else 0
        if standing[-1] in ("broken", "unknown") or stale_hours > GRACE // HOUR:
            found.append(at)
    return found


class TestEngine:
    def test_it_runs_from_when_the_pages_came_into_sync_through_the_releases_since(self):
        found = clock(timeline([(24, "in_sync")]), weekly(4), START + timedelta(days=25))
        assert (found.since, found.cycles) == (START + 24 * HOUR, 2)
        assert [one.name for one in found.releases] == ["v1.1", "v1.2", "v1.3"]

    @pytest.mark.parametrize(("hours", "restarts"), [(1, False), (72, False), (73, True), (500, True)])
    def test_stale_for_72_hours_is_forgiven_and_longer_is_not(self, hours, restarts):
        found = clock(timeline([(0, "in_sync"), (200, "stale"), (hours, "in_sync")]), [], START + 1000 * HOUR)
        assert found.since == (START + (200 + hours) * HOUR if restarts else START)
        assert ("stale for more than 72 hours" in found.restarted_because) is restarts

    def test_stale_through_several_commits_is_one_spell(self):
        steps = [(0, "in_sync"), (10, "stale"), (40, "stale"), (40, "in_sync")]
        assert clock(timeline(steps), [], START + 100 * HOUR).since == START + 90 * HOUR

    @pytest.mark.parametrize("state", ["broken", "unknown"])
    def test_broken_for_a_moment_restarts_it_with_the_reason(self, state):
        found = clock(timeline([(0, "in_sync"), (50, state), (0, "in_sync")]), weekly(2), START + 400 * HOUR)
        assert found.since == START + 50 * HOUR
        assert found.restarted_because == f"{state} on 3 Sep 2026 02:00: at hour 50"

    def test_a_spell_that_is_not_over_stops_it_once_the_hours_have_passed(self):
        observed = timeline([(0, "in_sync"), (10, "stale")])
        assert clock(observed, [], START + 82 * HOUR).since == START
        assert clock(observed, [], START + 83 * HOUR).since is None

    def test_without_an_observation_it_stands(self):
        assert clock([], weekly(3), START + timedelta(days=90)) == Clock(None, "", ())

    @given(TIMELINES, st.integers(0, 300))
    def test_no_lapse_lies_within_the_time_that_it_ran(self, steps, later):
        observed = timeline(steps)
        at = observed[-1].at + later * HOUR
        found = clock(observed, weekly(20), at)
        ended = lapses(observed, at)
        if found.since is not None:
            assert all(lapse < found.since for lapse in ended)
            assert all(release.at >= found.since for release in found.releases)

    @pytest.mark.bar(15)
    @given(TIMELINES, st.integers(1, 200), st.integers(73, 400), st.integers(0, 300))
    def test_an_injected_stale_page_restarts_it(self, steps, before, hours, later):
        end = (timeline(steps)[-1].at - START) // HOUR + before + hours + later
        injected = timeline([*steps, (before, "stale"), (hours, "in_sync")])
        found = clock(injected, weekly(20), START + end * HOUR)
        assert found.since == injected[-1].at
        assert all(release.at >= injected[-1].at for release in found.releases)
        assert "stale for more than 72 hours" in found.restarted_because

    @pytest.mark.bar(15)
    @given(TIMELINES, st.integers(1, 200), st.sampled_from(["broken", "unknown"]), st.integers(0, 100))
    def test_an_injected_broken_page_restarts_it_however_short_it_was(self, steps, before, state, hours):
        injected = timeline([*steps, (before, state), (hours, "in_sync")])
        assert clock(injected, [], injected[-1].at + HOUR).since == injected[-1].at

    @pytest.mark.parametrize(
        "tag", ["v1.0", "1.2.3", "2026.11", "release-2026.11", "shop/1.4.0", "shop@2.0.1", "v1.0-build5"]
    )
    def test_a_version_is_a_release(self, tag):
        assert is_release(tag)

    @pytest.mark.parametrize(
        "tag",
        [
            "v1",
            "nightly",
            "1.0rc1",
            "v2.0-beta.1",
            "1.0.0-alpha",
            "2.0-M1",
            "1.0b2",
            "1.0.dev3",
            "",
            "v1.0\n",
            "1." * 5_000,
        ],
    )
    def test_a_tag_before_a_release_or_of_something_else_is_none(self, tag):
        assert not is_release(tag)


def dated(at: datetime, files: dict[str, str], commit: Callable[..., str], monkeypatch) -> str:
    monkeypatch.setenv("GIT_COMMITTER_DATE", at.isoformat())
    monkeypatch.setenv("GIT_AUTHOR_DATE", at.isoformat())
    return commit(files)


def read(scope: Scope) -> Reading:
    measure = measure_find("docs.sync_cycle")
    assert measure is not None
    return measure.read([scope.pk], Window(now() - timedelta(days=90), now()))


@pytest.fixture
def page(repository: Repository, engineer: User) -> DocumentationArtifact:
    return documentation_generate(revision=newest(repository), actor=engineer)


@pytest.mark.django_db
class TestObserving:
    def test_a_written_page_is_held_against_the_newest_commit(self, page, repository):
        [seen] = DocumentationObservation.objects.all()
        assert (seen.artifact, seen.state, seen.changes, seen.begun_at) == (page, "in_sync", 0, page.last_updated)
        assert documentation_observe(repository=repository) == 0

    def test_each_commit_is_held_against_the_page_of_its_time(self, page, repository, commit, monkeypatch):
        after = page.last_updated + timedelta(microseconds=1)
        monkeypatch.setattr("apps.docs.services.observations.now", lambda: after + 9 * HOUR)
        changed = PRICES.replace("percent: int", "percent: float")
        dated(after + 2 * HOUR, {"shop/prices.py": changed}, commit, monkeypatch)
        dated(after + 3 * HOUR, {"README.md": "Shop."}, commit, monkeypatch)
        dated(after + 4 * HOUR, {"shop/prices.py": "def other() -> int: ...\n"}, commit, monkeypatch)
        assert documentation_observe(repository=repository) == 3
        states = DocumentationObservation.objects.order_by("begun_at", "id").values_list("state", "changes")
        assert list(states) == [("in_sync", 0), ("stale", 1), ("stale", 1), ("broken", 3)]

    def test_a_commit_of_before_that_came_late_is_held_against_the_page_all_the_same(
        self, page, repository, commit, monkeypatch
    ):
        early = page.last_updated - timedelta(days=9)
        dated(early, {"shop/prices.py": "x = 1\n"}, commit, monkeypatch)
        documentation_observe(repository=repository)
        assert DocumentationObservation.objects.order_by("begun_at", "id").last().state == "broken"

    def test_a_date_in_the_future_puts_nothing_off(self, page, repository, commit, monkeypatch):
        dated(now() + timedelta(days=900), {"shop/prices.py": "x = 1\n"}, commit, monkeypatch)
        documentation_observe(repository=repository)
        assert clocks_of([repository], now())[repository.pk].clock.since is None

    @pytest.mark.parametrize("table", ["docs_documentationobservation", "docs_documentationrelease"])
    @pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}"])
    def test_the_database_keeps_what_was_observed(self, page, repository, table, verb):
        DocumentationRelease.objects.create(repository=repository, name="v1.0", tagged_at=now())
        with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
            connection.cursor().execute(verb.format(table))

    def test_a_tag_that_is_moved_later_moves_no_release(self, page, repository, commit, monkeypatch, tmp_path):
        path = tmp_path / "shop"
        monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-11-01T12:00Z")
        git(path, "tag", "-a", "-m", "r", "v1.0")
        git(path, "tag", "-a", "-m", "r", "v1.1rc1")
        documentation_observe(repository=repository)
        monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-11-09T12:00Z")
        git(path, "tag", "-a", "-f", "-m", "r", "v1.0")
        documentation_observe(repository=repository)
        assert [(one.name, one.tagged_at.day) for one in DocumentationRelease.objects.all()] == [("v1.0", 1)]


@pytest.mark.django_db
class TestMeasure:
    def released(self, repository: Repository, *days_ago: int) -> None:
        DocumentationRelease.objects.bulk_create(
            DocumentationRelease(repository=repository, name=f"2026.{day}", tagged_at=now() - timedelta(days=day))
            for day in days_ago
        )

    def seen(self, page: DocumentationArtifact, repository: Repository, sha: str, state: str, days_ago: int) -> None:
        revision = repository.revisions.create(sha=sha, subject="Change", committed_at=now() - timedelta(days=days_ago))
        DocumentationObservation.objects.create(
            repository=repository, revision=revision, artifact=page, state=state, changes=1,
            begun_at=now() - timedelta(days=days_ago),
        )  # fmt: skip

    def test_a_full_cycle_counts_and_says_for_how_long(self, page, repository, scope):
        self.seen(page, repository, "a" * 40, "in_sync", 60)
        self.released(repository, 50, 20)
        found = read(scope)
        assert (found.value, found.n) == (1.0, 1)
        assert found.sources[0].title == "shop: in sync 60 d · 1 full release cycle, to 2026.20"

    def test_a_lapse_between_the_releases_restarts_it_at_none(self, page, repository, scope):
        self.seen(page, repository, "a" * 40, "in_sync", 60)
        self.seen(page, repository, "b" * 40, "broken", 30)
        self.seen(page, repository, "c" * 40, "in_sync", 29)
        self.released(repository, 50, 20)
        found = read(scope)
        assert (found.value, found.n) == (0, 1)
        assert "in sync 29 d · release 2026.20 since start; last restart: broken on" in found.sources[0].title

    def test_without_two_releases_or_a_page_it_is_missing(self, repository, scope, engineer):
        assert "has no documentation page" in read(scope).missing
        documentation_generate(revision=newest(repository), actor=engineer)
        self.released(repository, 5)
        assert "fewer than two releases" in read(scope).missing

    def test_a_commit_that_nobody_looked_at_is_an_error(self, page, repository, scope, commit):
        self.released(repository, 50, 20)
        assert read(scope).value == 0
        sha = commit({"README.md": "Shop."})
        with pytest.raises(MeasureUnavailable, match=sha[:12]):
            read(scope)
        documentation_observe(repository=repository)
        assert read(scope).value == 0


@pytest.mark.django_db
class TestPages:
    def test_the_list_and_the_page_show_the_clock(self, page, client_of, engineer, repository):
        client = client_of(engineer)
        DocumentationRelease.objects.create(repository=repository, name="2026.11", tagged_at=now())
        assert "in sync 0 d · release 2026.11 since start" in client.get("/docs").content.decode()
        assert "Clock of shop" in client.get(f"/docs/{page.pk}").content.decode()

    def test_it_is_brought_up_to_date_by_those_who_may(self, page, client_of, engineer, auditor, stranger):
        assert client_of(stranger).post("/docs/follow", {"repository": "shop"}).status_code == 404
        assert client_of(auditor).post("/docs/follow", {"repository": "shop"}).status_code == 403
        client: Client = client_of(engineer)
        assert client.post("/docs/follow", {"repository": "shop"}).status_code == 302
        assert Job.objects.filter(kind="docs.observe").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_job_observes_and_an_indexed_commit_asks_for_it(page, repository, commit):
    revision = revision_record(repository=repository, sha=commit({"README.md": "Shop."}))
    job_execute(index_request(revision=revision).pk)
    [job] = Job.objects.filter(kind="docs.observe")
    job_execute(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress["observations"]) == ("succeeded", 1)
    assert observation_start(repository=repository, requested_by=None).pk != job.pk
