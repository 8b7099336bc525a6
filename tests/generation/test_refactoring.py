"""A simplification is suggested only where its own lines ran, before and after, and did the same."""

from __future__ import annotations

import pytest

from apps.generation.services.refactoring import NothingShown, Refactoring, refactoring_suggest
from apps.governance.models import User

pytestmark = pytest.mark.django_db

DOUBLE = "def double(x: int) -> int:\n    return x * 2\n"
CLUMSY_HALF = "def is_even(x: int) -> bool:\n    if x % 2 == 0:\n        return True\n    else:\n        return False\n"
BAG = """class Bag:
    def __init__(self, items: list[int]) -> None:
        self.items = items

    def has(self, k: int) -> bool:
        if k in self.items:
            return True
        else:
            return False
"""
ASYNC = """async def is_true(x: int) -> bool:
    if x == 1:
        return True
    else:
        return False
"""
HIDDEN = """def _is_set(key: str) -> bool:
    if key:
        return True
    else:
        return False


def rare(key: str = "q") -> bool:
    return _is_set(key) if key == "a-value-that-nobody-tries" else False
"""
UNREACHED = """def rare(key: int) -> bool:
    if key != 918273645:
        return False
    if key % 7 == 3:
        return True
    else:
        return False
"""
ODD_KEYS = """class Odd:
    def keys(self):
        return [1, 2]

    def __contains__(self, key):
        raise TypeError


def has(key: int) -> bool:
    return key in Odd().keys()
"""
NESTED = """class Outer:
    class Inner:
        def has(self, k: int) -> bool:
            if k > 1:
                return True
            else:
                return False


if True:

    def is_more(k: int) -> bool:
        if k > 1:
            return True
        else:
            return False
"""


def suggest(user: User, *parts: str) -> Refactoring | NothingShown:
    return refactoring_suggest(code="\n\n".join(parts), requested_by=user)


def taken(user: User, *parts: str) -> Refactoring:
    found = suggest(user, *parts)
    assert isinstance(found, Refactoring)
    return found


def test_a_function_whose_lines_ran_is_simplified_and_its_inputs_are_its_own(engineer: User) -> None:
    found = taken(engineer, DOUBLE, CLUMSY_HALF)
    assert "else" not in found.artifact.generated_code
    assert list(found.inputs) == ["is_even"]
    assert 0 < found.inputs["is_even"] <= 60
    assert found.left_out == {}
    assert found.artifact.performance_metrics["inputs_by_function"] == found.inputs


def test_a_method_is_run_on_objects_before_it_is_simplified(engineer: User) -> None:
    found = taken(engineer, DOUBLE, BAG)
    assert "else" not in found.artifact.generated_code
    assert list(found.inputs) == ["Bag.has"]


@pytest.mark.parametrize(
    "body",
    [
        "    @property\n    def is_large(self) -> bool:\n        if self.size > 3:\n            return True\n"
        "        else:\n            return False\n",
        "    @staticmethod\n    def is_large(size: int) -> bool:\n        if size > 3:\n            return True\n"
        "        else:\n            return False\n",
        "    @classmethod\n    def is_large(kind, size: int) -> bool:\n        if size > 3:\n            return True\n"
        "        else:\n            return False\n",
        "    def is_large(this, other: int) -> bool:\n        if this.size > other:\n            return True\n"
        "        else:\n            return False\n",
    ],
)
def test_methods_of_every_kind_are_run(engineer: User, body: str) -> None:
    code = f"from dataclasses import dataclass\n\n\n@dataclass\nclass Box:\n    size: int\n\n{body}"
    assert list(taken(engineer, code).inputs) == ["Box.is_large"]


def test_a_constructor_is_compared_by_the_state_it_leaves(engineer: User) -> None:
    code = "class Box:\n    def __init__(self, size: int) -> None:\n        self.sizes = list([size])\n        pass\n"
    found = taken(engineer, code)
    assert list(found.inputs) == ["Box.__init__"]


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        (ASYNC, "is_true", "asynchronous"),
        (HIDDEN, "_is_set", ""),
        (UNREACHED, "rare", "No input reached"),
        (CLUMSY_HALF.replace("x: int", "x: 'Socket'"), "is_even", "annotate"),
        (CLUMSY_HALF.replace("return True", "yield True").replace("return False", "yield False"), "", ""),
        (NESTED, "inner has", "not run on its own"),
    ],
)
def test_what_did_not_run_is_left_out_with_its_reason(engineer: User, code: str, name: str, reason: str) -> None:
    found = suggest(engineer, DOUBLE, CLUMSY_HALF.replace("is_even", "is_plain"), code)
    assert isinstance(found, Refactoring)
    changed = set(found.inputs)
    assert "is_plain" in changed
    if reason:
        assert name not in changed
        assert reason in found.left_out[name]
        assert code.strip() in found.artifact.generated_code
    else:
        assert name not in found.left_out


def test_where_only_the_unproved_could_change_nothing_is_kept(engineer: User) -> None:
    found = suggest(engineer, DOUBLE, ASYNC)
    assert isinstance(found, NothingShown)
    assert list(found.left_out) == ["is_true"]


def test_a_fix_that_changes_behaviour_is_left_out(engineer: User) -> None:
    found = suggest(engineer, DOUBLE, ODD_KEYS)
    assert isinstance(found, NothingShown) or "Odd().keys()" in found.artifact.generated_code


def test_the_patch_and_the_fixes_are_those_of_what_was_taken(engineer: User) -> None:
    found = taken(engineer, CLUMSY_HALF, ASYNC)
    assert [fix.line for fix in found.fixes] and all(fix.line <= 5 for fix in found.fixes)
    assert "is_true" not in "".join(line for line in found.patch.splitlines(True) if line[:1] in "+-")


def test_an_import_that_a_part_left_out_still_reads_stays(engineer: User) -> None:
    code = "from typing import List\n\n\nasync def first(xs: List[int]) -> int:\n    return xs[0]\n"
    found = suggest(engineer, code, CLUMSY_HALF)
    assert isinstance(found, Refactoring)
    assert "from typing import List" in found.artifact.generated_code
    assert "List[int]" in found.artifact.generated_code
