"""What people who watch over the sandbox are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished
from django.test import Client

from apps.governance.models import User
from apps.jobs.services import attempt_ended
from apps.sandbox import health
from apps.sandbox.gateways import pool as pool_module
from apps.sandbox.gateways.tally import Tally
from apps.sandbox.models import SandboxDay
from apps.sandbox.services import Limits, Sandbox, SandboxUnavailable, ScriptRun, sandbox_run

ENDLESS = ScriptRun("while True: pass", limits=Limits(wall_s=0.1))
BROKEN = ScriptRun("def (")


@pytest.fixture
def own() -> Iterator[Sandbox]:
    opened = Sandbox.open(workers=1)
    yield opened
    opened.close()


@pytest.fixture
def day(db: None) -> SandboxDay:
    """The day on which this process ran one script, ended another and refused a third."""
    pool_module.process_tally()
    for spec in (ScriptRun("print(1)"), ENDLESS, BROKEN):
        sandbox_run(spec)
    health.health_record()
    return SandboxDay.objects.get()


def test_runs_kills_and_refusals_are_counted_once(own: Sandbox) -> None:
    for spec in (ScriptRun("1 / 0"), ENDLESS, BROKEN):
        own.run(spec)
    assert own.counter.take() == Tally(runs=3, kills=1, refusals=1, starts=1, longest_queue=1)
    assert not own.counter.take()


def test_a_machine_that_cannot_isolate_counts_as_refusals(own: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module.diagnosis, "machine_supported", lambda: False)
    with pytest.raises(SandboxUnavailable):
        own.run(ScriptRun(""))
    assert own.counter.take() == Tally(runs=1, refusals=1, longest_queue=1)


def test_a_fork_server_that_has_served_long_enough_is_replaced(own: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    own.run(ScriptRun(""))
    own.counter.take()
    monkeypatch.setattr(pool_module, "RUNS_OF_A_WORKER", 2)
    assert [own.run(ScriptRun(f"print({i})")).stdout for i in range(6)] == [f"{i}\n" for i in range(6)]
    assert own.counter.take().starts == 3  # the first has the self-test behind it already


def test_a_result_says_how_many_walls_there_were(own: Sandbox) -> None:
    assert own.run(ScriptRun("")).tier == pool_module.tier()


def test_what_was_counted_is_added_to_the_day(day: SandboxDay) -> None:
    assert (day.runs, day.kills, day.refusals, day.failures) == (3, 1, 1, 0)
    assert int(day.node.split(".")[0]) >= 20
    sandbox_run(ScriptRun(""))
    health.health_record()
    day.refresh_from_db()
    assert (day.runs, day.kills) == (4, 1)


def test_where_nothing_was_run_nothing_is_written(db: None, django_assert_num_queries: object) -> None:
    pool_module.process_tally()
    with django_assert_num_queries(0):  # type: ignore[operator]
        health.health_record()


@pytest.mark.parametrize("signal", [attempt_ended, request_finished])
def test_it_is_written_down_after_a_job_and_after_a_request(db: None, signal: object) -> None:
    assert any(receiver() is health.health_record for _, receiver, *_ in signal.receivers)  # type: ignore[attr-defined]


def test_the_admin_site_shows_it(day: SandboxDay, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", password="-"))
    page = client.get("/admin/sandbox/sandboxday/").content.decode()
    assert day.machine in page and "All walls" in page
