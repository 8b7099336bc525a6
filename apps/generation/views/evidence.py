"""The evidence strip of a review: one row for each check, one cell for each candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.checks.services.dependencies import DEPENDENCY_TOOL
from apps.checks.types import Share, subject_of
from apps.generation.models import Candidate
from apps.generation.selectors import Lettered
from apps.generation.services.joined import examiner_labels, figure_check, figure_tools

SUBJECT_NAMES = {
    "lint": "Lint",
    "types": "Types",
    "security": "Security",
    "antipatterns": "Anti-patterns",
    DEPENDENCY_TOOL: "Dependencies",
}
SYNTAX_TOOL = "node"
NOT_RUN = "Its tests were not run: that is done for the candidate up for approval, and for the others on demand."
NOT_TIMED = {
    "state": "none",
    "value": "not measured",
    "detail": "Time and memory on growing inputs are measured for Python only.",
}
GATE_WORDS = {"passed": "met", "failed": "not met", "error": "error"}


def evidence(shown: Sequence[Lettered], modules: dict[str, str], *, is_timed: bool) -> list[dict[str, Any]]:
    """Return the evidence strip: one row for each check, one cell for each candidate; only Python is timed."""
    rows: list[tuple[str, list[dict[str, str]]]] = []
    for tool, name in SUBJECT_NAMES.items():
        rows.append((name, [_check_cell(one.candidate, tool) for one in shown]))
    if any(check["tool"] == SYNTAX_TOOL for one in shown for check in one.candidate.checks):
        rows.append(("Syntax", [_check_cell(one.candidate, SYNTAX_TOOL) for one in shown]))
    for tool, name in examiner_labels().items():
        cell = _figure_cell if tool in figure_tools() else _check_cell
        rows.append((name, [cell(one.candidate, tool) for one in shown]))
    rows += _gate_rows(shown)
    rows.append(("Examples", [_examples_cell(one.candidate) for one in shown]))
    rows.append(("Behaviour", [{"state": "", "value": one.candidate.cluster or "not compared"} for one in shown]))
    rows.append(("Quality", [{"state": "", "value": _quality(one.candidate)} for one in shown]))
    rows += _time_rows(shown) if is_timed else [("Time", [dict(NOT_TIMED) for _ in shown])]
    rows.append(("Lines", [{"state": "", "value": str(len(modules[one.letter].splitlines()))} for one in shown]))
    return [
        {"name": name, "cells": cells, "differs": len({(cell["state"], cell["value"]) for cell in cells}) > 1}
        for name, cells in rows
    ]


def packages_of(candidate: Candidate) -> list[dict[str, Any]]:
    """Return the distributions that *candidate* brings in, with what was found about each."""
    check = next((check for check in candidate.checks if check["tool"] == DEPENDENCY_TOOL), None)
    if check is None:
        return []
    found = {(one["path"], one["line"]): one for one in reversed(check["findings"])}
    return [{**one, "finding": found.get((one["path"], one["line"]))} for one in check["packages"]]


def has_others_unmeasured(chosen: Lettered, shown: Sequence[Lettered]) -> bool:
    """Return whether something was measured on the candidate up for approval that was not on another one."""
    names = {gate["gate"] for gate in chosen.candidate.gates}
    return any(names - {gate["gate"] for gate in one.candidate.gates} for one in shown)


def _gate_rows(shown: Sequence[Lettered]) -> list[tuple[str, list[dict[str, str]]]]:
    """Return a row for each thing that is asked; what only running shows may be missing for the others."""
    names = dict.fromkeys(gate["gate"] for one in shown for gate in one.candidate.gates)
    return [(f"Asked: {name}", [_gate_cell(one.candidate, name) for one in shown]) for name in names]


def _gate_cell(candidate: Candidate, name: str) -> dict[str, str]:
    gate = next((gate for gate in candidate.gates if gate["gate"] == name), None)
    if gate is None:
        return {"state": "none", "value": "not measured", "detail": NOT_RUN}
    detail = "; ".join([*(one["message"] for one in gate["findings"][:5]), gate.get("detail", "")]).strip("; ")
    return {"state": gate["status"], "value": GATE_WORDS[gate["status"]], "detail": detail}


def _time_rows(shown: Sequence[Lettered]) -> list[tuple[str, list[dict[str, str]]]]:
    measured = [one.candidate.implementation.performance_metrics for one in shown if one.candidate.implementation]
    return [("Time", [_time_cell(metrics) for metrics in measured])] if any(measured) else []


def _time_cell(metrics: dict[str, Any] | None) -> dict[str, str]:
    """Return processor time at the largest size, and how it grows; the detail says what was measured."""
    if not metrics or not (metrics["points"] or metrics["stopped_at"]):
        return {"state": "none", "value": "not measured", "detail": ""}
    last = metrics["points"][-1] if metrics["points"] else None
    said = f"{last['ms']:.2f} ms at {last['size']:,}" if last else ""
    stopped = f"did not end at {metrics['stopped_at']:,}" if metrics["stopped_at"] else ""
    ratio = f"{metrics['ratio']:.1f} times the code before" if metrics["ratio"] is not None else ""
    detail = (
        f"Processor time of one call on {metrics['call']} made larger; the least of {metrics['repeats']} runs, "
        f"{last['calls'] if last else 0} calls each. Memory: {last['kib'] if last else 0:,} KiB."
    )
    return {"state": "", "value": ", ".join(filter(None, [said, metrics["growth"], stopped, ratio])), "detail": detail}


def _check_cell(candidate: Candidate, tool: str) -> dict[str, str]:
    check = next((check for check in candidate.checks if subject_of(check["tool"]) == tool), None)
    if check is None:
        return {"state": "none", "value": "not run", "detail": ""}
    findings = check["findings"]
    detail = check["reason"] or "; ".join(f"line {item['line']}: {item['message']}" for item in findings[:5])
    words = {"passed": "passed", "failed": f"{len(findings)} found", "error": "error"}
    value = words.get(check["status"], check["status"].replace("_", " "))
    return {"state": check["status"], "value": value, "detail": detail}


def _figure_cell(candidate: Candidate, tool: str) -> dict[str, str]:
    """Return a figure with what it rests on; it is measured of the candidate that is up for approval only."""
    check = figure_check(candidate, tool)
    if check is None:
        return {"state": "none", "value": "not measured", "detail": "It is measured once this is up for approval."}
    if not check["share"]:
        is_error = check["status"] == "error"
        return {
            "state": "error" if is_error else "none",
            "value": "error" if is_error else "not measured",
            "detail": check["reason"],
        }
    share = Share(**check["share"])
    missed = [f"line {item['line']}: {item['message']}" for item in check["findings"][:5]]
    return {
        "state": "",
        "value": f"{100 * share.hits / share.n:.0f} % of {share.n}",
        "detail": " ".join([check["reason"], *missed]),
    }


def missed_of(candidate: Candidate) -> list[dict[str, Any]]:
    """Return what the checks that measure a figure of *candidate* found, with their sentences."""
    checks = [check for tool in figure_tools() if (check := figure_check(candidate, tool))]
    return [{"reason": check["reason"], "findings": check["findings"]} for check in checks if check["share"]]


def _examples_cell(candidate: Candidate) -> dict[str, str]:
    if not candidate.examples_total:
        return {"state": "none", "value": "none given"}
    is_right = candidate.examples_passed == candidate.examples_total
    value = f"{candidate.examples_passed} of {candidate.examples_total}"
    return {"state": "passed" if is_right else "failed", "value": value}


def _quality(candidate: Candidate) -> str:
    score = candidate.implementation.quality_score if candidate.implementation else None
    return "unknown" if score is None else str(score)
