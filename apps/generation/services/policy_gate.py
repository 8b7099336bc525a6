"""The gate for what the policy of the repository asks of code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.checks.services import is_test_path
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.javascript.modules import is_javascript
from apps.generation.services.candidates import Workspace
from apps.generation.services.dependencies import dependencies_of
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.services.policies import policy_findings, policy_rule_count
from apps.knowledge.types import Package

NOT_READ = "Its rules read Python only, so nobody knows whether this keeps them. Two people may override it."


def policy_gate(
    policy: RepositoryPolicy, workspace: Workspace, changed: Mapping[str, str], declarations: Mapping[str, str]
) -> dict[str, Any]:
    """
    Return whether a change (path to text) keeps *policy*; each finding names the rule and the version.

    Tests are left out. Rules read Python only, so that code in another language is not known to keep them.
    """
    where = f"code rules of {workspace.run.repository.name}, version {policy.version}"
    if is_javascript(workspace.run.target_path):
        has_rules = policy_rule_count(policy) > 0
        said = f"Held against the {where}."
        return {
            "gate": "policy",
            "status": "failed" if has_rules else "passed",
            "findings": [],
            "detail": f"{said} {NOT_READ}" if has_rules else said,
            "policy_version": policy.version,
        }
    sources = {path: text for path, text in changed.items() if path.endswith(".py") and not is_test_path(path)}
    packages = [
        Package(one.names, one.distribution or one.module, one.licence, one.path, one.line)
        for one in dependencies_of(workspace, sources, declarations).dependencies
    ]
    found = policy_findings(
        policy,
        changed=sources,
        own={path: changed_lines(workspace.files.get(path, ""), text) for path, text in sources.items()},
        tree={path: text for path, text in workspace.files.items() if path.endswith(".py")},
        packages=packages,
    )
    return {
        "gate": "policy",
        "status": "failed" if found else "passed",
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
        "detail": f"Held against the {where}.",
        "policy_version": policy.version,
    }
