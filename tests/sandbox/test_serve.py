"""The JSON Lines server, driven as its clients drive it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class Client:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apps.sandbox", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def send(self, request: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write((request if isinstance(request, bytes) else json.dumps(request).encode()) + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def ask(self, **request: object) -> dict[str, Any]:
        self.send({"id": "1", "entry": None, "calls": None, "limits": {}} | request)
        return self.receive()

    def end(self) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(20)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    opened = Client()
    yield opened
    opened.end()


def test_a_script_is_answered_with_its_output(client: Client) -> None:
    answer = client.ask(id="a", code="print('alive')")
    assert answer.pop("wall_ms") > 0
    assert answer == {"id": "a", "status": "exit", "returncode": 0, "values": [], "stdout": "alive\n", "stderr": ""}


def test_calls_are_answered_with_plain_values(client: Client) -> None:
    code = "def f(x):\n    if x < 0: raise ValueError('negative')\n    return [x, {'a': (x,)}]"
    answer = client.ask(code=code, entry="f", calls=[[1], [-1]])
    assert answer["values"] == [{"ok": [1, {"a": {"$t": "tuple", "v": [1]}}]}, {"error": "ValueError: negative"}]


def test_tagged_arguments_arrive_as_what_they_stand_for(client: Client) -> None:
    answer = client.ask(
        code="def f(x): return type(x).__name__, len(x)", entry="f", calls=[[{"$t": "set", "v": [1, 2]}]]
    )
    assert answer["values"] == [{"ok": {"$t": "tuple", "v": ["set", 2]}}]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"code": "1", "nonsense": 1}, "Unknown field: nonsense"),
        ({"code": "1", "limits": {"wall_s": -1}}, "wall_s"),
        ({"code": "1", "limits": {"speed": 1}}, "Unknown limit: speed"),
        ({"code": "1", "limits": []}, "limits"),
        ({"code": 1}, "code"),
        ({}, "code is missing"),
        ({"code": "def f(:"}, "SyntaxError"),
        ({"code": "x = 1", "entry": "f", "calls": [[]]}, "no function f"),
        ({"code": "def f(): pass", "entry": "f"}, "calls"),
        ({"code": "def f(): pass", "entry": "f", "calls": [1]}, "calls"),
        ({"code": "def f(): pass", "entry": "f", "calls": [[{"$t": "code"}]]}, "argument"),
        ({"code": "1", "calls": [[]]}, "entry"),
        ({"code": "#" * (10 << 20)}, "MB"),
        ({"code": "1", "id": 7}, "id"),
    ],
)
def test_what_cannot_be_run_is_answered_with_the_reason(client: Client, request_: dict[str, Any], reason: str) -> None:
    request = {"id": "x", "entry": None, "calls": None, "limits": None} | request_
    client.send(request)
    answer = client.receive()
    assert (answer["id"], answer["status"], answer["values"]) == (request["id"], "infra", [])
    assert reason in answer["stderr"]


DEEP = b"[" * 980 + b"]" * 980  # near the depth that can be parsed, and beyond the one that can be printed


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b'{"id": "1", "id": "2"}',
        b"\xff",
        b'{"id": "1", "code": "\xff"}',
        b'{"id": 1e999, "code": ""}',
        b'{"id": ' + DEEP + b', "code": ""}',
        b'{"id": "1", "code": ' + DEEP + b"}",
        b'{"id": "1", "code": "", "entry": ' + DEEP + b', "calls": []}',
        b'{"id": "1", "code": "", "entry": "f", "calls": [' + DEEP + b"]}",
        b'{"id": "1", "code": "", "limits": {"wall_s": ' + DEEP + b"}}",
        b'{"id": "1", "code": "", "limits": {"memory_mb": 1' + b"0" * 4000 + b"}}",
        b'{"id": "1", "code": "", "limits": {"memory_mb": 1' + b"0" * 9000 + b"}}",
        b'{"id": "1", "code": "", "entry": "\\ud800", "calls": []}',
        b'{"id": "1", "code": "\\ud800 = 1"}',
        b'{"id": "1", "code": "' + b"(" * 100_000 + b'"}',
        b"[" * 1_000_000,
        b'{"id": "1", "' + b"x" * 1_000_000 + b'": 1}',
    ],
    ids=lambda line: repr(line[:40]),
)
def test_a_line_that_is_no_request_is_answered_and_the_next_one_works(client: Client, line: bytes) -> None:
    client.send(line)
    answer = client.receive()
    assert answer["status"] == "infra"
    assert answer["stderr"] and len(answer["stderr"]) < 5000
    assert client.ask(code="print(1)")["stdout"] == "1\n"


def test_a_line_that_is_too_long_is_one_wrong_line(client: Client) -> None:
    request = b'{"id": "hidden", "code": "print(1)"}'
    client.send(b" " * ((64 << 20) + 1) + request)
    answer = client.receive()
    assert (answer["id"], answer["status"], answer["stderr"]) == (None, "infra", "The line is longer than 64 MB.")
    assert client.ask(code="print(2)")["stdout"] == "2\n"


def test_the_largest_limits_can_be_asked_for(client: Client) -> None:
    assert client.ask(code="print(1)", limits={"wall_s": 3600})["stdout"] == "1\n"


def test_a_client_that_sends_much_and_reads_nothing_is_answered_when_it_reads(client: Client) -> None:
    for number in range(20):
        client.send({"id": str(number), "code": "print('x' * 100_000)"})
    assert {client.receive()["id"] for _ in range(20)} == {str(number) for number in range(20)}


def test_a_client_that_no_longer_reads_ends_the_server_and_its_processes() -> None:
    client = Client()
    client.ask(code="print(1)")
    tasks = Path(f"/proc/{client.process.pid}/task").iterdir()
    pids = [pid for task in tasks for pid in (task / "children").read_text().split()]
    assert client.process.stdout is not None
    client.process.stdout.close()
    client.send({"id": "1", "code": "print(1)"})
    assert client.process.wait(20) == 3
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_many_runs_are_in_flight_at_once(client: Client) -> None:
    started = time.monotonic()
    for number in range(4):
        client.send({"id": str(number), "code": "import time; time.sleep(0.4)", "limits": {"wall_s": 5}})
    assert {client.receive()["id"] for _ in range(4)} == {"0", "1", "2", "3"}
    assert time.monotonic() - started < 1.6 + 1  # at least two at once, and room for a busy machine


def test_the_end_of_the_input_finishes_what_runs_and_leaves_no_process() -> None:
    client = Client()
    client.ask(code="print(1)")
    tasks = Path(f"/proc/{client.process.pid}/task").iterdir()
    pids = [pid for task in tasks for pid in (task / "children").read_text().split()]
    assert pids
    client.send({"id": "last", "code": "import time; time.sleep(0.3); print('done')"})
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.receive()["stdout"] == "done\n"
    assert client.process.wait(20) == 0
    assert client.process.stdout is not None
    client.process.stdout.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_probe_is_printed_for_people_and_for_programs() -> None:
    command = [sys.executable, "-m", "apps.sandbox", "probe"]
    words = subprocess.run(command, capture_output=True, text=True)
    assert words.returncode == 0
    assert "The sandbox holds." in words.stdout
    facts = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True).stdout)
    assert facts["available"] is True
    assert subprocess.run([*command, "--yaml"], capture_output=True).returncode == 2
