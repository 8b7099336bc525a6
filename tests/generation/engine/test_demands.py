"""Demands that come as data are read back from the text as what they are."""

from __future__ import annotations

import pytest

from apps.generation.engine.specification import ConstraintKind, Demands, analyse, with_demands

PROSE = (
    "Write `slug(text: str) -> str`.\n\nThe result must be lower case. It must not hold blanks.\n\n>>> slug('A')\n'a'"
)
EVERYTHING = Demands(
    forbidden=("numpy", "python-slugify"),
    required=("pydantic", "zope.interface"),
    performance=("Every call returns within 5 ms", "small memory"),
    security=("The text is untrusted.", "no eval"),
    compatibility=("Windows and Linux", "callers stay as they are"),
    coverage=87.5,
    mutation_score=70,
    complexity=8,
    strict_types=True,
)


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        f"{PROSE}\n",
        f"{PROSE}\n\n## Out of scope\n\n- Emoji",
        f"{PROSE}\n\nR1: Lower case.\nR2: No blanks.",
        "Write `slug`.\n\n```python\ndef slug(text: str) -> str: ...\nassert slug('A') == 'a'",
        "slug('A') == 'a'",
    ],
)
def test_each_is_a_constraint_of_its_kind_or_a_figure(text: str) -> None:
    bare, found = analyse(text), analyse(with_demands(text, EVERYTHING))
    added = found.constraints[len(bare.constraints) :]
    assert [(one.kind, one.subject) for one in added] == [
        (ConstraintKind.FORBIDDEN, "numpy package"),
        (ConstraintKind.FORBIDDEN, "python-slugify package"),
        (ConstraintKind.REQUIRED, "pydantic package"),
        (ConstraintKind.REQUIRED, "zope.interface package"),
        *[(ConstraintKind.PERFORMANCE, "")] * 2,
        *[(ConstraintKind.SECURITY, "")] * 2,
        *[(ConstraintKind.COMPATIBILITY, "")] * 2,
    ]
    figures = [(one.measure, one.at) for one in found.quality]
    assert figures == [("coverage", 87.5), ("mutation", 70.0), ("complexity", 8.0), ("typing", None)]


@pytest.mark.parametrize("text", [PROSE, f"{PROSE}\n\nR1: Lower case.\nR2: No blanks."])
def test_what_the_author_wrote_is_read_as_before(text: str) -> None:
    bare, found = analyse(text), analyse(with_demands(text, EVERYTHING))
    assert found.criteria[: len(bare.criteria)] == bare.criteria
    assert (found.functions, found.entry) == (bare.functions, bare.entry)
    assert [(one.call, one.expected) for one in found.examples] == [(one.call, one.expected) for one in bare.examples]
    assert found.text.startswith(text)


def test_without_any_the_text_stays() -> None:
    assert with_demands(f"{PROSE}\n", Demands()) == f"{PROSE}\n"


def test_a_demand_can_be_read_inside_a_text_too() -> None:
    found = analyse("Write `f(x: int) -> int`. f(1) == 2\n\nSecurity: callers are strangers.\n\nPerformance: no waste.")
    assert [one.kind for one in found.constraints] == [ConstraintKind.SECURITY, ConstraintKind.PERFORMANCE]
