"""Coverage for a gate: the smallest of the window, an error where the newest commit has none, never the last value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.clock import now
from apps.governance.measures import MeasureUnavailable, Reading, Window, measure_find
from apps.governance.models import Scope
from apps.governance.services import scope_create
from apps.quality import coverage_figures
from apps.quality.coverage_figures import commits_of
from apps.quality.models import CoverageReport
from apps.repositories.models import Repository
from apps.repositories.services import revision_record
from apps.repositories.types import CommitInfo

MONTH = timedelta(days=30)


def read(scope: Scope, key: str = "quality.coverage_line", *, end: datetime | None = None) -> Reading:
    measure = measure_find(key)
    assert measure is not None
    end = end or now() + timedelta(seconds=1)
    return measure.read([scope.pk], Window(end - MONTH, end))


@pytest.fixture
def report(repository: Repository) -> Callable[..., CoverageReport]:
    def make(sha: str, percent: float, **fields: Any) -> CoverageReport:
        revision = revision_record(repository=repository, sha=sha)
        return CoverageReport.objects.create(revision=revision, line_percent=percent, branch_percent=50, **fields)

    return make


@pytest.fixture
def sent(report: Callable[..., CoverageReport], engineer: Any) -> Callable[..., CoverageReport]:
    def make(sha: str, percent: float, **fields: Any) -> CoverageReport:
        return report(sha, percent, source="lcov", digest=f"{percent}", uploaded_by=engineer, **fields)

    return make


@pytest.mark.django_db
class TestReading:
    @pytest.mark.bar(15)
    def test_the_smallest_of_the_window_counts_and_not_the_last(self, scope, report, commit):
        for percent in (95, 88.5, 97):
            report(commit({}), percent)
        found = read(scope)
        assert (found.value, found.n) == (0.885, 3)
        assert found.sources[0].title.endswith("88.5% of lines, measured in the sandbox")
        assert found.sources[0].url == "/repos/shop/quality/coverage"
        assert read(scope, "quality.coverage_branch").value == 0.5

    def test_without_a_report_for_the_newest_commit_it_is_an_error_and_no_older_one_stands_in(
        self, scope, report, commit
    ):
        report(commit({}), 99)
        newest = commit({})
        with pytest.raises(MeasureUnavailable, match=newest[:12]):
            read(scope)
        report(newest, 99, is_complete=False)
        with pytest.raises(MeasureUnavailable, match="no complete report of lines"):
            read(scope)

    def test_of_two_reports_of_a_commit_the_lower_counts(self, scope, report, sent, commit):
        sha = commit({})
        report(sha, 80)
        sent(sha, 99)
        assert read(scope).value == 0.8

    def test_a_part_of_a_report_counts_for_nothing(self, scope, report, sent, commit):
        sha = commit({})
        report(sha, 91)
        sent(sha, 12, is_complete=False)
        assert read(scope).value == 0.91

    def test_a_report_without_branches_where_others_have_them_is_an_error(self, scope, report, commit):
        report(commit({}), 91)
        newest = report(commit({}), 91)
        CoverageReport.objects.filter(pk=newest.pk).update(branch_percent=None)
        with pytest.raises(MeasureUnavailable, match="report of branches"):
            read(scope, "quality.coverage_branch")

    def test_what_was_never_measured_is_missing_and_not_zero(self, scope, repository):
        found = read(scope)
        assert (found.value, found.n) == (None, 0)
        assert found.missing == "No complete report of lines of shop is there for a commit of the window."

    def test_one_repository_without_figures_leaves_all_without(self, scope, report, commit, tmp_path):
        report(commit({}), 99)
        other = scope_create(organisation="Acme", repository="bank", created_by=None)
        Repository.objects.create(scope=other, name="bank", path=str(tmp_path / "gone"))
        above = scope_create(organisation="Acme", created_by=None)
        with pytest.raises(MeasureUnavailable, match="bank cannot be read"):
            read(above)
        assert read(scope).value == 0.99

    def test_no_repository_is_said(self, db):
        empty = scope_create(organisation="Void", created_by=None)
        assert read(empty).missing == "No repository is among these scopes."


class TestWindow:
    """Which commits are of the window, over any dates that commits may state."""

    @given(st.lists(st.integers(-100, 10), min_size=1, max_size=12), st.integers(-60, -1))
    def test_no_stated_date_takes_a_commit_out_from_between_two_of_the_window(self, days, start):
        today = datetime(2026, 11, 30, tzinfo=UTC)
        commits = [CommitInfo(f"{n}", today + timedelta(days=day), "a", "s") for n, day in enumerate(days)]
        window = Window(today + timedelta(days=start), today)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(coverage_figures, "history", lambda *_, **__: commits)
            patch.setattr(coverage_figures, "head_sha", lambda _: "0")
            patch.setattr(coverage_figures, "now", lambda: today)
            found = commits_of(Repository(name="shop"), window)
        assert found == commits[: len(found)]
        assert found[0] == commits[0]
        assert all(commit in found for commit in commits if commit.committed_at >= window.start)
