"""Laws of the lineage of lines, on histories of any edits."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.repositories.engine.layout import lines_kept, without_layout
from apps.repositories.engine.lineage import (
    BLANK,
    Delivery,
    FileChange,
    Hunk,
    Lineage,
    Mark,
    Origin,
    lines_added,
    lines_of,
    spans_of,
)

FUNCTION = [
    "def total(prices, discount):",
    "    amount = sum(prices)",
    "    return amount - discount",
]
REQUEST = "11111111-1111-1111-1111-111111111111"

words = st.sampled_from(["alpha", "beta = 1", "", "gamma()", "delta + epsilon", "}", "return zeta", "a, b,"])
texts = st.lists(words, max_size=12)


def change(old, new, *, path="a.py", to=None):
    """What git writes with -U0 -w about a file that was *old* and is *new*."""
    matcher = SequenceMatcher(None, [without_layout(one) for one in old], [without_layout(one) for one in new], False)
    hunks = tuple(
        Hunk(i1, tuple(old[i1:i2]), tuple(new[j1:j2]))
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    )
    return FileChange(path if old else None, (to or path) if new else None, hunks)


def delivered(lines, path="a.py"):
    return Delivery(REQUEST, lines_added([change([], lines, path=path)]))


def origins(lineage, path="a.py"):
    return ["" if one == BLANK else lineage.marks[one].origin.value for one in lineage.files.get(path, [])]


def walk(history, lineage=None, first=0):
    lineage = lineage or Lineage()
    ends = Counter()
    for position, (old, new) in enumerate(pairwise(history), first):
        ends += lineage.advance(position, [change(old, new)])
    return lineage, ends


@given(st.lists(texts, min_size=1, max_size=6))
def test_every_line_of_the_newest_commit_has_one_mark_and_a_blank_one_none(history):
    lineage, _ = walk([[], *history])
    marks = lineage.files.get("a.py", [])
    assert [one == BLANK for one in marks] == [not line for line in history[-1]]


@given(st.lists(st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta"]), max_size=8), min_size=1, max_size=6))
def test_of_lines_of_one_word_as_many_begin_as_stand_and_ended(history):
    lineage, ends = walk([[], *history])
    assert lineage.born.total() == sum(lineage.counts().values()) + ends.total()


@given(st.lists(texts, min_size=1, max_size=6))
def test_without_a_delivery_no_line_is_anybodys_but_peoples(history):
    lineage, _ = walk([[], *history])
    assert set(lineage.counts()) <= {Origin.HUMAN}


@given(texts, texts, texts)
def test_what_was_stored_goes_on_as_if_it_had_never_been_put_down(first, second, third):
    whole, _ = walk([[], first, second, third])
    half, _ = walk([[], first, second])
    stored = {path: spans_of(lines) for path, lines in half.files.items()}
    again = Lineage({path: lines_of(spans) for path, spans in stored.items()}, half.marks)
    walk([second, third], again, first=2)
    assert again.files == whole.files
    assert again.marks == whole.marks


@given(texts, st.text(" \t", max_size=4))
def test_indenting_changes_no_mark(lines, blanks):
    lineage, _ = walk([[], lines])
    before = list(lineage.files.get("a.py", []))
    lineage.advance(1, [FileChange("a.py", "a.py", (Hunk(0, tuple(lines), tuple(blanks + one for one in lines)),))])
    assert lineage.files.get("a.py", []) == before


@given(texts.filter(any))
def test_a_rename_changes_no_mark(lines):
    lineage, _ = walk([[], lines])
    before = lineage.files["a.py"]
    assert lineage.advance(1, [FileChange("a.py", "b.py")]) == Counter()
    assert lineage.files == {"b.py": before}


@given(st.lists(words, min_size=1, max_size=8), st.lists(words, min_size=1, max_size=8))
@settings(max_examples=200)
def test_a_line_that_is_kept_has_the_tokens_of_lines_that_were_there(removed, added):
    kept = lines_kept(removed, added)
    for line, source in zip(added, kept.sources, strict=True):
        if source is not None:
            assert without_layout(line).strip(",") in without_layout(" ".join(removed))
            assert source in kept.used


class TestWhatKeepsTheOrigin:
    def deliver(self):
        lineage = Lineage()
        lineage.advance(0, [change([], FUNCTION)], delivered(FUNCTION))
        assert origins(lineage) == ["ai"] * 3
        return lineage

    def test_a_call_broken_over_lines_with_a_trailing_comma(self):
        lineage = self.deliver()
        broken = ["def total(", "    prices,", "    discount,", "):", *FUNCTION[1:]]
        assert lineage.advance(1, [change(FUNCTION, broken)]) == Counter()
        assert origins(lineage) == ["ai"] * 6
        assert len(set(lineage.files["a.py"])) == 1

    def test_lines_put_on_one_again_leave_without_an_event(self):
        lineage = Lineage()
        broken = ["total(", "    prices,", ")"]
        lineage.advance(0, [change([], broken)], delivered(broken))
        ends = lineage.advance(1, [change(broken, ["total(prices)"])])
        assert origins(lineage) == ["ai"]
        assert [(end.is_change, lines) for end, lines in ends.items()] == [(False, 2)]

    def test_a_block_moved_to_another_file(self):
        lineage = self.deliver()
        ends = lineage.advance(1, [change(FUNCTION, []), change([], ["import os", *FUNCTION], path="b.py")])
        assert ends == Counter()
        assert origins(lineage, "b.py") == ["human", "ai", "ai", "ai"]

    def test_a_copy_begins_anew(self):
        lineage = self.deliver()
        lineage.advance(1, [change([], FUNCTION, path="b.py")])
        assert origins(lineage, "b.py") == ["human"] * 3

    def test_a_few_characters_in_another_place_are_a_coincidence(self):
        lineage = Lineage()
        lineage.advance(0, [change([], ["}", "x"])], delivered(["}", "x"]))
        lineage.advance(1, [change(["}", "x"], ["x"]), change([], ["}"], path="b.py")])
        assert origins(lineage, "b.py") == ["human"]


class TestWhatEndsALine:
    def test_another_meaning(self):
        lineage = Lineage()
        lineage.advance(0, [change([], FUNCTION)], delivered(FUNCTION))
        edited = [*FUNCTION[:2], "    return max(0, amount - discount)"]
        ends = lineage.advance(1, [change(FUNCTION, edited)])
        assert [(end.is_change, end.path, lines) for end, lines in ends.items()] == [(True, "a.py", 1)]
        assert origins(lineage) == ["ai", "ai", "mixed"]
        assert lineage.marks[lineage.files["a.py"][2]] == Mark(1, Origin.MIXED, REQUEST)

    def test_half_of_a_line_taken_away(self):
        assert lines_kept(["return a + b"], ["return a"]).sources == (None,)

    def test_lines_put_between_those_of_a_candidate_are_mixed_and_below_them_human(self):
        lineage = Lineage()
        lineage.advance(0, [change([], FUNCTION)], delivered(FUNCTION))
        new = [FUNCTION[0], "    check(prices)", *FUNCTION[1:], "VAT = 20"]
        lineage.advance(1, [change(FUNCTION, new)])
        assert origins(lineage) == ["ai", "mixed", "ai", "ai", "human"]

    def test_what_a_revert_restores_is_no_edit_of_what_it_removes(self):
        old = ["def total(prices):", "    return sum(prices)"]
        lineage = Lineage()
        lineage.advance(0, [change([], old)])
        lineage.advance(1, [change(old, FUNCTION)], delivered(FUNCTION))
        lineage.advance(2, [change(FUNCTION, old)], Delivery(is_revert=True))
        assert set(origins(lineage)) == {"human"}

    def test_a_file_that_is_no_longer_text_leaves_without_an_event(self):
        lineage = Lineage()
        lineage.advance(0, [change([], FUNCTION)])
        ends = lineage.advance(1, [FileChange("a.py", None)])
        assert [end.is_change for end in ends] == [False]
        assert lineage.files == {}


def test_lines_that_a_merge_adds_to_what_was_delivered_are_not_the_candidates():
    lineage = Lineage()
    lineage.advance(0, [change([], [*FUNCTION, "backdoor = True"])], delivered(FUNCTION))
    assert origins(lineage) == ["ai", "ai", "ai", "mixed"]
