"""A vote on code that somebody sends: what is broken fails alone, with its reason, and never counts as agreement."""

from __future__ import annotations

from typing import Any

import pytest

from apps.generation.services.verbs import NothingToTest, vote_take

pytestmark = pytest.mark.django_db

SPECIFICATION = "Write `add(a: int, b: int) -> int`.\nadd(1, 2) == 3"
RIGHT = "def add(a, b):\n    return a + b\n"
RIGHT_TOO = "def add(a, b):\n    return b + a\n"
WRONG = "def add(a, b):\n    return a - b\n"
UNPARSABLE = "def add(a, b:\n"
OTHER_NAME = "def plus(a, b):\n    return a + b\n"
FENCED = f"```python\n{RIGHT}```"
DEEP = "def add(a, b):\n    return " + "-" * 50_000 + "a"
EXITS = "def add(a, b):\n    raise SystemExit\n"
NO_MODULE = "import nosuch\n\n\ndef add(a, b):\n    return a + b\n"
ENDLESS = "def add(a, b):\n    while True:\n        pass\n"


def vote(*sources: str, text: str = SPECIFICATION) -> dict[str, Any]:
    return vote_take(title="", text=text, sources=[(chr(ord("a") + n), code) for n, code in enumerate(sources)])


def reasons(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["reason"] for one in found["failed"]}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (UNPARSABLE, "does not parse: line 1"),
        ("", "holds no code"),
        (OTHER_NAME, "does not define add"),
        (FENCED, "does not parse: line 1"),
        (DEEP, "nested too deeply"),
        (EXITS, "ends the process"),
        (NO_MODULE, "fails while it is imported"),
        (ENDLESS, "none ended in time"),
        ("def add(a, b):\n    return nosuch\n", "ends in NameError"),
        ("async def add(a, b):\n    return a + b\n", "cannot be compared"),
    ],
)
@pytest.mark.usefixtures("ended_soon")
def test_one_bad_candidate_fails_alone(code: str, words: str) -> None:
    found = vote(RIGHT, code, WRONG)
    assert found["selected"] == "a"
    assert found["standing"] == "divided"
    assert [cluster["members"] for cluster in found["clusters"]] == [["a"], ["c"]]
    assert list(reasons(found)) == ["b"]
    assert words in reasons(found)["b"]


TOTAL = "Write `total(values: list[int]) -> int`.\ntotal([1, 2]) == 3"
ALL = "def total(values):\n    return sum(values)\n"
FIRST_FOUR = "def total(values):\n    return sum(values[:4])\n"
NONE_LEFT = "def total(values):\n    return sum(values) if len(values) < 5 else values.pop(99)\n"


def test_the_input_on_which_they_differ_is_made_as_small_as_it_goes() -> None:
    shown = vote(ALL, FIRST_FOUR, text=TOTAL)["distinguishing"]
    assert shown["call"] == "total([0, 0, 0, 0, 1])"
    assert shown["reduced_from"] != shown["call"] and shown["expected"] is None
    assert [one["text"] for one in shown["outputs"]] == ["returns 1", "returns 0"]


def test_a_smaller_input_on_which_they_differ_in_another_way_is_not_taken_for_it() -> None:
    shown = vote(ALL, ALL.replace("sum", "0 + sum"), NONE_LEFT, text=TOTAL)["distinguishing"]
    assert shown["call"] == "total([0, 0, 0, 0, 0])"
    assert [one["text"] for one in shown["outputs"]] == ["returns 0", "raises IndexError"]


def test_what_is_smallest_already_stays() -> None:
    shown = vote(RIGHT, WRONG)["distinguishing"]
    assert (shown["call"], "reduced_from" in shown) == ("add(0, 1)", False)


def test_what_failed_has_no_part_in_the_vote() -> None:
    found = vote(EXITS, RIGHT, EXITS, RIGHT_TOO, NO_MODULE)
    assert (found["standing"], found["selected"]) == ("agreed", "b")
    assert [(cluster["members"], cluster["share"]) for cluster in found["clusters"]] == [(["b", "d"], 1.0)]
    assert list(reasons(found)) == ["a", "c", "e"]


def test_one_that_is_left_has_nobody_to_agree_with() -> None:
    found = vote(RIGHT, UNPARSABLE, EXITS)
    assert (found["standing"], found["selected"], found["score"]) == ("single", "a", None)


@pytest.mark.parametrize(
    ("sources", "standing"),
    [
        ((EXITS, NO_MODULE), "failed"),
        ((EXITS, EXITS), "failed"),
        ((NO_MODULE,), "failed"),
        ((UNPARSABLE, OTHER_NAME), "not_compared"),
        ((UNPARSABLE, EXITS), "failed"),
        ((ENDLESS, ENDLESS), "not_compared"),
    ],
)
@pytest.mark.usefixtures("ended_soon")
def test_where_nothing_runs_nothing_is_chosen(sources: tuple[str, ...], standing: str) -> None:
    found = vote(*sources)
    assert (found["standing"], found["selected"], found["score"]) == (standing, None, None)
    assert set(found["selectors"].values()) == {None}
    assert found["clusters"] == []
    assert len(found["failed"]) == len(sources)


def test_returning_what_cannot_be_compared_is_no_agreement() -> None:
    found = vote("def add(a, b):\n    return object()\n", "def add(a, b):\n    return object() or a\n")
    assert (found["standing"], found["selected"], len(found["failed"])) == ("failed", None, 2)


def test_a_javascript_candidate_that_does_not_parse_fails_alone() -> None:
    text = "Write a JavaScript function `function add(a, b)`.\n\n```js\nadd(1, 2) === 3\n```"
    found = vote("export function add(a, b) { return a + b; }", "export function add(a, b { return a; }", text=text)
    assert found["selected"] == "a"
    assert list(reasons(found)) == ["b"]


def test_a_specification_that_cannot_be_run_is_refused() -> None:
    with pytest.raises(NothingToTest):
        vote(RIGHT, text="Do something nice.")
