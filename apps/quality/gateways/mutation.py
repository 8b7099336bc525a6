"""Runs a tree's tests on mutants of one of its files, in the sandbox, and reads back what became of each."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apps.checks.types import MeasurementFailed, plain_text
from apps.quality import inside
from apps.quality.engine.mutation import Fate, Tried
from apps.sandbox.services import CommandRun, Limits, Result, sandbox_run

GRACE_S = 30  # for starting pytest, and for the tests on the file as it is, once more
MAX_REPORT = 4 << 20
_TAMPERED = "The report of the tests was tampered with."
_WHY = {
    "timeout": "The tests did not end in time.",
    "oom": "The tests needed more memory than they may have.",
    "output_limit": "The tests wrote more output than they may.",
}


def run(
    files: Mapping[str, bytes], *, target: str, texts: Sequence[str], arguments: Sequence[str], budget_s: float
) -> tuple[list[Tried], int]:
    """
    Run pytest with *arguments* on *files* for each of *texts* in the place of *target*, in order, until *budget_s*.

    Return what became of those that were tried, and how many tests pass on the file as it is.

    :raises MeasurementFailed: the tests fail without any change, there is none, or the report cannot be believed.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    folder = f".nofx-{secrets.token_hex(8)}"
    driver, plan, report = f"{folder}/mutation.py", f"{folder}/plan.json", f"{folder}/report.json"
    result = sandbox_run(
        CommandRun(
            argv=("python", driver, plan, target, str(budget_s), *arguments),
            files={
                **files,
                driver: Path(inside.__path__[0], "mutation.py").read_bytes(),
                plan: json.dumps(list(texts)).encode(),
            },
            collect=(report,),
            limits=_limits(budget_s),
            env={"HYPOTHESIS_STORAGE_DIRECTORY": f"{folder}/hypothesis", "PYTHONDONTWRITEBYTECODE": "1"},
        )
    )
    said = _report(result, report)
    try:
        _require_sound(said)
        passed = int(said["seen"].get("passed", 0))
        tried = [Tried(Fate(fate), plain_text(str(test))) for fate, test in said["results"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MeasurementFailed(_TAMPERED) from error
    if len(tried) > len(texts) or passed < 1:
        raise MeasurementFailed(_TAMPERED)
    return tried, passed


def _limits(budget_s: float) -> Limits:
    seconds = math.ceil(budget_s) + GRACE_S
    return Limits(
        wall_s=float(seconds), cpu_s=seconds, memory_mb=2048, processes=64, files=256, file_mb=64, disk_mb=512,
        inodes=65536,
    )  # fmt: skip


def _report(result: Result, path: str) -> dict[str, Any]:
    content = result.files.get(path)
    if result.status != "exit" or content is None:
        last_words = plain_text((result.stderr or result.stdout).strip()[-300:])
        why = _WHY.get(result.status, "The tests ended before they could report.")
        raise MeasurementFailed(f"{why} {last_words}".strip(), remedy="Run the tests by hand to see where they stop.")
    try:
        report = json.loads(content) if len(content) <= MAX_REPORT else None
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict):
        raise MeasurementFailed(_TAMPERED)
    return report


def _require_sound(said: Mapping[str, Any]) -> None:
    """
    :raises MeasurementFailed: the tests do not pass on the file as it is, before and after.
    """
    first, last, failed = said["first"], said["last"], said["seen"].get("failed", "")
    if first is None:
        raise MeasurementFailed("The tests alone take longer than there is time.", remedy="Give it more time.")
    if first == 5:  # pytest's exit code
        raise MeasurementFailed("pytest found no test to run.", remedy="Add tests, then measure again.")
    if first != 0:
        named = f": {plain_text(str(failed))} does not pass" if failed else ""
        raise MeasurementFailed(f"The tests fail without any change{named}.", remedy="Mend them, then measure again.")
    if last != 0:
        raise MeasurementFailed(
            "After the changed programs the tests no longer pass on the file as it is, so nothing can be told.",
            remedy="Look for tests that leave something behind, or that fail now and then.",
        )
