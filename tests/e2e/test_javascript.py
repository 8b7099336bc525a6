"""The main job in JavaScript and TypeScript: a specification typed into the browser becomes a merged commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.javascript import strip_types
from apps.generation.models import PullRequest
from apps.generation.services.planning import repository_files
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from apps.sandbox.services import Call, NodeModule, NodeRun, sandbox_run
from tests.e2e.test_acceptance import Kind, approve, write_and_submit
from tests.fault_server import FaultServer
from tests.git import git
from tests.shop import work_off

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def fenced(source: str, language: str = "js") -> str:
    return f"Here it is.\n\n```{language}\n{source}\n```\n"


GROUPS = Kind(
    title="Groups of words",
    text=(
        "Write `function groupByLength(words)` in JavaScript that groups words by their length.\n\n"
        "- The words of a group keep their order.\n- No word gives an empty Map.\n\n"
        "groupByLength(['a', 'bb', 'c']) // -> new Map([[1, ['a', 'c']], [2, ['bb']]])\n"
        "groupByLength([]) // -> new Map()\n"
    ),
    answers=(
        fenced(
            "export function groupByLength(words) {\n  const groups = {};\n"
            "  for (const word of words) (groups[word.length] ??= []).push(word);\n  return groups;\n}"
        ),
        fenced(
            "/** Groups words by length. */\nexport function groupByLength(words) {\n  const groups = new Map();\n"
            "  for (const word of words) {\n    const group = groups.get(word.length);\n"
            "    if (group) group.push(word);\n    else groups.set(word.length, [word]);\n  }\n  return groups;\n}"
        ),
        fenced("export function groupByLength(words) {\n  while (true) {}\n}"),
        fenced("export function groupByLength(words {\n}"),
        "I would rather not.",
    ),
    path="group-by-length.mjs",
    driver="",
    unseen=((["x", "yy", "zz"], [[1, ["x"]], [2, ["yy", "zz"]]]), (["", ""], [[0, ["", ""]]])),
)
CLAMP = Kind(
    title="Values in range",
    text=(
        "Write `function clamp(value: number, low: number, high: number): number` in TypeScript that keeps a value "
        "between two others.\n\n- A value outside becomes the nearest end.\n\n"
        "clamp(5, 0, 10) // -> 5\nclamp(-3, 0, 10) // -> 0\nclamp(0.5, 1.5, 2) // -> 1.5\n"
    ),
    answers=(
        fenced("export function clamp(value: number, low: number, high: number): number {\n  return value;\n}", "ts"),
        fenced(
            "type Range = readonly [number, number];\n\n"
            "export function clamp(value: number, low: number, high: number): number {\n"
            "  const range: Range = [low, high];\n  return Math.max(range[0], Math.min(value, range[1]!));\n}",
            "ts",
        ),
        fenced("enum Side { Low }\nexport function clamp(value: number): number {\n  return value;\n}", "ts"),
    ),
    path="clamp.ts",
    driver="",
    unseen=(([99, 0, 10], 10), ([-0.25, -0.5, 1], -0.25)),
)


def behaviour(kind: Kind, merged: str) -> list[Any]:
    """What the merged file does on inputs that nobody saw."""
    plain = strip_types(merged) if kind.path.endswith(".ts") else merged
    calls = tuple(Call(tuple(given) if kind is CLAMP else (given,)) for given, _ in kind.unseen)
    entry = "clamp" if kind is CLAMP else "groupByLength"
    values = sandbox_run(NodeRun({"merged.mjs": NodeModule(plain)}, "merged.mjs", entry, calls)).values
    return [one.ok if kind is CLAMP else [list(pair) for pair in one.ok.content] for one in values]


@pytest.mark.parametrize("kind", [GROUPS, CLAMP], ids=["javascript", "typescript"])
def test_a_specification_in_another_language_becomes_a_merged_commit(
    kind: Kind,
    page: Page,
    sign_in: Any,
    screenshot: Any,
    repository: Repository,
    provider: Provider,
    server: FaultServer,
    engineer: User,
    reviewer: User,
    owner: User,
    code: Path,
    tmp_path: Path,
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=len(kind.answers), timeout_s=5)
    server.answers(kind.answers)
    request = write_and_submit(page, sign_in, engineer, kind)
    screenshot(f"javascript-submitted-{kind.path}")
    work_off(request)
    page.goto(f"/requests/{request.pk}")
    screenshot(f"javascript-request-{kind.path}")
    for person_ in (reviewer, owner):
        sign_in(person_)
        page.goto(f"/requests/{request.pk}/review")
        for folded in page.locator(".evidence__same:not([open]) > summary").all():
            folded.click()
        expect(page.get_by_role("row", name="Syntax").get_by_text("passed").first).to_be_visible()
        expect(page.get_by_role("row", name="Security").get_by_text("passed").first).to_be_visible()
        screenshot(f"javascript-review-{kind.path}")
        approve(page)
    work_off(request)

    page.goto(f"/requests/{request.pk}")
    for gate in ("Syntax", "Lint", "Tests"):
        expect(page.locator("li", has_text=gate).get_by_text("passed", exact=True)).to_be_visible()
    screenshot(f"javascript-gates-{kind.path}")
    page.get_by_role("button", name="Merge into main").click()
    expect(page.get_by_text("by grace", exact=False)).to_be_visible()

    pull_request = PullRequest.objects.get(request=request)
    assert git(tmp_path / "remote.git", "rev-parse", "main") == pull_request.merge_sha
    merged = repository_files(repository, pull_request.merge_sha)[kind.path]
    assert behaviour(kind, merged) == [expected for _, expected in kind.unseen]
