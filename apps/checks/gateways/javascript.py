"""Checks of JavaScript and TypeScript: that node compiles it, inside the sandbox and without running it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from apps.checks.types import CheckResult, Finding, JavaScriptSource, Status, plain_text
from apps.core.javascript import CannotStrip, fault_of, strip_types
from apps.sandbox.services import NodeModule, NodeRun, SpecInvalid, sandbox_map

TOOL = "node"
PYTHON_ONLY = "It reads Python only."
NO_TYPE_CHECKER = "Types are taken out before the code is run; no type checker is part of the platform."
FOR_PYTHON = ("ruff", "mypy", "bandit", "antipatterns")
ENTRY = "unused"


def check(sources: Mapping[str, JavaScriptSource]) -> dict[str, tuple[CheckResult, ...]]:
    """
    Return, for each text by name, what node says of its syntax, and which tools for Python do not apply.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    :raises NodeUnavailable: this machine has no node.
    """
    started = time.monotonic()
    faults = {name: _fault(one) for name, one in sources.items()}
    runs = {name: _run(one) for name, one in sources.items() if faults[name] is None}
    found = dict(zip(runs, sandbox_map(list(runs.values())), strict=True))
    seconds = round((time.monotonic() - started) / max(1, len(sources)), 3)
    results = {}
    for name, one in sources.items():
        fault = faults[name]
        reason = ""
        if fault is None and found[name].refused:
            fault = Finding("syntax", plain_text(found[name].refused), name, 0, 0, "high")
        elif fault is None and found[name].status != "exit":
            reason = f"node did not end as it should: {found[name].status}."
        status: Status = "error" if reason else "failed" if fault else "passed"
        syntax = CheckResult(TOOL, "", status, (fault,) if fault else (), seconds, reason)
        results[name] = (*not_applicable(is_typed=one.is_typed), syntax)
    return results


def not_applicable(*, is_typed: bool) -> tuple[CheckResult, ...]:
    """Return the checks that say nothing about a text in JavaScript, and why: none of them is a pass."""
    found = {tool: CheckResult(tool, "", "not_applicable", (), 0.0, PYTHON_ONLY) for tool in FOR_PYTHON}
    if is_typed:
        found["mypy"] = CheckResult("mypy", "", "not_checked", (), 0.0, NO_TYPE_CHECKER)
    return tuple(found.values())


def _fault(one: JavaScriptSource) -> Finding | None:
    """The place comes from the tree: node names a line only in words."""
    fault = fault_of(one.text, is_typed=one.is_typed)
    if fault is not None:
        return Finding("syntax", plain_text(fault.message), "", fault.line, 0, "high")
    try:
        strip_types(one.text) if one.is_typed else None
    except CannotStrip as error:
        return Finding("types", plain_text(str(error)), "", 0, 0, "high")
    return None


def _run(one: JavaScriptSource) -> NodeRun:
    """A run without calls: the code is compiled and nothing of it is carried out."""
    plain = strip_types(one.text) if one.is_typed else one.text
    try:
        return NodeRun({"source.js": NodeModule(plain, one.kind)}, "source.js", ENTRY, ())
    except SpecInvalid:
        return NodeRun({"source.js": NodeModule("(the text is too large to be checked")}, "source.js", ENTRY, ())
