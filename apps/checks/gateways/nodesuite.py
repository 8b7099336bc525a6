"""Runs a tree's tests with ``node --test`` in the sandbox and reads what they say, as far as it can be believed."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.checks import inside
from apps.checks.types import FileCoverage, MeasurementFailed, TestFailure, TestMeasurement, plain_text
from apps.core.javascript import CannotStrip, strip_types
from apps.sandbox.services import COMMAND_LIMITS, SCRATCH, CommandRun, Result, node_missing, sandbox_run

TYPED = (".ts", ".mts", ".cts")
MAX_REPORT = 16 << 20
# As much address space as two processes of V8 reserve is not memory that is used: that is measured from outside.
LIMITS = replace(COMMAND_LIMITS, memory_mb=4096)
_WHY = {
    "timeout": "The tests did not end in time.",
    "oom": "The tests needed more memory than they may have.",
    "output_limit": "The tests wrote more output than they may.",
}
_TAMPERED = "The report of the tests was tampered with."
_OURS = f"{SCRATCH}/".lstrip("/")


def run(
    files: Mapping[str, bytes],
    *,
    tests: Collection[str],
    imports: Collection[str],
    expected: Mapping[str, Collection[str]],
    covered: Collection[str] | None = None,
) -> TestMeasurement:
    """
    Run the files *tests* of a tree; *imports* are the files under test, which our own tests load as well.

    *expected* are the titles that must have been run, by file; with *covered* the lines of these files are counted.

    :raises MeasurementFailed: there is no test, the run did not reach its end, or its report cannot be believed.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    problem, remedy = node_missing()
    if problem:
        raise MeasurementFailed(problem, remedy=remedy)
    if not tests:
        raise MeasurementFailed(
            "There is no file of tests for node's own runner.", remedy="Add one, such as x.test.mjs."
        )
    canaries = _canaries(imports)
    folder = f".nofx-{secrets.token_hex(8)}"
    report = f"{folder}/report.jsonl"
    first, last = canaries
    result = sandbox_run(
        CommandRun(
            argv=_command(folder, report, [first, *sorted(tests), last], is_covered=covered is not None),
            files={**_plain(files), **_inside(folder), **{name: body for name, (body, _) in canaries.items()}},
            collect=(report,),
            limits=LIMITS,
        )
    )
    lines = _lines(result, report)
    outcomes = _outcomes(lines)
    _check_canaries(outcomes, canaries)
    own = {key: one for key, one in outcomes.items() if key[0] not in canaries}
    _require(expected, own)
    counted = Counter(outcome for outcome, _ in own.values())
    if not own:
        raise MeasurementFailed("node found no test to run.", remedy="Add a test, then measure again.")
    return TestMeasurement(
        passed=counted["pass"],
        failed=counted["fail"],
        skipped=counted["skipped"],
        errors=0,
        failures=tuple(
            TestFailure(plain_text(f"{file}: {title}"), plain_text(message), "")
            for (file, title), (outcome, message) in own.items()
            if outcome == "fail"
        ),
        files=_coverage(lines, covered or ()),
        wall_ms=result.wall_ms,
    )


def _command(folder: str, report: str, tests: list[str], *, is_covered: bool) -> tuple[str, ...]:
    coverage = ("--experimental-test-coverage",) if is_covered else ()
    return (
        "node", "--no-warnings", "--import", f"./{folder}/node_types.mjs", "--test", *coverage, "--test-concurrency=1",
        f"--test-reporter=./{folder}/node_reporter.mjs", f"--test-reporter-destination={report}", *tests,
    )  # fmt: skip


def _inside(folder: str) -> dict[str, bytes]:
    names = ("node_reporter.mjs", "node_types.mjs")
    return {f"{folder}/{name}": Path(inside.__path__[0], name).read_bytes() for name in names}


