"""A run starts from the same state each time, so what it showed can be shown again."""

from __future__ import annotations

import shutil
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from apps.sandbox.gateways import runtime
from apps.sandbox.gateways.runtime import accelerator_find
from apps.sandbox.services import Sandbox, SandboxUnavailable, ScriptRun

UNSETTLED = "import random; print(random.random(), list({'a', 'b', 'c', 'd', 'e'}), hash('text'))"


def test_two_runs_of_two_fork_servers_give_the_same(accelerated_sandbox: Sandbox, plain_sandbox: Sandbox) -> None:
    pools = (accelerated_sandbox, accelerated_sandbox, plain_sandbox)
    outputs = {pool.run(ScriptRun(UNSETTLED)).stdout for pool in pools}
    assert len(outputs) == 1 and outputs != {""}


def test_what_is_random_to_the_system_stays_random(sandbox: Sandbox) -> None:
    secrets = {sandbox.run(ScriptRun("import os; print(os.urandom(16))")).stdout for _ in range(3)}
    assert len(secrets) == 3


def test_a_run_finds_what_was_preloaded() -> None:
    pool = Sandbox.open(workers=1, preload=["colorsys"])
    try:
        assert pool.run(ScriptRun("import sys; print('colorsys' in sys.modules)")).stdout == "True\n"
    finally:
        pool.close()


def test_a_module_that_cannot_be_preloaded_is_named() -> None:
    pool = Sandbox.open(workers=1, preload=["no_such_module"])
    with pytest.raises(SandboxUnavailable, match="no_such_module"):
        pool.run(ScriptRun(""))


def test_a_c_part_of_another_source_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "NATIVE", tmp_path)
    (tmp_path / "forkserver.c").write_text("/* newer */")
    (tmp_path / f"_sandbox_0123456789abcdef{EXTENSION_SUFFIXES[0]}").touch()
    assert accelerator_find() is None


def test_where_there_is_a_compiler_the_c_part_was_built() -> None:
    assert (accelerator_find() is not None) == (shutil.which("cc") is not None or shutil.which("gcc") is not None)
