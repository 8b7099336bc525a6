"""The gate for what the policy of the repository asks of code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.generation.engine.changes import changed_lines
from apps.generation.engine.javascript.modules import is_javascript
from apps.generation.services.candidates import Workspace
from apps.generation.services.dependencies import dependencies_of, is_tested_by
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.services.policies import policy_findings, policy_patterns_about
from apps.knowledge.types import Package

NOT_READ = (
    "Patterns are structures of Python, so nobody knows whether this keeps the rules on {}. Two people may override it."
)


def policy_gate(
    policy: RepositoryPolicy, workspace: Workspace, changed: Mapping[str, str], declarations: Mapping[str, str]
) -> dict[str, Any]:
    """
    Return whether a change (path to text) keeps *policy*; each finding names the rule and the version.

    Tests are left out. Rules on patterns read Python only: code in another language is not known to keep those that
    are about it.
    """
    where = f"code rules of {workspace.run.repository.name}, version {policy.version}"
    read = {path: text for path, text in changed.items() if not is_tested_by(path)}
    sources = {path: text for path, text in read.items() if path.endswith(".py") or is_javascript(path)}
    unread = policy_patterns_about(policy, [path for path in sources if is_javascript(path)])
    said = [f"Held against the {where}.", *([NOT_READ.format(", ".join(unread))] if unread else [])]
    packages = [
        Package(one.names, one.distribution or one.module, one.licence, one.path, one.line)
        for one in dependencies_of(workspace, sources, declarations).dependencies
    ]
    found = policy_findings(
        policy,
        changed={path: text for path, text in sources.items() if path.endswith(".py")},
        own={path: changed_lines(workspace.files.get(path, ""), text) for path, text in sources.items()},
        tree={path: text for path, text in workspace.files.items() if path.endswith(".py")},
        packages=packages,
    )
    return {
        "gate": "policy",
        "status": "failed" if found or unread else "passed",
        "findings": [
            {
                "rule": one.rule,
                "subject": one.subject,
                "message": f"{one.message} Rule {one.rule} {one.subject} of the {where}.",
                "path": one.path,
                "line": one.line,
                "severity": "high",
            }
            for one in found
        ],
        "detail": " ".join(said),
        "policy_version": policy.version,
    }
