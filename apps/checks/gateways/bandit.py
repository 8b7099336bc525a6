"""Security findings by bandit, which reads the syntax tree and runs nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from pathlib import PurePosixPath

from apps.checks.gateways.process import ToolFailed, python_tool, tool_run
from apps.checks.gateways.report import Report
from apps.checks.gateways.workspace import Workspace, is_test_path
from apps.checks.types import Finding, Severity

TOOL = "bandit"
FAILS_AT: Severity = "medium"
# What a test is made of is no weakness there.
ASSERT = "B101"
_SEVERITY: dict[str, Severity] = {"LOW": "low", "MEDIUM": "medium", "HIGH": "high"}


def version() -> str:
    return installed_version("bandit")


def check(place: Workspace, paths: Sequence[str], *, honours_suppressions: bool, timeout_s: float) -> Report:
    """
    Look for insecure code in ``paths``; an ``assert`` counts outside of tests only.

    :raises ToolFailed: bandit crashed or did not finish.
    """
    arguments = ["-q", "-f", "json", *([] if honours_suppressions else ["--ignore-nosec"])]
    command = python_tool("bandit", *arguments, "--", *paths)
    output = tool_run(command, folder=place.root, home=place.home, timeout_s=timeout_s)
    try:
        report = json.loads(output.stdout)
    except json.JSONDecodeError:
        raise ToolFailed(f"bandit gave no report: {output.stderr.strip()[-300:]}") from None
    findings = tuple(
        Finding(
            rule=item["test_id"],
            message=item["issue_text"],
            path=PurePosixPath(item["filename"]).as_posix(),
            line=item["line_number"],
            column=item["col_offset"] + 1,
            severity=_SEVERITY.get(item["issue_severity"], "low"),
        )
        for item in report["results"]
        if not (item["test_id"] == ASSERT and is_test_path(PurePosixPath(item["filename"]).as_posix()))
    )
    unchecked = {PurePosixPath(item["filename"]).as_posix(): item["reason"] for item in report["errors"]}
    return Report(findings, unchecked)
