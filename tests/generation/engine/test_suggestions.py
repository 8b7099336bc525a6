"""Findings that a person works off one by one, and what accepting a suggestion writes."""

from __future__ import annotations

import pytest

from apps.generation.engine.specification import IssueKind, analyse
from apps.generation.engine.suggestions import Finding, accepted, by_impact, findings_of

LISTED = "Write `def f(xs: list[int]) -> int`.\n\n- It returns the largest.\n- The rest is sorted.\n\n>>> f([1])\n1\n"


def acceptable(text: str) -> list[Finding]:
    return [one for one in findings_of(analyse(text)) if one.insert]


@pytest.mark.parametrize(
    "text",
    [
        LISTED,
        "R1: It must sort the list.\nR2: It returns the rest.\n",
        "1. It must sort the list.\n2. It returns a list.\n",
        "* It must sort the list.\n",
        "It returns f(2) -> 3",
        "Give me the dates between two days, without duplicates; f([1], '2') -> [3]",
    ],
)
def test_what_is_accepted_is_read_and_settles_its_finding(text: str) -> None:
    assert acceptable(text)
    for finding in acceptable(text):
        after = analyse(accepted(analyse(text), finding.key))
        assert finding.key not in {one.key for one in findings_of(after)}


def test_a_suggestion_becomes_the_next_item_of_the_list_of_requirements() -> None:
    missing = next(one for one in acceptable(LISTED) if one.issue.kind is IssueKind.MISSING_ERROR)
    after = accepted(analyse(LISTED), missing.key)
    assert "- The rest is sorted.\n- Raises ValueError when the input is not valid.\n\n>>>" in after
    assert len(analyse(after).criteria) == len(analyse(LISTED).criteria) + 1


def test_a_numbered_list_goes_on_counting() -> None:
    assert "\n3. Raises ValueError" in [
        one.insert[:21] for one in acceptable("1. It must sort.\n2. It returns a list.\n")
    ]


def test_without_a_list_a_suggestion_is_a_paragraph_at_the_end() -> None:
    finding = acceptable("It returns f(2) -> 3\n\n\n")[0]
    assert (finding.insert[:2], finding.at) == ("\n\n", len("It returns f(2) -> 3"))


@pytest.mark.parametrize("text", ["It should be fast and user-friendly.", "f(1) -> 2\nf(1) -> 3", "Sort."])
def test_advice_is_nothing_to_write(text: str) -> None:
    advice = {IssueKind.VAGUE, IssueKind.UNTESTABLE, IssueKind.CONTRADICTION, IssueKind.NO_EXAMPLE}
    assert all(not one.insert for one in findings_of(analyse(text)) if one.issue.kind in advice)


def test_a_finding_keeps_its_key_while_its_words_stay() -> None:
    before = {one.issue.message: one.key for one in findings_of(analyse(LISTED))}
    after = {one.issue.message: one.key for one in findings_of(analyse("An introduction.\n\n" + LISTED))}
    assert before == after
    assert len(set(before.values())) == len(before)


def test_an_unknown_key_changes_nothing() -> None:
    assert accepted(analyse(LISTED), "0" * 12) == LISTED


def test_what_decides_most_comes_first() -> None:
    text = f"It is fast.\n\n{LISTED}>>> f([1])\n2\n"
    ranked = by_impact(findings_of(analyse(text)))
    assert ranked[0].issue.kind is IssueKind.CONTRADICTION
    assert ranked[-1].issue.kind is IssueKind.VAGUE
