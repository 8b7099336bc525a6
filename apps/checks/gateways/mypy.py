"""Types by mypy: no configuration, no plugin, no cache that outlives the run, nothing imported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from pathlib import PurePosixPath

from apps.checks.gateways.process import ToolFailed, ToolOutput, python_tool, tool_run
from apps.checks.gateways.report import Report
from apps.checks.gateways.workspace import Workspace
from apps.checks.types import Finding, Severity

TOOL = "mypy"
FAILS_AT: Severity = "medium"
_STOPPED = 2  # mypy's exit code when an error kept it from looking further


def version() -> str:
    return installed_version("mypy")


def check(place: Workspace, paths: Sequence[str], *, honours_suppressions: bool, timeout_s: float) -> Report:
    """
    Type-check ``paths`` together, as one program.

    Packages that are not among them are taken as they come (``Any``). Where one error stops mypy, the files without
    a finding are unchecked. ``honours_suppressions`` was settled when the texts were written.

    :raises ToolFailed: mypy crashed or did not finish.
    """
    output = _run(place, paths, timeout_s=timeout_s)
    findings = _findings(output.stdout)
    if output.returncode == _STOPPED:
        if not findings:
            raise ToolFailed(f"mypy stopped: {(output.stderr or output.stdout).strip()[-300:]}")
        silent = sorted(set(paths) - {finding.path for finding in findings})
        return Report(findings, dict.fromkeys(silent, "mypy stopped at an error in another file."))
    return Report(findings)


def check_strictly(place: Workspace, paths: Sequence[str], *, timeout_s: float) -> tuple[Finding, ...]:
    """
    Return what ``mypy --strict`` finds in ``paths``, with what they import of the other files in ``place``.

    :raises ToolFailed: mypy crashed, did not finish, or stopped at an error before it had looked at everything.
    """
    output = _run(place, paths, "--strict", timeout_s=timeout_s)
    findings = _findings(output.stdout)
    if output.returncode not in (0, 1):
        where = f"{findings[0].path}, line {findings[0].line}: {findings[0].message}" if findings else ""
        raise ToolFailed(f"mypy stopped: {where or (output.stderr or output.stdout).strip()[-300:]}")
    return tuple(finding for finding in findings if finding.path in paths)


def _run(place: Workspace, paths: Sequence[str], *options: str, timeout_s: float) -> ToolOutput:
    settings = place.home / "mypy.ini"
    bases = "$MYPY_CONFIG_FILE_DIR/../code/src" if (place.root / "src").is_dir() else ""
    settings.write_text(f"[mypy]\nmypy_path = {bases}\n")
    names = place.home / "files"
    names.write_text("\n".join(f"./{path}" for path in paths))
    command = python_tool(
        "mypy",
        f"--config-file={settings}",
        f"--cache-dir={place.home / 'cache'}",
        "--no-site-packages",
        "--ignore-missing-imports",
        "--namespace-packages",
        "--explicit-package-bases",
        "--python-version=3.11",
        "--output=json",
        *options,
        f"@{names}",
    )
    return tool_run(command, folder=place.root, home=place.home, timeout_s=timeout_s)


def _findings(lines: str) -> tuple[Finding, ...]:
    findings = []
    for line in lines.splitlines():
        if not line.startswith("{"):
            continue
        item = json.loads(line)
        if item["severity"] == "error":
            findings.append(
                Finding(
                    rule=item["code"] or "error",
                    message=item["message"],
                    path=PurePosixPath(item["file"]).as_posix(),
                    line=max(item["line"], 0),
                    column=max(item["column"] + 1, 0),
                    severity="high" if item["code"] == "syntax" else "medium",
                )
            )
    return tuple(findings)
