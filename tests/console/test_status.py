"""The status page: each part well and not well, figures for staff alone, and the same for programs."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.console import status
from apps.console.status import ROWS, Row, status_rows, worst
from apps.core.clock import now
from apps.governance.engine.chain import CHAIN_ID, CHAIN_KIND
from apps.governance.models import AuditEvent, User
from apps.governance.services import audit_check, audit_record
from apps.jobs.models import FeedPosition, Job, QueueBeat
from apps.jobs.services.beats import queue_beat
from apps.providers.local.catalogue import MODELS
from apps.providers.models import Provider
from apps.providers.services import provider_defaults_ensure
from apps.sandbox.types import Probe
from nofx.env import Environment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def walls(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.delete("sandbox.probe")
    monkeypatch.setattr(status, "sandbox_probe", lambda: Probe(True, details={"javascript": "node 24"}))
    yield
    cache.delete("sandbox.probe")


@pytest.fixture
def reader() -> User:
    return User.objects.create_user("ada", password="correct horse battery")


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("adam", password="correct horse battery", is_staff=True)


def row(key: str) -> Row:
    return next(one for one in status_rows() if one.key == key)


def job(**fields: Any) -> Job:
    return Job.objects.create(kind="probe.work", subject_kind="probe", subject_id=uuid4(), **fields)


def without_workers() -> None:
    QueueBeat.objects.create(name="dead:1", workers=2, beat_at=now() - timedelta(minutes=5))


def waiting_long() -> None:
    job(created_at=now() - timedelta(minutes=11))


def broken_chain() -> None:
    entry = {"action": "audit.verify", "object_kind": CHAIN_KIND, "object_id": CHAIN_ID, "actor": None}
    audit_record(**entry, outcome="failed", reason="Entry 3 was edited.", detail={"count": 7})


def entry(days: int, **fields: Any) -> None:
    """An entry of the audit chain that is so many days old."""
    number = AuditEvent.objects.count() + 1
    common = {"actor_id": "platform", "actor_type": "system", "outcome": "done", "previous_hash": "", "object_id": "1"}
    at = now() - timedelta(days=days)
    AuditEvent.objects.create(sequence=number, at=at, hash=str(number), **(common | {"object_kind": "x"} | fields))


def without_backup() -> None:
    entry(9, action="x")


def backup(days: int, *, problem: str = "") -> None:
    detail = {"file": "one.nofx-backup", "size": 9_000_000, "entries": 7}
    entry(days, action="backup.done", detail=detail, reason=problem, outcome="failed" if problem else "done")


def many_untold() -> None:
    FeedPosition.objects.create(name="people", sequence=0)
    AuditEvent.objects.bulk_create(
        AuditEvent(
            sequence=number,
            at=now(),
            actor_id="platform",
            actor_type="system",
            action="x",
            object_kind="x",
            object_id="1",
            outcome="done",
            previous_hash="",
            hash=str(number),
        )
        for number in range(1, 105)
    )


@pytest.mark.parametrize(
    ("key", "make", "state", "words"),
    [
        ("workers", without_workers, "failed", "No process of the queue lives"),
        ("queue", waiting_long, "stale", "1 job waits, the oldest for 11 min."),
        ("models", lambda: None, "failed", "0 of 0 providers"),
        ("audit", lambda: None, "stale", "never verified"),
        ("audit", broken_chain, "failed", "found it broken"),
        ("backup", without_backup, "stale", "None was ever made."),
        ("backup", lambda: backup(9), "stale", "9.0 MB, read back and whole."),
        ("backup", lambda: backup(1, problem="It was changed."), "failed", "could not be read back: It was changed."),
        ("news", many_untold, "stale", "104 entries"),
    ],
)
def test_what_is_not_well_says_so_and_what_to_do(key: str, make: Callable[[], None], state: str, words: str) -> None:
    make()
    found = row(key)
    assert (found.state, words in found.sentence, bool(found.remedy)) == (state, True, True), found


def test_what_is_well_says_so_and_asks_for_nothing(staff: User) -> None:
    queue_beat()
    queue_beat()
    job()
    job(state="running", claim=uuid4(), heartbeat_at=now())
    Provider.objects.all().delete()
    Provider.objects.create(name="reuse", kind="builtin", model_id="reuse")
    audit_check(actor=staff)
    rows = {one.key: one for one in status_rows()}
    for key in ("workers", "queue", "database", "sandbox", "models", "audit", "news"):
        assert (rows[key].state, rows[key].remedy) == ("ready", ""), rows[key]
    assert rows["workers"].sentence.endswith("1 at work.")
    assert dict(rows["database"].details)["migrations to apply"] == "0"
    assert QueueBeat.objects.count() == 1


def test_a_young_platform_needs_no_backup_yet_and_a_fresh_one_is_well() -> None:
    entry(1, action="x")
    assert (row("backup").state, row("backup").remedy) == ("ready", "")
    backup(2)
    found = row("backup")
    assert (found.state, found.remedy) == ("ready", "")
    assert dict(found.details) == {"file": "one.nofx-backup", "size": "9,000,000 bytes", "entries": "7"}


@pytest.mark.parametrize(
    ("choice", "words"),
    [("none", "3 of 6 providers that are switched on can be asked. 3 are not in use here."), ("all", "2 local models")],
)
def test_models_that_nobody_asked_for_or_that_are_on_the_way_are_no_alarm(
    settings: Any, tmp_path: Path, choice: str, words: str
) -> None:
    settings.NOFX_HOME = tmp_path
    settings.ENVIRONMENT = Environment({"NOFX_LOCAL_MODELS": choice})
    Provider.objects.all().delete()
    provider_defaults_ensure()
    if choice == "all":
        fetched = {"state": "downloading", "bytes": 1, "total": 4}
        (tmp_path / "models").mkdir()
        models = {model.name: fetched for model in MODELS}
        (tmp_path / "models" / "state.json").write_text(json.dumps(models))
    found = row("models")
    assert (found.state, found.remedy) == ("ready", ""), found
    assert words in found.sentence


def test_a_local_model_that_failed_and_a_key_that_is_missing_are_told(settings: Any, tmp_path: Path) -> None:
    settings.NOFX_HOME = tmp_path
    Provider.objects.all().delete()
    provider_defaults_ensure()
    (tmp_path / "models").mkdir()
    failed = {model.name: {"state": "failed", "error": "The disk is full."} for model in MODELS}
    (tmp_path / "models" / "state.json").write_text(json.dumps(failed))
    assert row("models").state == "stale"
    assert "The disk is full." in dict(row("models").details).values()
    Provider.objects.filter(kind="local").delete()
    assert row("models").state == "ready"
    adam, eve = (User.objects.create_user(name) for name in ("adam", "eve"))
    used = {"registered_by": adam, "approved_by": eve, "approved_at": now()}
    Provider.objects.filter(name="openai").update(**used)
    assert row("models").state == "stale", "somebody approved it, so its key is missed"


def test_a_machine_that_isolates_nothing_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.delete("sandbox.probe")
    monkeypatch.setattr(status, "sandbox_probe", lambda: Probe(False, ("user namespaces",), "Switch them on."))
    assert (row("sandbox").state, row("sandbox").remedy) == ("failed", "Switch them on.")


@pytest.mark.parametrize(("free", "state"), [(4, "failed"), (10, "stale"), (50, "ready")])
def test_a_disk_that_fills_up_is_told_early(monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = namedtuple("usage", "total used free")(100, 100 - free, free)
    monkeypatch.setattr(status.shutil, "disk_usage", lambda _path: usage)
    found = row("disk")
    assert (found.state, bool(found.remedy)) == (state, state != "ready")


def test_a_folder_that_nothing_was_written_to_yet_is_on_some_disk(settings: Any, tmp_path: Path) -> None:
    settings.NOFX_HOME = tmp_path / "not" / "there"
    assert "of the disk is free" in row("disk").sentence


def test_the_whole_is_as_bad_as_its_worst_part() -> None:
    rows = [Row("a", "A", state, "") for state in ("ready", "stale", "ready")]
    assert worst(rows) == "stale"
    assert worst([*rows, Row("b", "B", "failed", "")]) == "failed"


def test_figures_are_for_staff_alone(client: Client, reader: User, staff: User) -> None:
    for user, sees in ((reader, False), (staff, True)):
        client.force_login(user)
        page = client.get(reverse("console:status")).content.decode()
        assert f"NOFX {version('nofx')}, as of" in page
        assert "Parts of the platform" in page
        assert ("<summary>Figures</summary>" in page) is sees
        answer = client.get("/api/status").json()
        assert [one["key"] for one in answer["rows"]] == [one.key for one in status_rows()]
        assert any(one["details"] for one in answer["rows"]) is sees
    assert len(answer["rows"]) == len(ROWS)


def test_nobody_gets_in_without_a_name(client: Client) -> None:
    assert client.get(reverse("console:status")).status_code == 302
    assert client.get("/api/status").status_code == 401


def test_no_key_or_password_is_told(client: Client, staff: User, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    Provider.objects.create(
        name="openai", kind="openai", model_id="m", base_url="https://x.example", key_variable="OPENAI_API_KEY"
    )
    client.force_login(staff)
    text = client.get("/api/status").content.decode() + client.get(reverse("console:status")).content.decode()
    for secret in ("sk-very-secret", settings.SECRET_KEY, settings.DATABASES["default"]["PASSWORD"] or "-" * 40):
        assert secret not in text
