"""Do docstrings say what signatures say? By pydoclint, which reads the syntax tree and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.checks.gateways.process import python_tool, tool_run
from apps.checks.gateways.workspace import workspace
from apps.checks.types import Finding

# Whether signatures carry type hints is no matter of docstrings.
_ABOUT_HINTS = {"DOC106", "DOC107", "DOC108"}
_LINE = re.compile(r"^\s+(?P<line>\d+): (?P<rule>DOC\d+): (?P<message>.*)$")


def check(files: Mapping[str, str], *, style: str, timeout_s: float) -> tuple[Finding, ...]:
    """
    Return where docstrings leave out or contradict what their signatures say.

    :raises ToolFailed: pydoclint crashed or did not finish.
    """
    python = {path: text for path, text in files.items() if path.endswith(".py")}
    arguments = [f"--style={style}", "--quiet", "--arg-type-hints-in-docstring=False", "--check-return-types=False"]
    findings = []
    with workspace(python, honours_suppressions=True) as place:
        command = python_tool("pydoclint.main", *arguments, *(f"./{path}" for path in sorted(python)))
        output = tool_run(command, folder=place.root, home=place.home, timeout_s=timeout_s)
    path = ""
    for line in (output.stdout + "\n" + output.stderr).splitlines():
        match = _LINE.match(line)
        if match and match["rule"] not in _ABOUT_HINTS:
            findings.append(Finding(match["rule"], match["message"].strip(), path, int(match["line"]), 0, "low"))
        elif line.strip().removeprefix("./") in python:
            path = line.strip().removeprefix("./")
    return tuple(findings)
