"""What keeps a specification from being submitted, and what does not although it looks like it."""

from __future__ import annotations

import pytest

from apps.generation.engine.blocking import (
    CONTRADICTION,
    MAX_CRITERIA,
    MAX_SUBMITTED_CHARACTERS,
    NOTHING_TO_CHECK,
    TOO_LARGE,
    blockers_in,
)
from apps.generation.engine.specification import Demands, analyse, with_demands
from apps.generation.engine.specification.issues import MAX_ISSUES


def codes(text: str) -> list[str]:
    return [blocker.code for blocker in blockers_in(analyse(text))]


@pytest.mark.parametrize(
    "text",
    [
        "The name must be unique. The name must not be unique.",
        "- Empty input must return 0.\n- Empty input must not return 0.",
        "When the list is empty, it must return None. When the list is empty, it must not return None.",
        "The list must be sorted ascending.\n\nThe list must be sorted descending.",
        "The result is sorted in ascending order.\nThe result is sorted in descending order.",
        "A name must have at least 5 characters and at most 3 characters.",
        "- A name must have at least 5 characters.\n- A name must have at most 3 characters.",
        "It returns a list. Use `numpy`. Do not use numpy.",
        "It returns a list.\n\nIt must use httpx.\n\nIt must not use httpx.",
        "`def f(x: int) -> int`\n\n>>> f(1)\n2\n>>> f(1)\n3\n",
        "f(2) -> 3\nf(2) -> 4",
        "`def f(x: int) -> int`\n\n>>> f(1, 2)\n2\n",
        "`def f(x: int) -> int`\n\n>>> f(1)\n'2'\n",
    ],
)
def test_what_no_reading_resolves_is_a_contradiction(text: str) -> None:
    assert set(codes(text)) == {CONTRADICTION}


@pytest.mark.parametrize(
    "text",
    [
        "If the file does exist, it is overwritten. If the file does not exist, it must be created.",
        "When the cache is full, it must not grow. When the cache is empty, it must grow.",
        "The queue must be empty after a flush. The log must not be empty after a flush.",
        "Keys that must be kept are listed. Keys that must not be kept are listed.",
        "If it should fail, return 1. If it should not fail, return 1.",
        "It must raise ValueError for a negative number. It must not raise ValueError for zero.",
        "The first name must have at least 5 characters. The last name must have at most 3 characters.",
        "A password has at least 12 characters. A country code has at most 2 characters.",
        "Results are sorted by date in descending order by default. With `up`, results are sorted in ascending order.",
        "Items with the same price are sorted by name ascending. Items are sorted by price descending.",
        "It must use the cache for reads. It must not use the cache for writes.",
        "It must use shop.money. Only the standard library is used; it returns a list.",
        "def f(x: float) -> float\n\nf(2) -> 3\n",
        "def f(x: int) -> str\n\nf(2) -> None\nf(3) -> 'a'",
        "def f(*xs: int) -> int\n\nf(1, 2, 3) -> 6",
        "def f(a: int, b: int = 1) -> int\n\nf(1) -> 2\nf(1, b=3) -> 4",
    ],
)
def test_what_may_be_about_two_things_or_two_cases_stands_in_nobodys_way(text: str) -> None:
    assert codes(text) == []


def test_a_finding_that_is_only_suspicious_stays_a_finding() -> None:
    specification = analyse("The queue must be empty after a flush. The log must not be empty after a flush.")
    assert [issue.is_certain for issue in specification.issues if issue.kind == "contradiction"] == [False]


@pytest.mark.parametrize(
    "text",
    [
        "f(2) -> 3",
        "It returns the sum of all prices.",
        "A basket must never hold more items than a limit that the shop sets.",
        "- Letters are lower case.\n- Words are joined by hyphens.",
        "Words are joined by single hyphens, and none is at either end.",
        'def strlen(text: str) -> int:\n    """ Return the length of the text. """',
        "Schreibe `def clamp(value: int) -> int`.\n\nclamp(5) -> 5",
    ],
)
def test_one_thing_that_can_be_checked_is_enough(text: str) -> None:
    assert NOTHING_TO_CHECK not in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "Make it nice and fast.",
        "Write `total(prices: list[int]) -> int`.",
        "Improve the shop.\n\n## Out of scope\n\nIt returns no prices.",
        "It should be user-friendly.",
    ],
)
def test_a_text_from_which_nothing_can_be_checked_is_told_what_to_add(text: str) -> None:
    (blocker,) = blockers_in(analyse(text))
    assert blocker.code == NOTHING_TO_CHECK
    assert blocker.remedy.startswith("Add an example such as ")
    assert not blocker.may_be_denied


def test_the_remedy_names_the_function_that_is_asked_for() -> None:
    (blocker,) = blockers_in(analyse("Write `total(prices: list[int]) -> int`."))
    assert "total(...) == ..." in blocker.remedy


def test_what_is_larger_than_one_change_is_told_how_to_split_it() -> None:
    criteria = [f"- R{number}: Case {number} returns {number}." for number in range(1, MAX_CRITERIA + 2)]
    (blocker,) = blockers_in(analyse("\n".join(criteria)))
    assert blocker.code == TOO_LARGE
    assert "76 criteria" in blocker.message
    assert "a specification for R1 to R15 and one for R16 to R30" in blocker.remedy
    assert codes("\n".join(criteria[:-1])) == []


def test_a_long_text_is_too_large_at_the_limit_of_characters_and_not_before() -> None:
    text = "It returns 0 for an empty list.\n\n"
    assert codes(text + "x" * (MAX_SUBMITTED_CHARACTERS - len(text))) == []
    assert codes(text + "x" * (MAX_SUBMITTED_CHARACTERS - len(text) + 1)) == [TOO_LARGE]


def test_a_demand_beside_the_text_can_contradict_it() -> None:
    text = with_demands("It returns a list. Use the `httpx` package.", Demands(forbidden=("httpx",)))
    assert codes(text) == [CONTRADICTION]


def test_a_contradiction_behind_many_findings_blocks() -> None:
    vague = "It is fast, good, nice, appropriate, user-friendly, quick and robust. " * 30
    specification = analyse(f"`def f(x: int) -> int`\n{vague}\nf(2) -> 3\nf(2) -> 4")
    assert len(specification.issues) == MAX_ISSUES
    assert [one.code for one in blockers_in(specification)] == [CONTRADICTION]
    places = [issue.span.start for issue in specification.issues]
    assert places == sorted(places)


def test_a_sentence_that_is_quoted_brings_no_full_stop_of_its_own() -> None:
    (blocker,) = blockers_in(analyse("f(1) -> 2\n\nThe name must be unique. The name must not be unique."))
    assert blocker.message == "This contradicts “The name must be unique”."
