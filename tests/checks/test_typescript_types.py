"""Types of TypeScript are checked by the compiler, strictly and in the sandbox; without one it is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.checks.gateways import tsc
from apps.checks.services import javascript_check
from apps.checks.types import CheckResult, JavaScriptSource

TWO = {"src/two.ts": "export const two: number = 2;", "src/three.js": "export const three = 3;"}


def checked(**texts: str) -> dict[str, CheckResult]:
    found = javascript_check(
        {name: JavaScriptSource(text, True, path="src/f.ts", neighbours=TWO) for name, text in texts.items()}
    )
    return {name: next(one for one in results if one.tool == "tsc") for name, results in found.items()}


def test_types_are_checked_strictly_and_no_comment_silences_the_compiler() -> None:
    found = checked(
        fine=(
            "import fs from 'node:fs';\nimport { two } from './two.js';\nimport { three } from './three.js';\n"
            "import unknown from 'not-installed';\n"
            "export function f(a: number): number { return a * two * three; }\nconsole.log(fs, unknown, process.env);"
        ),
        wrong="export function f(a: number): string {\n  return a;\n}",
        silenced="// @ts-nocheck\nexport function f(a: number): string {\n  // @ts-ignore\n  return a;\n}",
        untyped="export function f(a) { return a; }",
        absent="export const f = (a?: string): number => a.length;",
        neighbour="import { two } from './two.js';\nexport const f: string = two;",
        broken="export function f(a: {",
    )
    assert {name: [(one.rule, one.line) for one in result.findings] for name, result in found.items()} == {
        "fine": [],
        "wrong": [("TS2322", 2)],
        "silenced": [("TS2322", 4)],
        "untyped": [("TS7006", 1)],
        "absent": [("TS18048", 1)],
        "neighbour": [("TS2322", 2)],
        "broken": [],
    }
    assert found["fine"].status == "passed"
    assert found["wrong"].status == "failed"
    assert found["broken"].status == "error"
    assert found["wrong"].findings[0].message == "Type 'number' is not assignable to type 'string'."
    assert found["wrong"].version.startswith("5.")


def test_texts_of_one_run_do_not_see_each_other() -> None:
    found = checked(one="function f(): number { return 1; }", other="function f(): string { return 'a'; }")
    assert [result.status for result in found.values()] == ["passed", "passed"]


def test_the_compiler_reads_nothing_of_the_machine() -> None:
    found = checked(nosy='/// <reference path="/etc/passwd" />\nimport x from "/etc/passwd";\nexport const f = x;')
    assert "root:" not in json.dumps([one.as_json() for one in found.values()])


@pytest.mark.parametrize(
    ("version", "reason"),
    [("", "there is no TypeScript compiler on this machine"), ("7.0.2", "TypeScript 7.0.2 is no program for node")],
)
def test_without_a_compiler_types_are_not_measured_and_why_is_said(
    version: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version:
        package = tmp_path / "lib/node_modules/typescript"
        package.mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"name": "typescript", "version": version}))
    monkeypatch.setattr(tsc.sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    (result,) = tsc.check({"a": JavaScriptSource("export {}", True)}).values()
    assert (result.status, result.findings) == ("not_checked", ())
    assert result.reason.startswith("Not measured")
    assert reason in result.reason
    assert "npm install" in result.reason
