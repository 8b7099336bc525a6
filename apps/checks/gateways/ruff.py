"""Lint and safe fixes by ruff, with our rules only: no configuration file is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from ruff import find_ruff_bin

from apps.checks.gateways.process import ToolFailed, tool_run
from apps.checks.gateways.report import Report
from apps.checks.gateways.workspace import Workspace
from apps.checks.types import Finding, Fix, FixedSource, Severity

TOOL = "ruff"
FAILS_AT: Severity = "low"
SYNTAX = "invalid-syntax"
# Errors, likely bugs, needless code. Taste (line length, order of imports) is no gate; security is bandit's.
RULES = "E4,E7,E9,F,W6,B,C4,PLE"
# What `safe_fixes` may change besides.
FIXABLE_RULES = f"{RULES},I,UP,SIM,RET,PIE,W"
_HIGH = ("E9", "F5", "F63", "F7", "F82", "PLE", SYNTAX)
_LOW = ("F401", "F541", "F841", "C4", "W", "I", "UP", "SIM", "RET", "PIE")
_SETTINGS = ("--isolated", "--no-cache", "--target-version", "py311", "--line-length", "120", "--output-format", "json")


def version() -> str:
    return installed_version("ruff")


def check(place: Workspace, paths: Sequence[str], *, honours_suppressions: bool, timeout_s: float) -> Report:
    """
    Lint ``paths``.

    :raises ToolFailed: ruff crashed or did not finish.
    """
    command = [find_ruff_bin(), "check", *_SETTINGS, "--select", RULES]
    if not honours_suppressions:
        command.append("--ignore-noqa")
    output = tool_run([*command, "--", *paths], folder=place.root, home=place.home, timeout_s=timeout_s)
    return Report(tuple(_finding(item, place.root) for item in _items(output.stdout, output.stderr)))


def fix(source: str, *, home: Path, timeout_s: float) -> FixedSource:
    """
    Return ``source`` with every fix ruff holds to be safe; what the text means does not change.

    :raises ToolFailed: ruff crashed or did not finish.
    """
    command = [find_ruff_bin(), "check", *_SETTINGS, "--select", FIXABLE_RULES, "--exit-zero"]
    name = ("--stdin-filename", "source.py", "-")
    said = tool_run([*command, *name], folder=home, home=home, timeout_s=timeout_s, stdin=source)
    fixes = tuple(
        Fix(rule=item["code"], message=item["message"], line=item["location"]["row"])
        for item in _items(said.stdout, said.stderr)
        if item["code"] and (item["fix"] or {}).get("applicability") == "safe"
    )
    if not fixes:
        return FixedSource(source, ())
    fixed = tool_run([*command, "--fix-only", *name], folder=home, home=home, timeout_s=timeout_s, stdin=source)
    if fixed.returncode != 0:
        raise ToolFailed(f"ruff could not fix the text: {fixed.stderr[:300].strip()}")
    return FixedSource(fixed.stdout, fixes)


def _items(stdout: str, stderr: str) -> list[dict[str, Any]]:
    try:
        items: list[dict[str, Any]] = json.loads(stdout)
    except json.JSONDecodeError:
        raise ToolFailed(f"ruff gave no report: {stderr[:300].strip()}") from None
    return items


def _finding(item: dict[str, Any], root: Path) -> Finding:
    rule = item["code"] or SYNTAX
    return Finding(
        rule=rule,
        message=item["message"],
        path=Path(item["filename"]).relative_to(root.resolve()).as_posix(),
        line=item["location"]["row"],
        column=item["location"]["column"],
        severity="high" if rule.startswith(_HIGH) else "low" if rule.startswith(_LOW) else "medium",
    )
