"""Checks of JavaScript and TypeScript: lint and security on the syntax tree, types by tsc, syntax by node."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version

from apps.checks.engine.javascript.lint import lint_findings
from apps.checks.engine.javascript.program import Program
from apps.checks.engine.javascript.security import security_findings
from apps.checks.gateways import tsc
from apps.checks.types import SEVERITIES, CheckResult, Finding, JavaScriptSource, Severity, Status, plain_text
from apps.core.javascript import CannotStrip, fault_of, strip_types
from apps.sandbox.services import NodeModule, NodeRun, SpecInvalid, sandbox_map

TOOL = "node"
LINT, SECURITY = "javascript-lint", "javascript-security"
PYTHON_ONLY = "It reads Python only."
NO_PARSE = "The text does not parse, so it was not looked at."
NO_TYPES = "JavaScript names no types."
ENTRY = "unused"
_READERS: tuple[tuple[str, Callable[[Program], list[Finding]], Severity], ...] = (
    (LINT, lint_findings, "low"),
    (SECURITY, security_findings, "medium"),
)


def check(sources: Mapping[str, JavaScriptSource]) -> dict[str, tuple[CheckResult, ...]]:
    """
    Return, for each text by name, likely faults, types, insecure code, and what node says of its syntax.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    :raises NodeUnavailable: this machine has no node.
    """
    started = time.monotonic()
    faults = {name: _fault(one) for name, one in sources.items()}
    runs = {name: _run(one) for name, one in sources.items() if faults[name] is None}
    found = dict(zip(runs, sandbox_map(list(runs.values())), strict=True))
    seconds = round((time.monotonic() - started) / max(1, len(sources)), 3)
    types = _types(sources, faults)
    results: dict[str, tuple[CheckResult, ...]] = {}
    for name, one in sources.items():
        fault = faults[name]
        reason = ""
        if fault is None and found[name].refused:
            fault = Finding("syntax", plain_text(found[name].refused), name, 0, 0, "high")
        elif fault is None and found[name].status != "exit":
            reason = f"node did not end as it should: {found[name].status}."
        status: Status = "error" if reason else "failed" if fault else "passed"
        syntax = CheckResult(TOOL, "", status, (fault,) if fault else (), seconds, reason)
        anti = CheckResult("antipatterns", "", "not_applicable", (), 0.0, PYTHON_ONLY)
        lint, security = _read(name, one, has_fault=faults[name] is not None)
        results[name] = (lint, types[name], security, anti, syntax)
    return results


def _read(name: str, one: JavaScriptSource, *, has_fault: bool) -> list[CheckResult]:
    """Return what is found on the tree; a text that does not parse is an error there, never a pass."""
    results = []
    for tool, reader, fails_at in _READERS:
        started = time.monotonic()
        if has_fault:
            results.append(CheckResult(tool, version("nofx"), "error", (), 0.0, NO_PARSE, (name,)))
            continue
        program = Program(strip_types(one.text) if one.is_typed else one.text)
        findings = tuple(replace(finding, path=name) for finding in reader(program))
        counting = SEVERITIES[SEVERITIES.index(fails_at) :]
        status: Status = "failed" if any(finding.severity in counting for finding in findings) else "passed"
        results.append(CheckResult(tool, version("nofx"), status, findings, round(time.monotonic() - started, 3)))
    return results


def _types(sources: Mapping[str, JavaScriptSource], faults: Mapping[str, Finding | None]) -> dict[str, CheckResult]:
    typed = {name: one for name, one in sources.items() if one.is_typed and faults[name] is None}
    results = {name: CheckResult(tsc.TOOL, "", "not_applicable", (), 0.0, NO_TYPES) for name in sources}
    for name, one in sources.items():
        if one.is_typed and name not in typed:
            results[name] = CheckResult(tsc.TOOL, "", "error", (), 0.0, NO_PARSE, (name,))
    return {**results, **tsc.check(typed)}


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
