"""Runs of tests: kept once, counted by test, commit and environment, and told honestly."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.checks.types import MeasurementFailed
from apps.core.clock import now
from apps.core.errors import Conflict
from apps.governance.measures import Reading, Window, measure_find
from apps.governance.models import AuditEvent, Scope, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.quality import services
from apps.quality.engine.reports import CaseOutcome, ReportedCase
from apps.quality.flake_figures import flakes_of
from apps.quality.models import Quarantine, SuiteOutcome, SuiteRun, SuiteTally, SuiteTest
from apps.quality.services import quarantine_lift, quarantine_set, rerun_once, reruns_start
from apps.quality.services.suite_runs import suite_run_record
from apps.quality.types import InputInvalid
from apps.repositories.models import Repository, Revision
from apps.repositories.services import revision_record
from tests.quality.conftest import Send
from tests.quality.test_reports import JUNIT

pytestmark = pytest.mark.django_db
LETTERS = {"p": CaseOutcome.PASSED, "f": CaseOutcome.FAILED, "s": CaseOutcome.SKIPPED}


def run_of(revision: Revision, outcomes: str | Sequence[str], *, environment: str = "ci", **fields: object) -> SuiteRun:
    """Record a run in which the first test did what the first letter says, and so on."""
    cases = [ReportedCase(f"tests::t{number}", LETTERS[one], 0.5) for number, one in enumerate(outcomes)]
    run, is_new = suite_run_record(
        revision=revision,
        environment=environment,
        source=SuiteRun.Source.SANDBOX,
        digest=str(uuid4()),
        cases=cases,
        **fields,
    )
    assert is_new
    return run


def read(*scopes: Scope, until: datetime | None = None) -> Reading:
    measure = measure_find("quality.flake_rate")
    assert measure is not None
    end = until or now() + timedelta(minutes=1)
    return measure.read([scope.pk for scope in scopes], Window(end - timedelta(days=30), end))


class TestCounting:
    def test_each_test_commit_and_environment_has_one_tally_that_grows(self, revision: Revision) -> None:
        for outcomes, environment in (("pfs", "ci"), ("ppp", "ci"), ("fpp", "mac")):
            run_of(revision, outcomes, environment=environment)
        rows = SuiteTally.objects.order_by("environment", "test__name").values_list(
            "environment", "test__name", "passed", "failed", "skipped", "seconds"
        )
        assert list(rows) == [
            ("ci", "tests::t0", 2, 0, 0, 1.0),
            ("ci", "tests::t1", 1, 1, 0, 1.0),
            ("ci", "tests::t2", 1, 0, 1, 0.5),
            ("mac", "tests::t0", 0, 1, 0, 0.5),
            ("mac", "tests::t1", 1, 0, 0, 0.5),
            ("mac", "tests::t2", 1, 0, 0, 0.5),
        ]
        assert SuiteOutcome.objects.count() == 9

    def test_the_tallies_are_what_the_outcomes_say(self, revision: Revision) -> None:
        run_of(revision, "pfpf")
        run_of(revision, "ppps")
        run_of(revision, "ffff", broken_by="The disk was full.")
        for tally in SuiteTally.objects.all():
            of_test = SuiteOutcome.objects.filter(test=tally.test, run__is_infrastructure=False)
            counts = {one: of_test.filter(outcome=one).count() for one in ("passed", "failed", "skipped")}
            assert counts == {"passed": tally.passed, "failed": tally.failed, "skipped": tally.skipped}

    def test_a_name_too_long_to_keep_stays_one_of_its_own(self, revision: Revision) -> None:
        for end in ("a", "b"):
            cases = [ReportedCase("t[" + "x" * 600 + end, CaseOutcome.PASSED, 0)]
            suite_run_record(revision=revision, environment="ci", source=SuiteRun.Source.JUNIT, digest=end, cases=cases)
        names = list(SuiteTest.objects.values_list("name", flat=True))
        assert len(set(names)) == 2
        assert all(len(name) <= 500 for name in names)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE quality_suitetally SET failed = 0",
            "DELETE FROM quality_suitetally",
            "UPDATE quality_suiteoutcome SET outcome = 'passed'",
            "DELETE FROM quality_suiteoutcome",
            "DELETE FROM quality_suiterun",
        ],
    )
    def test_the_database_takes_no_failure_back(self, revision: Revision, statement: str) -> None:
        run_of(revision, "pf")
        with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
            connection.cursor().execute(statement)


class TestRate:
    def test_a_pair_is_flaky_when_it_passed_and_failed_on_one_commit_in_one_environment(
        self, scope: Scope, repository: Repository, revision: Revision, commit: Callable[..., str]
    ) -> None:
        later = revision_record(repository=repository, sha=commit({}))
        run_of(revision, "pppf")
        run_of(revision, "fpsf")
        run_of(later, "fp")  # Executed once here: no pair, and no flake against the commit before.
        run_of(revision, "fff", environment="mac")
        found = read(scope)
        assert (found.n, found.value) == (3, pytest.approx(1 / 3))
        assert (found.low or 0) < 1 / 3 < (found.high or 0)
        assert "shop: tests::t0 at" in found.sources[0].title
        assert "1 passed, 1 failed" in found.sources[0].title

    def test_a_run_that_infrastructure_broke_is_left_out_and_listed(self, scope: Scope, revision: Revision) -> None:
        run_of(revision, "pp")
        run_of(revision, "pp")
        run_of(revision, "ff", broken_by="The runner lost its network.")
        found = read(scope)
        assert (found.value, found.n) == (0, 2)
        assert found.sources[0].title == "1 run broken by infrastructure is left out"

    def test_a_quarantined_test_goes_on_counting(self, scope: Scope, revision: Revision, engineer: User) -> None:
        run_of(revision, "pp")
        run_of(revision, "fp")
        quarantine_set(
            test=SuiteTest.objects.get(name="tests::t0"), owner=engineer, reason="Races.", days=3, actor=engineer
        )
        assert read(scope).value == 0.5

    @pytest.mark.django_db(transaction=True)
    def test_what_a_gate_froze_is_not_changed_by_running_the_tests_again(
        self, scope: Scope, repository: Repository, revision: Revision, commit: Callable[..., str]
    ) -> None:
        run_of(revision, "ppf")
        run_of(revision, "ppp")
        run_of(revision, "ppp", environment="mac")
        run_of(revision, "p", broken_by="The runner lost its network.")
        frozen_at = now()
        frozen = read(scope, until=frozen_at)
        for outcomes in ("fff", "ppp"):
            run_of(revision, outcomes)
            run_of(revision, outcomes, environment="mac")
            run_of(revision_record(repository=repository, sha=commit({})), outcomes)
        again = read(scope, until=frozen_at)
        assert again == frozen
        assert (again.n, again.value) == (3, pytest.approx(1 / 3))
        assert (read(scope).n, read(scope).value) == (6, 1)
        begun_since = Window(frozen_at, frozen_at + timedelta(days=1))
        assert flakes_of([repository], begun_since, tests=[]).pairs == 0
        assert flakes_of([repository], begun_since).pairs == 6

    def test_nothing_executed_twice_is_missing_and_not_zero(self, scope: Scope, revision: Revision) -> None:
        run_of(revision, "ppp")
        found = read(scope)
        assert (found.value, found.n) == (None, 0)
        assert found.missing.startswith("No test of shop was executed twice")

    def test_one_repository_without_pairs_leaves_all_without(
        self, scope: Scope, revision: Revision, tmp_path: object
    ) -> None:
        run_of(revision, "p")
        run_of(revision, "p")
        other = scope_create(organisation="Acme", repository="bank", created_by=None)
        Repository.objects.create(scope=other, name="bank", path="/srv/bank")
        assert read(scope).value == 0
        assert read(scope, other).missing.startswith("No test of bank was executed twice")


class TestSending:
    def test_a_report_is_kept_once(self, send: Send, revision: Revision, engineer: User) -> None:
        first, again = (send("tests", JUNIT, environment="linux") for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 200), first.content
        assert first.json() == again.json()
        assert {key: first.json()[key] for key in ("passed", "failed", "skipped")} == {
            "passed": 2,
            "failed": 4,
            "skipped": 1,
        }
        run = SuiteRun.objects.get()
        assert (run.revision, run.environment, run.source, run.uploaded_by) == (revision, "linux", "junit", engineer)
        tried = SuiteTally.objects.get(test__name="tests.test_prices::test_again")
        assert (tried.passed, tried.failed) == (1, 2)
        assert AuditEvent.objects.filter(action="quality.tests_upload").count() == 1

    def test_what_broke_a_run_is_kept_with_it(self, send: Send, scope: Scope) -> None:
        answer = send("tests", JUNIT, infrastructure="The%20runner%20was%20out%20of%20memory.")
        assert answer.json()["is_infrastructure"] is True
        assert SuiteRun.objects.get().reason == "The runner was out of memory."
        assert not SuiteTally.objects.exists()

    @pytest.mark.parametrize(
        ("content", "query", "status", "words"),
        [
            (JUNIT[:-20], {}, 422, "not well-formed"),
            (b"<testsuites/>", {}, 422, "no test in this report"),
            (JUNIT, {"environment": "%20"}, 422, "no name"),
            (JUNIT, {"environment": "a%00b"}, 422, "cannot be printed"),
            (JUNIT, {"environment": "x" * 101}, 422, "does not fit"),
            (JUNIT, {"sha": "0" * 40}, 422, "has no commit"),
            (b" " * (50 << 20), {}, 413, "larger than 10 MB"),
        ],
    )
    def test_what_cannot_be_kept_is_refused_with_a_sentence(
        self,
        send: Send,
        content: bytes,
        query: dict[str, str],
        status: int,
        words: str,
    ) -> None:
        answer = send("tests", content, **query)
        assert answer.status_code == status
        assert words in answer.json()["detail"]
        assert not SuiteRun.objects.exists()


class TestRunning:
    def test_measuring_coverage_records_what_each_test_did(self, revision: Revision) -> None:
        job = uuid4()
        for _ in range(2):
            services.coverage_analyse(revision=revision, review_id=job)
        run = SuiteRun.objects.get()
        assert (run.source, run.environment, run.passed) == ("sandbox", "sandbox, under coverage", 1)
        assert SuiteTally.objects.get().test.name == "tests/test_prices.py::test_mean"

    def test_a_turn_is_run_once_even_if_its_job_is_run_twice(self, revision: Revision) -> None:
        job = uuid4()
        runs = [rerun_once(revision=revision, job_id=job, turn=turn) for turn in (0, 1, 0, 1)]
        assert [run.pk for run in runs[:2]] == [run.pk for run in runs[2:]]
        tally = SuiteTally.objects.get()
        assert (tally.passed, tally.failed, tally.environment) == (2, 0, "sandbox")
        assert tally.seconds < 5

    def test_a_test_whose_preparation_fails_has_failed(
        self, repository: Repository, commit: Callable[..., str]
    ) -> None:
        text = (
            "import pytest\n\n\n@pytest.fixture\ndef ground():\n    raise OSError('gone')\n\n\n"
            "def test_on_it(ground):\n    pass\n"
        )
        revision = revision_record(repository=repository, sha=commit({"tests/test_ground.py": text}))
        rerun_once(revision=revision, job_id=uuid4(), turn=0)
        tally = SuiteTally.objects.get(test__name="tests/test_ground.py::test_on_it")
        assert (tally.passed, tally.failed) == (0, 1)

    def test_a_run_that_does_not_reach_its_end_is_kept_as_broken_with_why(
        self, repository: Repository, commit: Callable[..., str]
    ) -> None:
        text = "import os\n\n\ndef test_ends():\n    os._exit(3)\n"
        revision = revision_record(repository=repository, sha=commit({"tests/test_ends.py": text}))
        run = rerun_once(revision=revision, job_id=uuid4(), turn=0)
        assert run.is_infrastructure
        assert "ended before they could report" in run.reason
        assert not SuiteTally.objects.exists()

    @pytest.mark.slow
    @pytest.mark.django_db(transaction=True)
    def test_the_newest_commits_are_run_as_often_as_asked(
        self, repository: Repository, commit: Callable[..., str], engineer: User, scope: Scope
    ) -> None:
        commit({})
        for job in reruns_start(repository=repository, times=2, commits=2, requested_by=engineer):
            job_execute(str(job.pk))
        assert set(Job.objects.filter(kind="quality.rerun").values_list("state", flat=True)) == {"succeeded"}
        assert (read(scope).value, read(scope).n) == (0, 2)

    @pytest.mark.parametrize(("times", "commits"), [(1, 1), (21, 1), (2, 0), (2, 21)])
    def test_neither_once_nor_without_end(
        self, repository: Repository, engineer: User, times: int, commits: int
    ) -> None:
        with pytest.raises(InputInvalid, match="2 to 20 times on 1 to 20 commits"):
            reruns_start(repository=repository, times=times, commits=commits, requested_by=engineer)

    @pytest.mark.django_db(transaction=True)
    def test_a_job_of_which_no_run_reached_its_end_fails_with_the_reason(
        self, repository: Repository, engineer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise MeasurementFailed("The tests needed more memory than they may have.")

        monkeypatch.setattr("apps.quality.services.reruns.suite_run", broken)
        [job] = reruns_start(repository=repository, times=2, commits=1, requested_by=engineer)
        job_execute(str(job.pk))
        job.refresh_from_db()
        assert (job.state, SuiteRun.objects.filter(is_infrastructure=True).count()) == ("failed", 2)
        assert "more memory" in str(job.error)


class TestPages:
    def page(self, client: Client, path: str = "") -> str:
        answer: HttpResponse = client.get(f"/repos/shop/quality/flakes{path}")
        assert answer.status_code == 200
        return answer.content.decode()

    def test_without_a_run_it_says_so_and_how_builds_send_theirs(
        self, repository: Repository, client_of: Callable[[User], Client], engineer: User
    ) -> None:
        page = self.page(client_of(engineer))
        assert "No run of the tests was recorded yet" in page
        assert "/api/quality/tests/upload?repository=shop" in page
        assert "0.00" not in page

    def test_flaky_broken_and_slow_are_told_apart_with_rates_and_what_is_needed(
        self, revision: Revision, client_of: Callable[[User], Client], engineer: User
    ) -> None:
        for outcomes in ("pfp", "ffp"):
            run_of(revision, outcomes)
        slow = [ReportedCase("tests::slow", CaseOutcome.PASSED, 9.0)]
        suite_run_record(revision=revision, environment="ci", source=SuiteRun.Source.SANDBOX, digest="slow", cases=slow)
        run_of(revision, "p", broken_by="The machine was switched off.")
        page = self.page(client_of(engineer))
        rows = [row.split("</tr>")[0] for row in page.split("<tr data-href")[1:]]
        assert "tests::t0" in rows[0]
        assert "flaky" in rows[0]
        assert "broken" in rows[1]
        assert "slow" in rows[2]
        assert len(rows) == 3
        assert "1 of 1" in rows[0]
        assert "clean pairs of a test and a commit" in page
        assert "The machine was switched off." in page

    def test_the_table_is_a_file_too(
        self, revision: Revision, client_of: Callable[[User], Client], engineer: User
    ) -> None:
        run_of(revision, "p")
        run_of(revision, "f")
        rows = list(csv.DictReader(io.StringIO(self.page(client_of(engineer), ".csv"))))
        assert [(row["test"], row["kind"], row["pairs"], row["flaky"]) for row in rows] == [
            ("tests::t0", "flaky", "1", "1")
        ]

    def test_one_row_or_twenty_take_the_same_number_of_queries(
        self, repository: Repository, revision: Revision, client_of: Callable[[User], Client], engineer: User
    ) -> None:
        client = client_of(engineer)
        self.page(client)
        counts = []
        for many in (1, 20):
            run_of(revision, "p" * many)
            run_of(revision, "f" * many)
            with CaptureQueriesContext(connection) as queries:
                self.page(client)
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_nobody_without_a_role_sees_or_runs_anything(
        self, revision: Revision, client_of: Callable[[User], Client], stranger: User, auditor: User
    ) -> None:
        run_of(revision, "p")
        test = SuiteTest.objects.get()
        for path in ("", ".csv", f"/{test.pk}"):
            assert client_of(stranger).get(f"/repos/shop/quality/flakes{path}").status_code == 404
        form = {"times": 2, "commits": 1}
        assert client_of(stranger).post("/repos/shop/quality/flakes/rerun", form).status_code == 404
        assert client_of(auditor).post("/repos/shop/quality/flakes/rerun", form).status_code == 403
        assert client_of(auditor).get("/repos/shop/quality/flakes").status_code == 200

    def test_running_again_is_asked_for_at_the_page(
        self, repository: Repository, client_of: Callable[[User], Client], engineer: User
    ) -> None:
        client = client_of(engineer)
        client.post("/repos/shop/quality/flakes/rerun", {"times": "1", "commits": "1"})
        assert not Job.objects.filter(kind="quality.rerun").exists()
        answer = client.post("/repos/shop/quality/flakes/rerun", {"times": "3", "commits": "1"})
        assert answer.headers["Location"] == "/repos/shop/quality/flakes"
        assert Job.objects.get(kind="quality.rerun").payload == {"times": 3}


@pytest.fixture
def flaky(revision: Revision) -> SuiteTest:
    run_of(revision, "p")
    run_of(revision, "f")
    return SuiteTest.objects.get()


class TestQuarantine:
    def test_a_lead_puts_a_test_into_anybodys_care_and_lifts_it(
        self, flaky: SuiteTest, person: Callable[..., User], engineer: User, client_of: Callable[[User], Client]
    ) -> None:
        client = client_of(person("lena", Role.QUALITY_LEAD))
        path = f"/repos/shop/quality/flakes/{flaky.pk}"
        form = {"owner": engineer.pk, "days": 7, "reason": "It races with the clock."}
        client.post(f"{path}/quarantine", form)
        page = client.get(path).content.decode()
        assert "In the care of engineer" in page
        assert "It races with the clock." in page
        assert "engineer until" in client.get("/repos/shop/quality/flakes").content.decode()
        client.post(f"{path}/lift")
        assert Quarantine.objects.get().lifted_by.username == "lena"
        actions = AuditEvent.objects.filter(object_kind="test").values_list("action", flat=True)
        assert list(actions.order_by("sequence")) == ["quality.quarantine", "quality.quarantine_lift"]

    def test_a_reviewer_takes_a_test_into_their_own_care_only(
        self, flaky: SuiteTest, person: Callable[..., User], engineer: User, client_of: Callable[[User], Client]
    ) -> None:
        ravi = person("ravi", Role.REVIEWER)
        client = client_of(ravi)
        path = f"/repos/shop/quality/flakes/{flaky.pk}"
        form = {"owner": engineer.pk, "days": 7, "reason": "r"}
        assert client.post(f"{path}/quarantine", form).status_code == 403
        assert client.post(f"{path}/quarantine", form | {"owner": ravi.pk, "days": 999}).status_code == 422
        assert client.post(f"{path}/quarantine", form | {"owner": ravi.pk}).status_code == 302
        assert Quarantine.objects.get().owner == ravi

    def test_others_may_not_and_the_attempt_is_recorded(
        self, flaky: SuiteTest, engineer: User, client_of: Callable[[User], Client]
    ) -> None:
        path = f"/repos/shop/quality/flakes/{flaky.pk}"
        form = {"owner": engineer.pk, "days": 7, "reason": "r"}
        for what in ("quarantine", "lift"):
            assert client_of(engineer).post(f"{path}/{what}", form).status_code == 403
        assert AuditEvent.objects.filter(outcome="denied", action="test.quarantine").count() == 2
        assert "Put it into quarantine" not in client_of(engineer).get(path).content.decode()

    def test_one_at_a_time_and_never_without_a_reason_or_an_end(self, flaky: SuiteTest, engineer: User) -> None:
        for reason, days in ((" ", 3), ("r", 0), ("r", 91)):
            with pytest.raises(InputInvalid):
                quarantine_set(test=flaky, owner=engineer, reason=reason, days=days, actor=engineer)
        first = quarantine_set(test=flaky, owner=engineer, reason="r", days=1, actor=engineer)
        with pytest.raises(Conflict, match="in quarantine already"):
            quarantine_set(test=flaky, owner=engineer, reason="r", days=1, actor=engineer)
        quarantine_lift(quarantine=first, actor=engineer)
        with pytest.raises(Conflict, match="has ended"):
            quarantine_lift(quarantine=first, actor=engineer)

    def test_one_that_ended_by_itself_is_followed_by_the_next(self, flaky: SuiteTest, engineer: User) -> None:
        at = now()
        past = Quarantine.objects.create(
            test=flaky, owner=engineer, reason="r", set_by=engineer,
            created_at=at - timedelta(days=9), ends_at=at - timedelta(days=2),
        )  # fmt: skip
        quarantine_set(test=flaky, owner=engineer, reason="Still.", days=1, actor=engineer)
        past.refresh_from_db()
        assert (past.lifted_at, past.lifted_by) == (past.ends_at, None)
