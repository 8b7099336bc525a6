from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from apps.sandbox.services import Call, FunctionRun, Limits, Result, Sandbox, ScriptRun


@dataclass(frozen=True)
class Installed:
    """Where the sandbox can be started, and as whom."""

    interpreter: str
    folder: Path
    somebody: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)


def install_for_anybody(copy: Path, *, c_part: bool) -> Installed:
    """Make a copy that an ordinary user may read, and choose such a user where there is a choice."""
    source = Path(__file__).resolve().parents[2]
    patterns = ["apps/__init__.py", "apps/core/*.py", "apps/sandbox/**/*.py"]
    patterns += ["apps/sandbox/native/*.so"] if c_part else []
    for path in [path for pattern in patterns for path in source.glob(pattern)]:
        target = copy / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    for folder in [*copy.rglob("*"), *copy.parents, copy]:
        with contextlib.suppress(OSError):
            folder.chmod(folder.stat().st_mode | 0o555)
    # Only root can become somebody else; for anybody else every other test here is this one.
    somebody: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    interpreter = "/usr/bin/python3" if sys.base_prefix != "/usr" else sys.executable
    return Installed(interpreter, copy, somebody)


@pytest.fixture(scope="session")
def accelerated_sandbox() -> Iterator[Sandbox]:
    """One pool for the tests that do not harm it."""
    opened = Sandbox.open(workers=2)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def plain_sandbox() -> Iterator[Sandbox]:
    """The same without the C part."""
    opened = Sandbox.open(workers=1, accelerate=False)
    yield opened
    opened.close()


@pytest.fixture(params=["with the C part", "without the C part"])
def sandbox(request: pytest.FixtureRequest, accelerated_sandbox: Sandbox, plain_sandbox: Sandbox) -> Sandbox:
    """Each of the two in turn: their walls are the same."""
    return accelerated_sandbox if request.param == "with the C part" else plain_sandbox


@pytest.fixture
def script(sandbox: Sandbox) -> Callable[..., Result]:
    def run(code: str, *, stdin: str = "", **limits: Any) -> Result:
        return sandbox.run(ScriptRun(code, stdin=stdin, limits=Limits(**limits)))

    return run


@pytest.fixture
def function(sandbox: Sandbox) -> Callable[..., Result]:
    """Run ``f`` of the given code once for each positional argument list."""

    def run(code: str, *calls: tuple[Any, ...], setup: str = "", **limits: Any) -> Result:
        arguments = tuple(Call(tuple(call)) for call in calls)
        return sandbox.run(FunctionRun(code, "f", arguments, Limits(**limits), setup=setup))

    return run
