"""``nofx status`` says of the parts of the platform what the page says, asked over the API or read here."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from apps.console import status
from apps.governance.models import User
from apps.governance.services import token_issue
from apps.sandbox.types import Probe
from nofx.cli import main
from nofx.cli import status as command
from nofx.cli.exits import Exit

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = {
    "is_answering": True,
    "address": "http://127.0.0.1:1/",
    "database": {"kind": "embedded", "is_running": True},
    "processes": [],
    "logs": "/logs",
}


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A folder with nothing in it, a sandbox that holds, and what the supervisor would say."""
    cache.delete("sandbox.probe")
    monkeypatch.setattr(status, "sandbox_probe", lambda: Probe(True))
    monkeypatch.setenv("NOFX_HOME", str(tmp_path))
    facts = {**FACTS, "database": dict(FACTS["database"])}
    monkeypatch.setattr(command, "status", lambda platform: facts)
    yield facts
    cache.delete("sandbox.probe")


@pytest.fixture
def signed_in(monkeypatch, live_server):
    """Be signed in, as staff, to a platform that answers."""
    user = User.objects.create_user("adam", password="correct horse battery", is_staff=True)
    _, secret = token_issue(user=user, name="t", scopes=["requests:read"], lifetime=timedelta(days=1), issued_by=user)
    monkeypatch.setenv("NOFX_URL", live_server.url)
    monkeypatch.setenv("NOFX_TOKEN", secret)
    return user


def asked(capsys, *words):
    code = main(["status", *words])
    return code, capsys.readouterr().out


def told(rows):
    return [(row["key"], row["state"], row["label"], row["word"]) for row in rows]


def test_page_api_and_command_say_the_same(capsys, signed_in, live_server):
    code, printed = asked(capsys, "--json")
    found = json.loads(printed)
    assert (code, found["read"]) == (Exit.OK, live_server.url)
    browser = Client()
    browser.force_login(signed_in)
    api = browser.get("/api/status").json()
    assert told(found["rows"]) == told(api["rows"])
    assert found["state"] == api["state"]
    page = browser.get("/status").content.decode()
    _, words = asked(capsys)
    for row in found["rows"]:
        assert f"  {row['label']:<14} {row['word']:<11} " in words
        assert row["label"] in page
    assert f"as read by {live_server.url}" in words


def test_without_a_token_the_rows_are_read_in_this_folder(capsys, signed_in, monkeypatch):
    _, over_api = asked(capsys, "--json")
    monkeypatch.delenv("NOFX_TOKEN")
    code, here = asked(capsys, "--json")
    found = json.loads(here)
    assert (code, found["read"]) == (Exit.OK, "here")
    assert told(found["rows"]) == told(json.loads(over_api)["rows"])
    assert "in this folder's database" in asked(capsys)[1]


@pytest.mark.parametrize("token", ["nofx_pat_unknown", "x"])
def test_a_token_that_is_refused_is_no_dead_end(capsys, signed_in, monkeypatch, token):
    monkeypatch.setenv("NOFX_TOKEN", token)
    assert json.loads(asked(capsys, "--json")[1])["read"] == "here"


def test_a_platform_that_does_not_answer_is_still_read(capsys, machine, monkeypatch):
    monkeypatch.setenv("NOFX_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NOFX_TOKEN", "nofx_pat_x")
    machine["is_answering"] = False
    code, printed = asked(capsys)
    assert code == Exit.FAILED
    assert printed.startswith("NOFX does not answer.")
    assert "No process of the queue lives" in printed


def test_a_database_that_is_down_is_not_started(capsys, machine):
    machine["database"]["is_running"] = False
    machine["is_answering"] = False
    code, printed = asked(capsys)
    assert code == Exit.FAILED
    assert "The database is down, so nothing else is known." in printed
    assert json.loads(asked(capsys, "--json")[1])["rows"] == []


def test_a_database_that_does_not_answer_is_a_sentence(capsys, machine, monkeypatch):
    def silent():
        raise command.DatabaseSilent("The database does not answer, so nothing else is known.")

    monkeypatch.setattr(command, "_read_here", silent)
    assert "The database does not answer" in asked(capsys)[1]
