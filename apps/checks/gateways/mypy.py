"""Types by mypy: no configuration, no plugin, no cache that outlives the run, nothing imported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from pathlib import PurePosixPath

from apps.checks.gateways.process import ToolFailed, python_tool, tool_run
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
        f"@{names}",
    )
    output = tool_run(command, folder=place.root, home=place.home, timeout_s=timeout_s)
    findings = _findings(output.stdout)
    if output.returncode == _STOPPED:
        if not findings:
            raise ToolFailed(f"mypy stopped: {(output.stderr or output.stdout).strip()[-300:]}")
        silent = sorted(set(paths) - {finding.path for finding in findings})
        return Report(findings, dict.fromkeys(silent, "mypy stopped at an error in another file."))
    return Report(findings)


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
