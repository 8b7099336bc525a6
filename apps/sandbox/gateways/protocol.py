"""Translates a specification into what a zygote reads, and what was seen outside into a result."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import Any

from apps.sandbox.engine import codec, confine
from apps.sandbox.engine.runner import MAX_ERROR, OUT_OF_MEMORY, say
from apps.sandbox.errors import SpecInvalid
from apps.sandbox.gateways.exchange import Packed
from apps.sandbox.gateways.node import node_command
from apps.sandbox.gateways.runtime import ENVIRONMENT
from apps.sandbox.gateways.values import bounded, foreign_bounded, opening_read, refusal_of, values_read
from apps.sandbox.gateways.worker import Bounds, RawRun
from apps.sandbox.types import CommandRun, FunctionRun, Limits, NodeRun, Result, ScriptRun, Spec, Status

VALUES_BYTES = 16 << 20
MISSING = say("missing", "")

CPU_TOLERANCE = 0.7


def run_kind(spec: Spec) -> bytes:
    if isinstance(spec, CommandRun) and spec.loopback:
        return confine.NETWORKED
    return confine.COMMAND if isinstance(spec, CommandRun | NodeRun) else confine.SNIPPET


def run_bounds(spec: Spec) -> Bounds:
    limits = spec.limits
    output = limits.output_kb << 10
    if isinstance(spec, NodeRun):  # its values come by the standard output
        return Bounds(limits.wall_s, VALUES_BYTES, VALUES_BYTES, limits.memory_mb << 20)
    if isinstance(spec, CommandRun):
        return Bounds(limits.wall_s, output, VALUES_BYTES + (limits.disk_mb << 20), limits.memory_mb << 20)
    return Bounds(limits.wall_s, output, VALUES_BYTES, 0)  # one process, bounded by its address space


def spec_pack(spec: Spec, *, node_version: str = "") -> Packed:
    """
    :raises SpecInvalid: an argument has no representation.
    """
    if isinstance(spec, NodeRun):
        return spec_pack(node_command(spec, node_version))
    if isinstance(spec, CommandRun):
        return Packed(_pack(spec.limits, _command(spec), b"".join(spec.files.values())))
    data: dict[str, Any] = {"code": spec.code, "entry": None}
    if isinstance(spec, ScriptRun):
        return Packed(_pack(spec.limits, data), spec.stdin.encode("utf-8", "surrogatepass"))
    return Packed(_pack(spec.limits, data | {"entry": spec.entry, "setup": spec.setup, "calls": _calls_pack(spec)}))


def _pack(limits: Limits, data: dict[str, Any], contents: bytes = b"") -> bytes:
    caps = confine.Caps(*(getattr(limits, name) for name in confine.Caps._fields))
    return confine.spec_pack(caps, data) + contents


def _calls_pack(spec: FunctionRun) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    calls = [(tuple(call.args), dict(call.kwargs)) for call in spec.calls]
    try:
        for call in calls:
            codec.dumps(call)  # what has a representation is plain data, within bounds
    except codec.Unrepresentable as error:
        raise SpecInvalid(f"An argument cannot be passed to the sandbox: {error}.") from error
    return calls


def _command(spec: CommandRun) -> dict[str, Any]:
    return {
        "argv": list(spec.argv),
        "env": ENVIRONMENT | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | dict(spec.env),
        "files": [[name, len(content)] for name, content in spec.files.items()],
        "collect": list(spec.collect),
        "collect_bytes": spec.limits.disk_mb << 20,
    }


def result_read(spec: Spec, raw: RawRun, tier: str) -> Result:
    """Interpret a run. Everything that the untrusted code could have written is treated as its output, no more."""
    first, _, rest = raw.values.partition(b"\n")
    opening = opening_read(first)
    status, returncode = _status(spec, raw)
    result: dict[str, Any] = {
        "stdout": raw.out.decode("utf-8", "replace"),
        "stderr": raw.err.decode("utf-8", "replace"),
        "wall_ms": round(raw.wall_s * 1000, 3),
        "cpu_ms": round(raw.cpu_s * 1000, 3),
        "peak_memory_kb": raw.peak_memory_kb,
        "tier": tier,
    }
    if "refused" in opening:
        reason = opening["refused"]
        return Result("infra", None, **(result | {"stderr": reason, "refused": reason}))
    if "started" not in opening and not raw.ended_by:
        reason = opening.get("setup") or "The run ended before it started."
        return Result("infra", None, **(result | {"stderr": reason}))
    if isinstance(spec, CommandRun):
        return _command_read(spec, rest, raw, result)
    if isinstance(spec, NodeRun):
        return _node_read(spec, rest, raw, result)
    if isinstance(spec, ScriptRun):
        return Result(status, returncode, trust="output", **result)
    if rest.startswith(MISSING):
        reason = f"The code defines no function {spec.entry}."
        return Result("infra", None, **(result | {"stderr": reason, "refused": reason}))
    values, is_whole = values_read(rest, len(spec.calls), bounded)
    if not is_whole and not raw.ended_by:
        status, returncode = "output_limit", None
    return Result(status, returncode, values=values, trust="values", **result)


def _status(spec: Spec, raw: RawRun) -> tuple[Status, int | None]:
    code = os.waitstatus_to_exitcode(raw.wait_status)
    if raw.ended_by == "timeout":
        return "timeout", None
    if raw.ended_by == "output_limit":
        return "output_limit", None
    if raw.ended_by == "memory":
        return "oom", None
    if code >= 0:
        out_of_memory = code == OUT_OF_MEMORY and raw.err.rstrip().rsplit(b"\n", 1)[-1].startswith(b"MemoryError")
        return ("oom", None) if out_of_memory else ("exit", code)
    # The kernel kills at the limit by its own clock, which runs a little ahead of the time it reports afterwards.
    used_its_time = raw.cpu_s >= CPU_TOLERANCE * spec.limits.cpu_s
    if code == -signal.SIGXCPU or (code == -signal.SIGKILL and used_its_time):
        return "timeout", None
    return ("oom", None) if code == -signal.SIGKILL else ("signal", code)


def _command_read(spec: CommandRun, data: bytes, raw: RawRun, result: dict[str, Any]) -> Result:
    """The report of a command is written by its trusted first process."""
    result |= {"trust": "in_process"}
    if raw.ended_by:
        status, _ = _status(spec, raw)
        return Result(status, None, **result)
    head, _, contents = data.partition(b"\n")
    report = opening_read(head)
    if "failed" in report or "status" not in report:
        reason = report.get("failed") or "The first process of the run ended early."
        return Result("infra", None, **(result | {"stderr": reason}))
    files: dict[str, bytes] = {}
    at = 0
    for name, size in report["files"]:
        files[name] = contents[at : at + size]
        at += size
    status, returncode = _status(spec, replace(raw, wait_status=report["status"]))
    return Result(status, returncode, files=files, **result)


def _node_read(spec: NodeRun, data: bytes, raw: RawRun, result: dict[str, Any]) -> Result:
    """What the harness wrote before the code ran is ours; what came after is the code's, and no more than values."""
    first, _, rest = raw.out.partition(b"\n")
    opening = opening_read(first)
    result |= {"stdout": ""}
    command = opening_read(data.partition(b"\n")[0])
    status, returncode = _status(spec, replace(raw, wait_status=command.get("status", raw.wait_status)))
    reason = opening.get("refused") or refusal_of(rest)
    if isinstance(reason, str) and reason:
        return Result("infra", None, **(result | {"stderr": reason[:MAX_ERROR], "refused": reason[:MAX_ERROR]}))
    if "started" not in opening:
        if raw.ended_by or status != "exit":
            return Result(status, returncode, **result)
        return Result("infra", None, **(result | {"stderr": result["stderr"] or "node ended before it started."}))
    values, is_whole = values_read(rest, len(spec.calls), foreign_bounded)
    if not is_whole and not raw.ended_by:
        status, returncode = "output_limit", None
    return Result(status, returncode, values=values, trust="values", **result)
