"""Tests of a tree by node, its syntax check, and what code does to bend them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from apps.checks.gateways import nodesuite
from apps.checks.services import javascript_check, javascript_suite_run
from apps.checks.types import JavaScriptSource, MeasurementFailed, TestMeasurement

DOUBLE = b"export function f(a) {\n  if (a > 100) {\n    return 1;\n  }\n  return a * 2;\n}\n"
TESTS = (
    b'import assert from "node:assert/strict";\nimport test from "node:test";\nimport { f } from "../f.mjs";\n'
    b'test("doubles", () => { assert.equal(f(2), 4); });\n'
)
NAMES = ["tests/f.test.mjs"]


def measure(
    source: bytes = DOUBLE, tests: bytes = TESTS, paths: Sequence[str] = NAMES, **options: object
) -> TestMeasurement:
    files = {"f.mjs": source, "tests/f.test.mjs": tests}
    wanted = {"tests": paths, "imports": ["f.mjs"], "expected": {"tests/f.test.mjs": ["doubles"]}, **options}
    return javascript_suite_run(files, **wanted)  # type: ignore[arg-type]


def test_outcomes_are_counted_and_failures_have_words() -> None:
    more = TESTS + b'test("lies", () => { assert.equal(f(2), 5); });\ntest.skip("later", () => {});\n'
    seen = measure(tests=more)
    assert (seen.passed, seen.failed, seen.skipped) == (1, 1, 1)
    assert seen.failures[0].test == "tests/f.test.mjs: lies"
    assert "4 !== 5" in seen.failures[0].error


def test_lines_are_counted_where_asked_for() -> None:
    assert measure().files == ()
    (file,) = measure(covered=["f.mjs"]).files
    assert (file.path, file.statements, file.missing_lines) == ("f.mjs", 6, (3, 4))
    assert 0 < file.missing_branches < file.branches


def test_typescript_is_run_without_its_types() -> None:
    files = {
        "src/g.ts": b"export const two: number = 2;\n",
        "src/f.ts": b"import { two } from './g.js';\nexport const f = (a: number): number => a * two;\n",
        "tests/f.test.mts": TESTS.replace(b"../f.mjs", b"../src/f.ts"),
    }
    seen = javascript_suite_run(files, tests=["tests/f.test.mts"], imports=["src/f.ts"], expected={})
    assert (seen.passed, seen.failed) == (1, 0)


@pytest.mark.parametrize(
    "bent",
    [
        b"import assert from 'node:assert/strict';\nfor (const key of Object.keys(assert)) assert[key] = () => {};\n",
        b"import { Test } from 'node:test';\nprocess.on('exit', () => { process.exitCode = 0; });\nprocess.exit(0);\n",
        pytest.param(b"Promise.prototype.then = function () { return this; };\n", marks=pytest.mark.slow),
        b"import assert from 'node:assert/strict';\nassert.equal = assert.throws = () => {};\n",
    ],
)
def test_code_that_bends_how_tests_are_judged_is_found(bent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodesuite, "LIMITS", replace(nodesuite.LIMITS, wall_s=5.0))
    with pytest.raises(MeasurementFailed):
        measure(bent + DOUBLE)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"expected": {"tests/f.test.mjs": ["another"]}}, "1 of the tests were not run, 'another' among them."),
        ({"paths": []}, "There is no file of tests for node's"),
        ({"source": b"throw new Error('never');"}, "The code under test cannot be loaded."),
        pytest.param(
            {"source": b"while (true);\nexport const f = 1;"},
            "The tests did not end in time.",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_cannot_be_measured_is_a_sentence(
    options: dict[str, object], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodesuite, "LIMITS", replace(nodesuite.LIMITS, wall_s=5.0))
    with pytest.raises(MeasurementFailed) as failed:
        measure(**options)  # type: ignore[arg-type]
    assert failed.value.message.startswith(reason)


def test_without_node_nothing_is_measured_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.checks.gateways.nodesuite.node_missing", lambda: ("There is no node.", "Install it."))
    with pytest.raises(MeasurementFailed, match="There is no node"):
        measure()


def test_syntax_is_checked_and_what_reads_python_only_does_not_apply() -> None:
    found = javascript_check(
        {
            "fine": JavaScriptSource("export const f = 1;"),
            "twice": JavaScriptSource("let x;\nlet x;"),
            "broken": JavaScriptSource("let x;\nfunction ("),
            "typed": JavaScriptSource("export const f: number = 1;", is_typed=True),
            "enum": JavaScriptSource("enum A {}", is_typed=True),
            "old": JavaScriptSource("return 1;", kind="commonjs"),
        }
    )
    syntax = {name: next(one for one in results if one.tool == "node") for name, results in found.items()}
    assert {name: one.status for name, one in syntax.items()} == {
        "fine": "passed", "twice": "failed", "broken": "failed", "typed": "passed", "enum": "failed", "old": "passed",
    }  # fmt: skip
    assert syntax["twice"].findings[0].message == "SyntaxError: Identifier 'x' has already been declared"
    assert syntax["broken"].findings[0].line == 2
    others = {one.tool: one.status for one in found["fine"] if one.tool != "node"}
    assert others == {
        "javascript-lint": "passed", "tsc": "not_applicable", "javascript-security": "passed",
        "antipatterns": "not_applicable",
    }  # fmt: skip
