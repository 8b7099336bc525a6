"""The figures that a specification asks of the quality of JavaScript or TypeScript, measured: a gate for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.checks.services import javascript_suite_run
from apps.checks.types import MeasurementFailed, TestMeasurement
from apps.core.javascript import complexity_of
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.javascript.modules import is_javascript, is_test, is_typescript
from apps.generation.engine.javascript.tests import test_titles
from apps.generation.engine.specification import QualityRequirement
from apps.generation.services.quality_gates import strictest, types_are_asked
from apps.generation.services.typing_gate import javascript_typing_gate
from apps.sandbox.services import SpecInvalid

RUNNER = b"node:test"
NOT_MEASURED = (
    "Nothing here measures this for JavaScript, so nobody knows whether it is met. Two people may override it."
)


def javascript_quality_gates(
    requirements: Sequence[QualityRequirement],
    *,
    before: Mapping[str, str],
    changed: Mapping[str, str],
    tree: Mapping[str, bytes] | None,
) -> list[dict[str, Any]]:
    """
    Return a gate for all that is asked, like :func:`python_quality_gates` of the sources in JavaScript.

    :raises SandboxUnavailable: the tests, or the compiler, cannot be run safely on this machine.
    """
    own = {path: text for path, text in changed.items() if is_javascript(path)}
    sources = {path: text for path, text in own.items() if not is_test(path)}
    gates = []
    for measure, at in strictest(requirements).items():
        gate: dict[str, Any] = {"gate": measure, "findings": []}
        if measure == "complexity":
            gates.append(gate | _complexity(at, before, sources))
        elif measure == "coverage":
            if tree is not None:
                gates.append(gate | {"trust": "in_process"} | _coverage(at, own, sources, tree))
        else:
            gates.append(gate | {"status": "failed", "detail": f"At least {at:g} % was asked for. {NOT_MEASURED}"})
    if types_are_asked(requirements):
        gates.append(javascript_typing_gate(before=before, sources=sources))
    return gates


def tests_of(tree: Mapping[str, bytes]) -> tuple[list[str], int]:
    """Return the files of tests that node runs itself, and how many are for another runner."""
    tests = [path for path in tree if is_javascript(path) and is_test(path)]
    own = [path for path in tests if RUNNER in tree[path]]
    return own, len(tests) - len(own)


def suite_seen(
    tree: Mapping[str, bytes], tests: Sequence[str], changed: Mapping[str, str], *, covered: Sequence[str] | None
) -> TestMeasurement:
    """
    Run the tests of *tree*, which holds *changed*; with *covered*, measure how much of these files they run.

    :raises MeasurementFailed: there is no test, or the run did not reach its end.
    :raises SpecInvalid: the tree cannot be put into the sandbox.
    :raises SandboxUnavailable: the tests cannot be run safely on this machine.
    """
    return javascript_suite_run(
        tree,
        tests=list(tests),
        imports=[path for path in changed if not is_test(path)],
        expected={path: test_titles(text) for path, text in changed.items() if is_test(path)},
        covered=None if covered is None else list(covered),
    )


def _coverage(
    least: float, changed: Mapping[str, str], sources: Mapping[str, str], tree: Mapping[str, bytes]
) -> dict[str, Any]:
    try:
        seen = suite_seen(tree, tests_of(tree)[0], changed, covered=list(sources))
    except (SpecInvalid, MeasurementFailed) as error:
        return {"status": "error", "detail": str(error)}
    percent = seen.line_percent
    if percent is None:
        return {"status": "error", "detail": f"At least {least:g} % was asked for. Coverage was not measured."}
    is_met = percent >= least
    short = "" if is_met else f", so {least - percent:.1f} points are missing"
    said = f"{percent:.1f} % of the lines of the changed files run in the tests; {least:g} % was asked for{short}."
    if seen.branch_percent is not None:
        said += f" Of V8's blocks, which stand for branches and are no gate, {seen.branch_percent:.1f} % run."
    return {"status": "passed" if is_met else "failed", "detail": said}


def _complexity(most: float, before: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, Any]:
    """A change answers for the functions that it wrote lines of."""
    findings = [
        {
            "rule": "complexity",
            "message": f"{one.name} has a cyclomatic complexity of {one.complexity}, "
            f"{one.complexity - most:g} more than asked for.",
            "path": path,
            "line": one.line,
            "severity": "medium",
        }
        for path, text in sources.items()
        for one in complexity_of(text, is_typed=is_typescript(path))
        if one.complexity > most
        and not changed_lines(before.get(path, ""), text).isdisjoint(range(one.line, one.end_line + 1))
    ]
    return {
        "status": "failed" if findings else "passed",
        "findings": findings,
        "detail": f"At most {most:g} was asked for, for each function that was written or changed.",
    }
