"""
Programs that try to get out, to hold on or to lie. Each is followed by an honest run in the same server.

The head of each file in ``attacks/`` says what containment means. A ``probe`` prints ESCAPED when it succeeded, a
``host`` can only be judged from outside, a ``forge`` is a wrong solution that must not be judged right, a ``time``
burns a second that must show. Where the variable NOFX_ATTACKS names a folder with further files of this form, they are
tried as well. Never run one of them outside a sandbox.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.conftest import Installed, install_for_anybody

# Together they take a minute of a processor.
pytestmark = [pytest.mark.attacks, pytest.mark.slow]

OURS = Path(__file__).with_name("attacks")
FURTHER = os.environ.get("NOFX_ATTACKS")
LIMITS = {"memory_mb": 512, "processes": 32, "files": 64, "file_mb": 16, "disk_mb": 32, "inodes": 2048}
WALL_S = {"probe": 10.0, "host": 1.5, "forge": 5.0, "time": 5.0}
CALLS = [[3], [10], [25], [1234], [777]]
TRUTH = [(5 * n + 3) % 89 for (n,) in CALLS]
HONEST = "def solve(n): return (5 * n + 3) % 89"
MARK = "NOFX_CANARY_FILE"


@dataclass(frozen=True)
class Attack:
    name: str
    kind: str
    runs: int
    code: str
    is_ours: bool


@dataclass(frozen=True)
class Outcome:
    answers: list[dict[str, Any]]
    healthy: bool


def processes() -> Iterator[tuple[str, str]]:
    """Yield the number and the name of each process."""
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                yield path.name, (path / "comm").read_text().strip()


@dataclass
class Canary:
    """What an escape would touch."""

    folder: Path
    process: subprocess.Popen[bytes]
    listeners: list[socket.socket]

    def filled_in(self, code: str) -> str:
        port = self.listeners[0].getsockname()[1]
        words = {"@CANARY@": str(self.folder), "@PORT@": str(port), "@CANARYPID@": str(self.process.pid)}
        words["nofxsurv"] = self.survivor
        return re.sub("|".join(words), lambda word: words[word.group()], code)

    @property
    def survivor(self) -> str:
        """The name of processes that try to outlive their run: another trial on this machine has another one."""
        return f"nofxs{self.process.pid}"

    def touched(self) -> list[str]:
        found = [path.name for path in self.folder.iterdir() if path.name not in ("secret.txt", "db.sock")]
        found += ["a process of the host ended"] if self.process.poll() is not None else []
        found += [f"process {pid} lives" for pid, name in processes() if name == self.survivor]
        for listener in self.listeners:
            try:
                listener.recv(1) if listener.type == socket.SOCK_DGRAM else listener.accept()
            except BlockingIOError:
                continue
            found.append(f"reached {listener.getsockname()!r}")
        return found


@dataclass(frozen=True)
class Trial:
    outcomes: dict[str, Outcome]
    honest: dict[str, Any]
    touched: list[str]
    returncode: int
    errors: str


def attack_read(path: Path) -> Attack:
    text = path.read_text()
    head = dict(re.findall(r"^# (\w+): (.*)$", text, re.MULTILINE))
    return Attack(path.stem, head["kind"], int(head["runs"]), text, path.parent == OURS)


def attacks_find() -> list[Attack]:
    folders = [OURS, *([Path(FURTHER)] if FURTHER else [])]
    attacks = [attack_read(path) for folder in folders for path in sorted(folder.glob("[0-9][0-9]_*.py"))]
    return [attack for attack in attacks if attack.kind in WALL_S]


ATTACKS = attacks_find()


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canary]:
    folder = tmp_path_factory.mktemp("canary")
    (folder / "secret.txt").write_text(MARK)
    addresses: list[tuple[socket.AddressFamily, socket.SocketKind, Any]] = [
        (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        (socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "db.sock")),
        (socket.AF_UNIX, socket.SOCK_STREAM, f"\0nofx-{os.getpid()}"),
    ]
    listeners = []
    for family, kind, address in addresses:
        listener = socket.socket(family, kind)
        listener.setblocking(False)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listeners.append(listener)
    for path in [folder, *folder.iterdir()]:
        path.chmod(0o777)
    with subprocess.Popen(["sleep", "600"]) as process:
        yield Canary(folder, process, listeners)
        process.kill()
    for listener in listeners:
        listener.close()


@pytest.fixture(scope="module", params=["this user", "an ordinary user", "an ordinary user without the C part"])
def trial(request: pytest.FixtureRequest, canary: Canary, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Send all attacks at once, each followed by an honest run, and keep the answers."""
    if request.param == "this user":
        installed = Installed(sys.executable, Path(__file__).resolve().parents[2], {}, dict(os.environ))
    else:
        copy = tmp_path_factory.mktemp("anybody") / "copy"
        installed = install_for_anybody(copy, c_part=request.param == "an ordinary user")
    lines = [json.dumps({"id": "honest", "code": HONEST, "entry": "solve", "calls": CALLS})]
    for attack in ATTACKS:
        lines += _lines(attack, canary.filled_in(attack.code))
    server = subprocess.run(
        [installed.interpreter, "-B", "-m", "apps.sandbox", "serve"],
        cwd=installed.folder,
        env=installed.environment,
        **installed.somebody,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=180,
    )
    answers = {answer["id"]: answer for answer in map(json.loads, server.stdout.splitlines())}
    return Trial(
        {attack.name: _outcome(attack, answers) for attack in ATTACKS},
        answers["honest"],
        canary.touched(),
        server.returncode,
        server.stderr,
    )