def _plain(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """TypeScript without its types; what holds more than types stays, and node says that it cannot read it."""
    return {path: _stripped(content) if path.endswith(TYPED) else content for path, content in files.items()}


def _stripped(content: bytes) -> bytes:
    try:
        return strip_types(content.decode()).encode()
    except (CannotStrip, UnicodeDecodeError):
        return content


def _canaries(imports: Collection[str]) -> dict[str, tuple[bytes, dict[str, str]]]:
    """
    Return two files of tests by name, with the outcome that each of their tests must have.

    They load what is under test first: code that bends how tests are judged has then had its chance.
    """
    made: dict[str, tuple[bytes, dict[str, str]]] = {}
    for _ in range(2):
        loads = "".join(f"import {json.dumps('./' + path)};\n" for path in sorted(imports))
        source = f'{loads}import assert from "node:assert/strict";\nimport test from "node:test";\n'
        must: dict[str, str] = {}
        for body, outcome in (
            ("assert.equal(2 + 2, 5)", "fail"),
            ("assert.deepEqual([1, 2], [2, 1])", "fail"),
            ('throw new Error("expected")', "fail"),
            ("assert.throws(() => 1)", "fail"),
            ("assert.equal(2 + 2, 4)", "pass"),
        ):
            title = secrets.token_hex(8)
            must[title] = outcome
            source += f"test({json.dumps(title)}, () => {{ {body}; }});\n"
        made[f"{secrets.token_hex(8)}.test.mjs"] = (source.encode(), must)
    return made


def _lines(result: Result, report: str) -> list[dict[str, Any]]:
    content = result.files.get(report, b"")
    if len(content) > MAX_REPORT:
        raise MeasurementFailed(f"The report of the tests is larger than {MAX_REPORT >> 20} MB.")
    if result.status == "exit" and content:
        try:
            found = [json.loads(line) for line in content.splitlines()]
        except (ValueError, RecursionError) as error:
            raise MeasurementFailed("The report of the tests is not readable.") from error
        return [line for line in found if isinstance(line, dict)]
    last_words = plain_text((result.stderr or result.stdout).strip()[-300:])
    why = _WHY.get(result.status, "The tests ended before they could report.")
    raise MeasurementFailed(f"{why} {last_words}".strip(), remedy="Run the tests by hand to see where they stop.")


def _outcomes(lines: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (outcome, message) by file and title; a title that is reported twice counts as the worse."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for line in lines:
        values = [line.get(name) for name in ("file", "test", "outcome", "message")]
        if not all(isinstance(value, str) for value in values):
            continue
        file, test, outcome, message = (str(value) for value in values)
        if outcome not in ("pass", "fail", "skipped"):
            raise MeasurementFailed(_TAMPERED)
        key = file.rpartition(_OURS)[2].lstrip("/"), test
        # A file as a whole is reported as a test of its own name: only that it failed is news.
        if test.endswith(key[0]) and outcome != "fail":
            continue
        if key not in found or outcome == "fail":
            found[key] = outcome, message
    return found


def _check_canaries(
    outcomes: Mapping[tuple[str, str], tuple[str, str]], canaries: Mapping[str, tuple[bytes, Mapping[str, str]]]
) -> None:
    """
    :raises MeasurementFailed: a test of our own was not reported as we know it to be.
    """
    for file, (_, must) in canaries.items():
        seen = {title: outcomes[file, title][0] for title in must if (file, title) in outcomes}
        if not seen:
            reason = next((message for (name, _), (_, message) in outcomes.items() if name == file), "")
            raise MeasurementFailed(
                f"The code under test cannot be loaded. {plain_text(reason)[:300]}".strip(),
                remedy="Run the tests by hand to see where they stop.",
            )
        if seen != must:
            raise MeasurementFailed(
                f"{_TAMPERED} Tests of the platform's own, which must fail, were not reported as failed.",
                remedy="Look for code that changes how node's runner judges, at import.",
            )


def _require(expected: Mapping[str, Collection[str]], outcomes: Mapping[tuple[str, str], tuple[str, str]]) -> None:
    missing = [
        title
        for file, titles in expected.items()
        for title in titles
        if (file, title) not in outcomes and not any(name == file and test.endswith(file) for name, test in outcomes)
    ]
    if missing:
        raise MeasurementFailed(
            f"{len(missing)} of the tests were not run, {plain_text(missing[0])!r} among them.",
            remedy="Look for what leaves tests out.",
        )


def _coverage(lines: list[dict[str, Any]], covered: Collection[str]) -> tuple[FileCoverage, ...]:
    """
    The figures come from the process that ran the code; a file that no test loads has none.

    Node counts by V8's own coverage: lines, and as branches the blocks that V8 tells apart, not those of the source.
    """
    found: dict[str, FileCoverage] = {}
    for line in lines:
        for one in line.get("coverage") or ():
            path = str(one.get("path", "")).rpartition(_OURS)[2].lstrip("/")
            if path in covered:
                missing = tuple(int(number) for number in one.get("missing") or ())
                branches, taken = int(one.get("branches") or 0), int(one.get("taken") or 0)
                missed = min(branches, max(0, branches - taken))
                found[path] = FileCoverage(path, int(one.get("total", 0)), missing, branches, missed)
    return tuple(found[path] for path in sorted(found))
