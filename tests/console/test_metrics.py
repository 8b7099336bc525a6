"""Metrics: sampled daily from what was recorded, compared with baselines, and shown to whoever may read the place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.console.metrics import sampling
from apps.console.metrics.baselines import BaselinesUnreadable, baselines_import, baselines_newest
from apps.console.metrics.catalogue import baseline_keys, metrics
from apps.console.metrics.definitions import OWN
from apps.console.metrics.metric import Metric
from apps.console.metrics.sampling import SAMPLE_JOB, places_refresh, samples_due, samples_request, samples_take
from apps.console.metrics.trends import trends_for
from apps.console.models import Baseline, MetricSample
from apps.core.clock import now
from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.governance.measures import MeasureUnavailable, Reading, Window, measure_find
from apps.governance.models import AuditEvent, Organisation, RoleAssignment, Scope
from apps.governance.services import NotAllowed
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.services import jobs_due_begin
from apps.repositories.models import Lineage, LineBirth, Repository, Revision
from tests.shop import approve, code, engineer, home, person, repository, scope

__all__ = ["code", "engineer", "home", "person", "repository", "scope"]

pytestmark = pytest.mark.django_db

Role = RoleAssignment.Role
CSV = "metric,value,from,to,source\nconsole.velocity,0.5,2025-01-01,2025-12-31,Ticket system\n"
DEFAULTS = {"version": 1, "value": 2.0, "n": 8, "low": 1.0, "high": 4.0}


@pytest.fixture
def lead(person):
    return person("lea", Role.QUALITY_LEAD)


@pytest.fixture
def page(client: Client, engineer):
    client.force_login(engineer)
    return client


@pytest.fixture
def sample(scope):
    def make(key="console.velocity", *, ago=0, place=scope, **values):
        at = now()
        return MetricSample.objects.create(
            key=key,
            scope=place,
            day=at.date() - timedelta(days=ago),
            as_of=at - timedelta(days=ago),
            **DEFAULTS | values,
        )

    return make


class TestSampling:
    @pytest.mark.django_db(transaction=True)
    def test_a_job_samples_every_metric_of_every_place_once_a_day(self, repository, engineer, scope):
        whole = Scope.objects.create(organisation=scope.organisation, repository="")
        Scope.objects.create(organisation=Organisation.objects.create(name="Empty"), repository="")
        job = samples_request(requested_by=engineer)
        job_execute(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.SUCCEEDED, job.error
        expected = sum(len(metric.origins) for metric in metrics())
        for place in (scope, whole):
            assert MetricSample.objects.filter(scope=place).count() == expected
        assert MetricSample.objects.count() == 2 * expected
        samples_take(day=now().date())
        assert MetricSample.objects.count() == 2 * expected

    def test_where_nothing_was_recorded_each_sample_says_what_is_missing(self, repository):
        samples_take(day=now().date())
        told = MetricSample.objects.all()
        assert not told.exclude(value=None).exists()
        assert all(one.missing.endswith(".") for one in told)

    @pytest.mark.parametrize("failure", [MeasureUnavailable("The disk is not there."), OSError("disk")])
    def test_a_source_that_cannot_be_read_leaves_an_error_and_the_others_their_values(
        self, repository, monkeypatch, failure
    ):
        def broken(_scopes, _window):
            raise failure

        broken_one = replace(measure_find("console.coverage"), read=broken)
        works = replace(measure_find("console.velocity"), read=lambda _scopes, _window: Reading(1.0, 1))
        monkeypatch.setattr(sampling, "metrics", lambda: [Metric(broken_one), Metric(works)])
        samples_take(day=now().date())
        assert MetricSample.objects.get(key="console.coverage").is_error
        assert MetricSample.objects.get(key="console.velocity").value == 1.0

    def test_queue_processes_ask_for_the_day_once(self, repository):
        assert samples_due(now())
        jobs_due_begin(at=now())
        assert samples_due(now()) == []
        jobs_due_begin(at=now())
        assert Job.objects.filter(kind=SAMPLE_JOB).count() == 1

    def test_the_newest_commit_of_each_branch_is_looked_at_and_a_lost_repository_stops_nothing(
        self, repository, scope, tmp_path
    ):
        elsewhere = Scope.objects.create(organisation=scope.organisation, repository="gone")
        Repository.objects.create(scope=elsewhere, name="gone", path=str(tmp_path / "gone"))
        assert places_refresh() == 1
        assert Revision.objects.get().repository == repository
        assert Job.objects.filter(kind="repositories.lineage").count() == 1

    def test_without_a_repository_nobody_is_asked(self, db):
        assert samples_due(now()) == []

    def test_lines_are_sampled_by_origin(self, repository, scope):
        revision = Revision.objects.create(repository=repository, sha="a" * 40, committed_at=now())
        Lineage.objects.create(
            revision=revision,
            reader=1,
            position=0,
            ai_lines=1,
            human_lines=6,
            mixed_lines=3,
            measured_at=now() - timedelta(minutes=1),
        )
        for number, (origin, lines) in enumerate((("ai", 3), ("human", 1))):
            LineBirth.objects.create(
                repository=repository,
                number=number,
                position=0,
                sha="a" * 40,
                origin=origin,
                lines=lines,
                born_at=now() - timedelta(days=1),
                request_id="11111111-1111-1111-1111-111111111111" if origin == "ai" else None,
            )
        samples_take(day=now().date())
        shares = dict(MetricSample.objects.filter(key="console.line_share").values_list("origin", "value"))
        assert shares == {"": 0.1, "ai": 0.1, "human": 0.6, "mixed": 0.3}
        assert MetricSample.objects.get(key="console.code_automated").value == 0.75

    def test_new_patterns_are_told_four_weeks_after_the_first_sample(self, repository, scope, sample):
        window = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 29, tzinfo=UTC))
        measure = measure_find("console.patterns_new")
        assert "mined" in measure.read([scope.pk], window).missing


class TestBaselines:
    def test_an_import_is_the_next_version_and_in_the_audit_chain(self, repository, scope, lead):
        baselines_import(actor=lead, scope=scope, content=CSV.encode())
        second = json.dumps(
            [
                {
                    "metric": "console.velocity",
                    "value": 2,
                    "from": "2024-01-01",
                    "to": "2024-12-31",
                    "source": "Counted again",
                }
            ]
        )
        baselines_import(actor=lead, scope=scope, content=second.encode())
        (newest,) = baselines_newest(scope)
        assert (newest.version, newest.value, newest.source) == (2, 2.0, "Counted again")
        entry = AuditEvent.objects.filter(action="metrics.import").latest("sequence")
        assert entry.detail == {"versions": {"console.velocity": 2}}

    def test_a_repository_takes_its_organisations_where_it_has_none(self, repository, scope, person):
        whole = Scope.objects.create(organisation=scope.organisation, repository="")
        chair = person("carl")
        RoleAssignment.objects.create(user=chair, scope=whole, role=Role.CHAIR)
        baselines_import(actor=chair, scope=whole, content=CSV.encode())
        assert [one.scope_id for one in baselines_newest(scope)] == [whole.pk]
        baselines_import(actor=chair, scope=scope, content=CSV.replace("0.5", "0.7").encode())
        assert [one.value for one in baselines_newest(scope)] == [0.7]

    def test_an_engineer_imports_nothing(self, repository, scope, engineer):
        with pytest.raises(NotAllowed):
            baselines_import(actor=engineer, scope=scope, content=CSV.encode())

    def test_of_a_file_with_a_mistake_nothing_is_taken(self, repository, scope, lead):
        wrong = CSV + "console.coverage,0,2025-01-01,2999-01-01,\n"
        with pytest.raises(BaselinesUnreadable) as caught:
            baselines_import(actor=lead, scope=scope, content=wrong.encode())
        for words in (
            "Line 3",
            "no metric that has a baseline",
            "no number above 0",
            "not over yet",
            "one line of text",
        ):
            assert words in str(caught.value)
        assert not Baseline.objects.exists()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe",
            b"[1]",
            b"[" * 100_000,
            b"a,b\n1,2\n",
            b"x" * 1_000_001,
            (CSV + CSV.split("\n")[1]).encode(),
        ],
    )
    def test_what_is_no_table_is_refused_with_a_sentence(self, repository, scope, lead, content):
        with pytest.raises(BaselinesUnreadable, match=r"\.$"):
            baselines_import(actor=lead, scope=scope, content=content)

    def test_the_database_keeps_each_as_it_was_imported(self, repository, scope, lead):
        (kept,) = baselines_import(actor=lead, scope=scope, content=CSV.encode())
        for statement in ("UPDATE console_baseline SET value = 9", "DELETE FROM console_baseline"):
            with (
                pytest.raises(IntegrityError, match="never changed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        assert Baseline.objects.get().value == kept.value

    def test_the_page_imports_a_file_and_says_what_is_wrong_with_another(self, client, repository, lead):
        client.force_login(lead)
        good = client.post("/metrics/baselines", {"file": SimpleUploadedFile("b.csv", CSV.encode())})
        assert good.status_code == 302
        bad = client.post("/metrics/baselines", {"file": SimpleUploadedFile("b.csv", b"metric\n")})
        assert bad.status_code == 422
        assert "lacks the headings" in bad.content.decode()
        assert "Ticket system" in client.get("/metrics/baselines").content.decode()

    def test_the_page_offers_no_import_to_an_engineer_and_refuses_one(self, page, repository):
        assert 'name="file"' not in page.get("/metrics/baselines").content.decode()
        sent = page.post("/metrics/baselines", {"file": SimpleUploadedFile("b.csv", CSV.encode())})
        assert sent.status_code == 403

    def test_every_goal_that_compares_has_a_baseline_to_import(self):
        compared = {metric.key for metric in OWN if metric.goal and metric.goal.against != "value"}
        assert compared == set(baseline_keys())


class TestPage:
    def test_it_shows_value_n_interval_goal_and_how_it_compares(self, page, repository, scope, lead, sample):
        sample(value=3.0, low=2.6, high=3.5, ago=7)
        sample(value=3.0, low=2.6, high=3.5)
        baselines_import(actor=lead, scope=scope, content=CSV.encode())
        text = page.get("/metrics").content.decode()
        for words in (
            "Delivered changes a week",
            "95 % 2.60–3.50",
            "6.0 times the baseline",
            "5 times as many as before",
        ):
            assert words in text
        assert "No source of production bugs" not in text
        assert "It was not measured here in this period." in text
        assert "No baseline is imported: bugs found in production a week." in text

    def test_the_address_chooses_place_period_and_origin(self, page, repository, sample):
        sample("console.line_share", origin="human", value=0.62, low=None, high=None)
        sample("console.line_share", value=0.21, low=None, high=None)
        sample("console.line_share", value=0.33, low=None, high=None, ago=60)
        assert "21.0" in page.get("/metrics?repository=shop").content.decode()
        assert "62.0" in page.get("/metrics?repository=shop&origin=human&period=4w").content.decode()
        assert page.get("/metrics?repository=elsewhere").status_code == 404
        assert page.get("/metrics?period=nonsense&origin=nonsense").status_code == 200

    def test_a_place_that_one_may_not_read_does_not_exist(self, client, repository, person, sample):
        sample()
        stranger = person("nemo")
        client.force_login(stranger)
        assert "Nothing to measure for you" in client.get("/metrics").content.decode()
        for url in (
            "/metrics?repository=shop",
            "/metrics/console.velocity",
            "/metrics/export.csv",
            "/metrics/baselines",
        ):
            assert "Delivered changes" not in client.get(url).content.decode()

    def test_a_sample_that_is_days_old_is_stale_and_an_error_an_error(self, page, repository, sample):
        sample(ago=5)
        sample("console.coverage", value=None, missing="The disk is not there.", is_error=True)
        text = page.get("/metrics").content.decode()
        assert "stale" in text
        assert "The disk is not there." in text

    def test_a_figure_that_leaves_a_part_out_says_so_and_never_meets_its_goal(self, page, engineer, repository, sample):
        sample("console.change_cost", value=1.0)
        Baseline.objects.create(
            scope=repository.scope,
            key="console.change_cost",
            version=1,
            value=100.0,
            period_start=date(2025, 1, 1),
            period_end=date(2025, 6, 30),
            source="Ledger",
            imported_by=engineer,
        )
        text = page.get("/metrics/console.change_cost").content.decode()
        assert "What people and machines cost is not recorded: the goal is never said met." in text
        assert "99 % less" in text
        assert "insufficient data" in text

    def test_one_metric_has_its_weeks_as_a_figure_and_a_table_and_the_rows_behind(self, page, repository, sample):
        sample(sources=[{"title": "Round amounts", "url": "/requests/1"}])
        sample(ago=8, value=1.0)
        whole = page.get("/metrics/console.velocity").content.decode()
        for words in ("data-chart-data", "Week of", "Round amounts", "definition 1", "2 a week on"):
            assert words in whole
        part = page.get("/metrics/console.velocity", headers={"hx-request": "true"}).content.decode()
        assert "<html" not in part
        assert "data-chart-data" in part
        assert page.get("/metrics/console.nothing").status_code == 404
        assert "?organisation=Acme&amp;repository=shop&amp;period=12w&amp;origin=human" not in whole
        by_origin = page.get("/metrics/console.line_share").content.decode()
        assert "?organisation=Acme&amp;repository=shop&amp;period=12w&amp;origin=human" in by_origin

    @pytest.mark.parametrize("form", ["csv", "json"])
    def test_who_exports_figures_is_written_down(self, page, engineer, repository, sample, form):
        sample()
        page.get(f"/metrics/export.{form}?period=12w&repository=shop&metric=console.velocity")
        event = AuditEvent.objects.latest("sequence")
        assert (event.action, event.object_kind, event.object_id) == ("file.export", "file", f"metrics.{form}")
        assert (event.actor_id, event.scope) == (str(engineer.pk), repository.scope)
        assert event.detail["asked"] == {"period": "12w", "repository": "shop", "metric": "console.velocity"}

    def test_a_single_value_is_drawn_on_an_axis_of_weeks(self, page, repository, sample):
        sample()
        whole = page.get("/metrics/console.velocity").content.decode()
        figure = json.loads(re.search(r"<script[^>]* data-chart-data>(.*?)</script>", whole)[1])
        first, last = (date.fromisoformat(day) for day in figure["layout"]["xaxis"]["range"])
        assert last - first == timedelta(weeks=4)

    def test_the_survival_of_lines_is_drawn_for_a_repository(self, page, repository):
        revision = Revision.objects.create(repository=repository, sha="a" * 40, committed_at=now())
        weeks = [[0, 1.0, 1.0, 1.0, 30], [7, 0.8, 0.7, 0.9, 20]]
        Lineage.objects.create(
            revision=revision,
            reader=1,
            position=0,
            ai_lines=1,
            human_lines=1,
            mixed_lines=0,
            survival={"ai": {"lines": 30, "ended": 6, "longest_days": 8, "weeks": weeks}},
        )
        assert "AI: 80 % of 30 lines live after 1 week." in page.get("/metrics").content.decode()

    def test_the_page_of_a_metric_exports_its_own_samples_only(self, page, repository, sample):
        sample("console.velocity")
        sample("console.lessons")
        text = page.get("/metrics/console.lessons").content.decode()
        assert "metric=console.lessons" in text and "Export" in text
        told = page.get("/metrics/export.json?metric=console.lessons").json()
        assert {one["metric"] for one in told["samples"]} == {"console.lessons"}
        assert page.get("/metrics/export.csv?metric=nothing").content.decode().split() == ["metric"]

    def test_requests_of_low_risk_that_were_merged_are_a_share_of_those_that_ended(
        self, repository, scope, engineer, person
    ):
        people = person("barbara", Role.REVIEWER), person("grace", Role.REVIEWER, is_owner=True)
        for status, risk in (("rejected", "low"), ("rejected", "high"), ("in_review", "low"), ("in_review", "low")):
            request = CodeGenerationRequest.objects.create(
                specification="s", context_snapshot={}, target_language="python", status=status
            )
            GenerationRun.objects.create(
                request=request,
                repository=repository,
                requester=engineer,
                title="T",
                target_path="a.py",
                base_sha="0" * 40,
                risk_tier=risk,
                seed=1,
            )
        approve(request, *people, status="observed")
        metric = next(one for one in OWN if one.key == "console.routine_automated")
        window = Window(now() - timedelta(weeks=4), now() + timedelta(minutes=1))
        found = metric.read([scope.pk], window, "")
        assert (found.value, found.n) == (0.5, 2)
        assert "No request of low risk" in metric.read([scope.pk + 1], window, "").missing

    def test_the_samples_are_exported_and_no_cell_is_a_formula(self, page, repository, sample):
        sample(value=None, low=None, high=None, missing="=1+1.")
        table = page.get("/metrics/export.csv").content.decode()
        assert "'=1+1." in table
        told = page.get("/metrics/export.json").json()
        assert told["samples"][0]["metric"] == "console.velocity"

    def test_twelve_weeks_take_as_many_queries_as_one_day(self, page, repository, sample):
        sample()
        page.get("/metrics")

        def queries():
            with CaptureQueriesContext(connection) as seen:
                assert page.get("/metrics").status_code == 200
            return [one["sql"] for one in seen if "console_metricsample" in one["sql"]], len(seen)

        of_samples, all_queries = queries()
        assert len(of_samples) == 1
        for ago in range(1, 80):
            sample(ago=ago)
            sample("console.coverage", ago=ago)
        assert queries()[1] == all_queries

    def test_who_may_measure_asks_for_a_sample_and_an_auditor_does_not(self, page, client, repository, person):
        assert page.post("/metrics/measure", {"repository": "shop"}).status_code == 302
        assert Job.objects.filter(kind=SAMPLE_JOB).count() == 1
        client.force_login(person("otto", Role.AUDITOR))
        assert client.post("/metrics/measure", {"repository": "shop"}).status_code == 403

    def test_home_gets_four_trends_in_three_queries(self, repository, engineer, sample, django_assert_num_queries):
        for ago in (0, 7, 14):
            sample("generation.approval_rate", ago=ago, value=0.8, low=0.7, high=0.9)
        with django_assert_num_queries(3):
            found = trends_for(engineer, today=now().date())
        assert found.trends[0].spark.band
        assert found.trends[0].row.value == "80.0"
        assert len(found.trends) >= 3


def test_a_day_has_one_id():
    assert sampling.day_id(date(2026, 11, 30)) == sampling.day_id(date(2026, 11, 30))
    assert sampling.day_id(date(2026, 11, 30)) != sampling.day_id(date(2026, 12, 1))
