"""The figures that a specification asks of quality, measured: one gate for each measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.checks.services import complexity_measure, coverage_measure, is_judge_path, is_test_path
from apps.checks.types import MeasurementFailed, Share, Unparsable
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.specification import QualityRequirement
from apps.generation.services.typing_gate import TYPING, python_typing_gate
from apps.sandbox.services import SpecInvalid

NOT_MEASURED = "Nothing here measures this yet, so nobody knows whether it is met. Two people may override it."
MUTATION = "mutation"
# The measures for which the tests have to be run.
RUN_FOR = frozenset({"coverage", MUTATION})


def measures_asked(requirements: Sequence[QualityRequirement]) -> list[str]:
    """Return the names of the gates that *requirements* make: figures in their order, then strict types."""
    return [*strictest(requirements), *([TYPING] if types_are_asked(requirements) else [])]


def types_are_asked(requirements: Sequence[QualityRequirement]) -> bool:
    """Return whether types have to pass a strict check."""
    return any(one.measure == TYPING for one in requirements)


def python_quality_gates(
    requirements: Sequence[QualityRequirement],
    *,
    before: Mapping[str, str],
    changed: Mapping[str, str],
    tree: Mapping[str, bytes] | None,
    figures: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """
    Return a gate for each figure that is asked for, the strictest one of a measure, and for strict types.

    *before* and *changed* are sources by path, *tree* every file as the change leaves it. Without a tree nothing is
    run, so what only running shows has no gate. *figures* are the checks that others measured, by the name of what is
    asked.

    :raises SandboxUnavailable: the tests cannot be run safely on this machine.
    """
    python = {path: text for path, text in changed.items() if path.endswith(".py")}
    sources = {path: text for path, text in python.items() if not is_test_path(path) and not is_judge_path(path)}
    gates = []
    for measure, at in strictest(requirements).items():
        gate: dict[str, Any] = {"gate": measure, "findings": []}
        if measure == "complexity":
            gates.append(gate | _complexity(before, sources, at))
        elif measure in RUN_FOR and tree is None:
            continue
        elif measure == "coverage":
            gates.append(gate | {"trust": "in_process"} | _coverage(sources, tree or {}, at))
        elif figures and measure in figures:
            gates.append(gate | {"trust": "in_process"} | _figure(figures[measure], at))
        else:
            gates.append(gate | {"status": "failed", "detail": f"At least {at:g} % was asked for. {NOT_MEASURED}"})
    if types_are_asked(requirements):
        gates.append(python_typing_gate(before=before, sources=sources))
    return gates


def strictest(requirements: Sequence[QualityRequirement]) -> dict[str, float]:
    """Return what is asked of each measure, the strictest figure where there are several."""
    asked: dict[str, float] = {}
    for one in requirements:
        if one.at is not None:
            choose = min if one.measure == "complexity" else max
            asked[one.measure] = choose(asked.get(one.measure, one.at), one.at)
    return asked


def _complexity(before: Mapping[str, str], sources: Mapping[str, str], most: float) -> dict[str, Any]:
    """A change answers for the functions that it wrote lines of."""
    findings = []
    for path, text in sources.items():
        own = changed_lines(before.get(path, ""), text)
        try:
            measured = complexity_measure(text)
        except Unparsable as error:
            return {"status": "error", "detail": f"{path}: {error}"}
        findings += [
            {
                "rule": "complexity",
                "message": f"{function.name} has a cyclomatic complexity of {function.complexity}, "
                f"{function.complexity - most:g} more than asked for.",
                "path": path,
                "line": function.line,
                "severity": "medium",
            }
            for function in measured
            if function.complexity > most and not own.isdisjoint(range(function.line, function.end_line + 1))
        ]
    return {
        "status": "failed" if findings else "passed",
        "findings": findings,
        "detail": f"At most {most:g} was asked for, for each function that was written or changed.",
    }


def _coverage(sources: Mapping[str, str], tree: Mapping[str, bytes], least: float) -> dict[str, Any]:
    if not sources:
        return {"status": "passed", "detail": "No source file was changed."}
    try:
        seen = coverage_measure(tree, sources=sorted(sources))
    except (SpecInvalid, MeasurementFailed) as error:
        return {"status": "error", "detail": str(error)}
    percent = seen.line_percent
    if percent is None:
        return {"status": "passed", "detail": "The changed files hold no statement."}
    missing = [f"{file.path}: lines {_lines(file.missing_lines)} do not." for file in seen.files if file.missing_lines]
    is_met = percent >= least
    short = "" if is_met else f", so {least - percent:.1f} points are missing"
    said = f"{percent:.1f} % of the statements of the changed files run in the tests; {least:g} % was asked for{short}."
    return {"status": "passed" if is_met else "failed", "detail": "\n".join([said, *missing])}


def _figure(check: Mapping[str, Any], least: float) -> dict[str, Any]:
    """A figure that could not be measured is an error, and one of nothing is met by nobody."""
    if check["status"] == "error" or not check["share"]:
        return {"status": "error" if check["status"] == "error" else "failed", "detail": check["reason"]}
    share = Share(**check["share"])
    which = ", held against the lower end of the interval, since it is of a sample" if share.is_sample else ""
    said = f"{check['reason']} At least {least:g} % was asked for{which}."
    return {"status": "passed" if share.reaches(least) else "failed", "detail": said}


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:20])
    return f"{shown}, …" if len(numbers) > 20 else shown
