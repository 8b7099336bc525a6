"""
The only way to run code nobody trusts.

Importable without Django; needs no database.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from apps.sandbox.engine.rootfs import SCRATCH
from apps.sandbox.errors import NodeUnavailable, SandboxUnavailable, SpecInvalid
from apps.sandbox.gateways.node import REMEDY as NODE_REMEDY
from apps.sandbox.gateways.node import node_problem
from apps.sandbox.gateways.pool import Sandbox, probe_run, process_sandbox
from apps.sandbox.types import (
    COMMAND_LIMITS,
    MISSING,
    Call,
    CommandRun,
    FunctionRun,
    Limits,
    NodeModule,
    NodeRun,
    Probe,
    Result,
    ScriptRun,
    Spec,
    Value,
)

__all__ = [
    "COMMAND_LIMITS",
    "MISSING",
    "NODE_REMEDY",
    "SCRATCH",
    "Call",
    "CommandRun",
    "FunctionRun",
    "Limits",
    "NodeModule",
    "NodeRun",
    "NodeUnavailable",
    "Probe",
    "Result",
    "Sandbox",
    "SandboxUnavailable",
    "ScriptRun",
    "SpecInvalid",
    "Value",
    "node_missing",
    "sandbox_digest",
    "sandbox_map",
    "sandbox_probe",
    "sandbox_run",
]


def sandbox_run(spec: Spec) -> Result:
    """
    Run one specification in this process's pool; blocks until it has ended, at most its wall limit and some seconds.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    :raises SpecInvalid: an argument has no representation.
    """
    return process_sandbox().run(spec)


def sandbox_map(specs: Iterable[Spec]) -> Iterator[Result]:
    """
    Run specifications in parallel, as many at once as there are cores; the results come in their order.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    :raises SpecInvalid: an argument has no representation.
    """
    return process_sandbox().map(specs)


def sandbox_probe() -> Probe:
    """Attack a sandbox made for it and say whether it holds, what is missing and what to do. Never raises."""
    return probe_run()


def node_missing() -> tuple[str, str]:
    """Return why JavaScript cannot be run on this machine and what to do about it; two empty texts where it can."""
    problem = node_problem(process_sandbox().runtime.node)
    return (problem, NODE_REMEDY) if problem else ("", "")


@cache
def sandbox_digest() -> str:
    """Return the SHA-256 of what a sandbox is here: its own sources, Python's version and the kernel's name."""
    digest = hashlib.sha256(f"{platform.python_version()} {platform.system()}\n".encode())
    folder = Path(__file__).parent
    for path in sorted(path for suffix in ("py", "c", "cjs") for path in folder.rglob(f"*.{suffix}")):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
