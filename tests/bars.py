"""
The bars of the product, the tests that show each, and the page that says so.

A test carries ``@pytest.mark.bar(4)`` where it shows the fourth. ``python -m tests.bars`` writes ``docs/bars.md``
from the marks; ``tests/architecture/test_bars.py`` compares.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "docs" / "bars.md"

BARS = {
    1: "For any policy and any history of votes, edits, recusals and role changes, nothing is approved unless enough "
    "distinct eligible people hold valid ballots on the current content; the database keeps the same law.",
    2: "A token, a machine's account, a model, the requester, whoever edited the prompt and whoever grafted code get "
    "403 as problem+json from everything that approves or votes, and each refusal is in the audit chain.",
    3: "A policy that nobody could satisfy is refused when it is saved, with the reason.",
    4: "One byte more in the patch, the base or the evidence voids the votes, and the page says why within 2 s.",
    5: "Who wrote a candidate is told nowhere before the vote: HTML, JSON, classes, images, order, titles.",
    6: "Candidates stand in another order for each reviewer, the one of the audited seed.",
    7: "A criterion with too few observations shows INSUFFICIENT DATA and is not MET; a source that fails shows ERROR "
    "and blocks.",
    8: "Suspending stops new work within 2 s and running work within 30 s; it is resumed by a recorded vote only.",
    9: "Verifying the chain finds every edited, deleted, inserted and reordered row.",
    10: "A page goes on without loss or duplicates after the web process was killed.",
    11: "Every POST of the API sent again with its key makes one object; with another body it gets 422.",
    12: "The screens have no violations by axe in both themes, work by keyboard alone, at 320 px and at 200 % zoom.",
    13: "The 95th percentile is at most 300 ms for lists of 100,000 rows and 2 s for a review of 5 candidates of 2,000 "
    "changed lines.",
    14: "An evidence pack verifies offline with the verifier in it, and fails after any change.",
    15: "The clock of documentation starts anew after a stale page; a coverage gate takes the minimum of its window.",
}

HEAD = """\
# The bars

What this product promises and a test can check, with the tests that do. A test carries the mark `bar`, and
`python -m tests.bars` writes this page from the marks; `tests/architecture/test_bars.py` compares them and demands a
test for each bar.

*test* runs at every commit (`make test`), *slow* before a merge (`make slow`: a browser, whole platforms, long tables);
*nightly* runs at every commit as well, and on ten times as many histories in `make nightly`.
`pytest -m bar` runs them all.
"""


@dataclass(frozen=True, order=True)
class Shown:
    """A test that shows a bar."""

    bar: int
    node: str
    profile: str


def shown() -> list[Shown]:
    """Return every mark ``bar`` of the tests, by bar and name."""
    return sorted(one for path in TESTS.rglob("test_*.py") for one in _marks_of(path))


def page_text() -> str:
    """Return the page that the marks make."""
    marks = shown()
    parts = [HEAD]
    for number, statement in BARS.items():
        rows = [f"| `{one.node}` | {one.profile} |" for one in marks if one.bar == number]
        parts.append("\n".join((f"## Bar {number}\n\n{statement}\n", "| test | runs in |", "|---|---|", *rows)) + "\n")
    return "\n".join(parts)


def _marks_of(path: Path) -> Iterator[Shown]:
    text = path.read_text()
    if "mark.bar(" not in text:
        return
    module = ast.parse(text)
    everywhere = [
        mark
        for statement in module.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark"
        for mark in _calls(statement.value)
    ]
    yield from _in_body(module, path.relative_to(TESTS.parent).as_posix(), everywhere)


def _in_body(holder: ast.Module | ast.ClassDef, name: str, above: list[str]) -> Iterator[Shown]:
    for part in holder.body:
        if not isinstance(part, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = [*above, *(mark for decorator in part.decorator_list for mark in _calls(decorator))]
        if isinstance(part, ast.ClassDef):
            yield from _in_body(part, f"{name}::{part.name}", marks)
        elif part.name.startswith("test_"):
            for bar in _bars(marks):
                yield Shown(bar, f"{name}::{part.name}", _profile(marks))


def _calls(expression: ast.expr) -> list[str]:
    """Return the marks of one decorator, or of a list of them, as they are written."""
    parts = expression.elts if isinstance(expression, ast.List | ast.Tuple) else [expression]
    return [ast.unparse(part).removeprefix("pytest.mark.") for part in parts]


def _bars(marks: list[str]) -> list[int]:
    return [int(mark[len("bar(") : -1]) for mark in marks if mark.startswith("bar(")]


def _profile(marks: list[str]) -> str:
    if "slow" in marks or "browser" in marks:
        return "slow"
    return "test, nightly" if "laws" in marks else "test"


if __name__ == "__main__":
    PAGE.write_text(page_text())
