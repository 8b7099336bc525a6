"""Strict types that a specification asks for: met where a checker finds nothing on the lines of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.checks.services import javascript_check
from apps.checks.services.strict_types import strict_types_check
from apps.checks.types import Finding, UnsafePath, subject_of
from apps.generation.engine.changes import changed_lines
from apps.generation.services.checking import javascript_source

TYPING = "typing"
ASKED = "Types that a strict check accepts were asked for."
NOT_MEASURED = "They were not measured, so nobody knows whether it is met. Two people may override it."
SHOWN_FINDINGS = 20


def python_typing_gate(*, before: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, Any]:
    """Return the gate of *sources* (path to text) by ``mypy --strict``; *before* is the repository that they change."""
    if not sources:
        return _gate("passed", "No source file was changed.")
    try:
        seen = strict_types_check({**before, **sources}, paths=sorted(sources))
    except UnsafePath as error:
        return _gate("error", str(error))
    if seen.status == "error":
        return _gate("error", seen.reason)
    return _judged("mypy --strict", seen.findings, before, sources)


def javascript_typing_gate(*, before: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, Any]:
    """
    Return the gate of *sources* by ``tsc --strict``; what it does not read, or where there is none, is not met.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    if not sources:
        return _gate("passed", "No source file was changed.")
    around = {**before, **sources}
    checked = javascript_check({path: javascript_source(path, text, around) for path, text in sources.items()})
    results = {path: one for path, found in checked.items() for one in found if subject_of(one.tool) == "types"}
    errors = [f"{path}: {one.reason}" for path, one in results.items() if one.status == "error"]
    if errors:
        return _gate("error", "\n".join(errors))
    unread = [f"{path}: {one.reason}" for path, one in results.items() if one.status not in ("passed", "failed")]
    if unread or results.keys() != sources.keys():
        return _gate("failed", "\n".join([f"{ASKED} {NOT_MEASURED}", *unread]))
    return _judged("tsc --strict", [one for result in results.values() for one in result.findings], before, sources)


def _judged(
    tool: str, findings: Sequence[Finding], before: Mapping[str, str], sources: Mapping[str, str]
) -> dict[str, Any]:
    """A change answers for the lines that it wrote."""
    own = {path: changed_lines(before.get(path, ""), text) for path, text in sources.items()}
    counted = [one for one in findings if one.line in own[one.path] or not one.line]
    number = f"{len(counted)} error{'' if len(counted) == 1 else 's'}" if counted else "nothing"
    first = f"\nThe first {SHOWN_FINDINGS} are listed." if len(counted) > SHOWN_FINDINGS else ""
    said = f"{ASKED} {tool} finds {number} on the lines that were written or changed.{first}"
    return _gate("failed" if counted else "passed", said, counted[:SHOWN_FINDINGS])


def _gate(status: str, detail: str, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    return {"gate": TYPING, "findings": [one.as_json() for one in findings], "status": status, "detail": detail}
