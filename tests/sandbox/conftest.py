from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.sandbox.services import Call, FunctionRun, Limits, Result, Sandbox, ScriptRun


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
