"""A policy and a specification hold JavaScript to packages and licences; what nobody reads is said."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from apps.generation.engine.specification import analyse
from apps.generation.engine.specification.model import ConstraintKind
from apps.generation.services.dependencies import dependency_gate
from apps.generation.services.policy_gate import policy_gate
from apps.knowledge.engine.policy import policy_read
from apps.knowledge.models import RepositoryPolicy

SOURCE = (
    "import merge from 'lodash/merge';\nimport { readFile } from 'node:fs/promises';\nexport { merge, readFile };\n"
)
FILES = {
    "package.json": json.dumps({"dependencies": {"lodash": "4", "@acme/money": "1"}}),
    "package-lock.json": json.dumps({"packages": {"node_modules/lodash": {"license": "GPL-3.0-only"}}}),
}
WORKSPACE: Any = SimpleNamespace(
    files={}, run=SimpleNamespace(target_path="src/a.mjs", repository=SimpleNamespace(name="shop"))
)


def held(**lists: list[str]) -> dict[str, Any]:
    policy = RepositoryPolicy(version=3, content=policy_read(lists).as_json())
    return policy_gate(policy, WORKSPACE, {"src/a.mjs": SOURCE, "tests/a.test.mjs": "import 'vitest';"}, FILES)


@pytest.mark.parametrize(
    ("lists", "rule"),
    [
        ({"dependencies_denied": ["lodash"]}, "denied-dependency"),
        ({"dependencies_allowed": ["@acme/money"]}, "dependency-not-allowed"),
        ({"licences_denied": ["GPL-3.0-only"]}, "denied-licence"),
        ({"licences_allowed": ["MIT"]}, "licence-not-allowed"),
    ],
)
def test_packages_and_licences_are_held_against_the_policy(lists: dict[str, list[str]], rule: str) -> None:
    gate = held(**lists)
    assert gate["status"] == "failed"
    assert [(one["rule"], one["path"], one["line"]) for one in gate["findings"]] == [(rule, "src/a.mjs", 1)]
    assert "version 3" in gate["findings"][0]["message"]


def test_a_policy_that_is_kept_passes_and_tests_may_use_what_they_are_run_with() -> None:
    kept = held(dependencies_allowed=["lodash"], licences_allowed=["GPL-3.0-only"])
    assert (kept["status"], kept["findings"]) == ("passed", [])


def test_rules_on_patterns_are_not_known_to_be_kept_where_they_are_about_the_file() -> None:
    unread = held(forbidden_patterns=["bare-except"])
    assert (unread["status"], unread["findings"]) == ("failed", [])
    assert "nobody knows whether this keeps the rules on bare-except" in unread["detail"]
    assert held(required_patterns=["retry-with-backoff in src/*"])["status"] == "failed"
    assert held(required_patterns=["retry-with-backoff in shop/*"])["status"] == "passed"


@pytest.mark.parametrize(
    ("asked", "status", "findings"),
    [
        ("It must not use the lodash library.", "failed", ["lodash/merge is imported."]),
        ("It must not use fs.", "failed", ["fs/promises is imported."]),
        ("It must use the axios library.", "failed", ["axios is not imported."]),
        ("It must use the lodash library.", "passed", []),
        ("No external dependencies.", "failed", ["lodash/merge is imported."]),
        ("No new dependencies.", "passed", []),
    ],
)
def test_packages_that_a_specification_names_are_a_gate(asked: str, status: str, findings: list[str]) -> None:
    found = analyse(f"Write `function f(a)` in JavaScript.\n\n{asked}\n\nf(1) // -> 1", target_path="src/a.mjs")
    named = [one for one in found.constraints if one.kind in (ConstraintKind.FORBIDDEN, ConstraintKind.REQUIRED)]
    gate = dependency_gate(named, WORKSPACE, {"src/a.mjs": SOURCE}, FILES)
    assert gate is not None
    assert gate["status"] == status
    assert [one["message"].split(" The spec")[0] for one in gate["findings"]] == findings