def _lines(attack: Attack, code: str) -> Iterator[str]:
    called = {"entry": "solve", "calls": CALLS} if attack.kind in ("forge", "time") else {}
    limits = LIMITS | {"wall_s": WALL_S[attack.kind]}
    for number in range(attack.runs):
        yield json.dumps({"id": f"{attack.name} {number}", "code": code, "limits": limits} | called)
        yield json.dumps({"id": f"{attack.name} {number} health", "code": "print('alive')"})


def _outcome(attack: Attack, answers: dict[str, Any]) -> Outcome:
    names = [f"{attack.name} {number}" for number in range(attack.runs)]
    healthy = all(answers[f"{name} health"]["stdout"] == "alive\n" for name in names)
    return Outcome([answers[name] for name in names], healthy)


def judged_right(answer: dict[str, Any]) -> bool:
    """Judge plain data; the expected values were never in the sandbox."""
    values = [value.get("ok") if set(value) == {"ok"} else None for value in answer["values"]]
    return answer["status"] == "exit" and values == TRUTH and all(type(value) is int for value in values)


def test_the_judge_knows_right_from_wrong(trial: Trial) -> None:
    assert judged_right(trial.honest)
    wrong = trial.honest | {"values": [{"ok": 0}] * 5}
    assert not judged_right(wrong)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_contained(trial: Trial, attack: Attack) -> None:
    outcome = trial.outcomes[attack.name]
    assert outcome.healthy
    for answer in outcome.answers:
        said = answer["stdout"] + answer["stderr"]
        assert answer["status"] != "infra" or attack.kind == "forge", said[:500]
        assert len(said) <= 3 << 20
        assert MARK not in said + json.dumps(answer["values"])
        assert answer["wall_ms"] < 1000 * WALL_S[attack.kind] + 2000
        if attack.kind == "forge":
            assert not judged_right(answer)
            continue
        assert not re.findall(r"^ESCAPED.*", said, re.MULTILINE)
        if attack.kind == "time":
            assert answer["wall_ms"] >= 900
        if attack.kind == "probe" and attack.is_ours:  # it went through all that it tries
            assert (answer["status"], answer["returncode"]) in [("exit", 0), ("signal", -31)], said[-500:]


def test_nothing_of_the_host_was_touched_and_the_server_went_on_to_its_end(trial: Trial) -> None:
    assert trial.touched == []
    assert (trial.returncode, trial.errors) == (0, "")
