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


@pytest.mark.parametrize("line", [b"not json", b"[]", b'{"id": "1", "id": "2"}', b"\xff"])
def test_a_line_that_is_no_request_is_answered_and_the_next_one_works(client: Client, line: bytes) -> None:
    client.send(line)
    assert client.receive()["status"] == "infra"
    assert client.ask(code="print(1)")["stdout"] == "1\n"


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
