"""Diffs of models, read without a disk: what fits, and a sentence for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.patches import PatchUnreadable, patched_files
from apps.generation.engine.source import unified_patch

TEXT = st.text(st.sampled_from("ab \n\r\f\x0b\x1c\u2028é+-@\\"), max_size=40)


@given(st.dictionaries(st.sampled_from(["a.py", "b c.py"]), TEXT), st.dictionaries(st.just("a.py"), TEXT, min_size=1))
def test_what_a_patch_says_is_what_comes_back(before: dict[str, str], after: dict[str, str]) -> None:
    after = {**before, **after}
    changed = {path: text for path, text in after.items() if before.get(path) != text}
    patch = unified_patch(before, after)
    if "@@" in patch:
        assert patched_files(patch, before) == changed


@given(st.text(st.sampled_from("+-@ \n\\,0123abdiff/.é\0\r"), max_size=200))
def test_any_text_is_a_patch_or_gets_a_sentence(text: str) -> None:
    try:
        patched_files(f"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n{text}", {"a.py": "x\n"})
    except PatchUnreadable as error:
        assert str(error)


def header(path: str) -> str:
    return f"--- a/x.py\n+++ {path}\n@@ -0,0 +1 @@\n+x = 1\n"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "b/a/../../x.py", "b/.git/config", "b/.GIT/hooks/x", 'b/"x.py', "b/-x.py", "b/a\\b.py"]
)
def test_a_path_outside_the_tree_is_refused(path: str) -> None:
    with pytest.raises(PatchUnreadable, match="may not change"):
        patched_files(header(path), {})


@pytest.mark.parametrize(
    "line",
    ["rename from a.py", "copy to b.py", "new mode 120000", "deleted file mode 100644", "GIT binary patch"],
)
def test_a_change_other_than_of_lines_is_refused(line: str) -> None:
    with pytest.raises(PatchUnreadable, match="other than by its lines"):
        patched_files(f"diff --git a/a.py b/a.py\n{line}\n{header('b/c.py')}", {})


def test_counts_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(PatchUnreadable):
        patched_files(f"--- a/a.py\n+++ b/a.py\n@@ -{'9' * 5000} +1 @@\n+x\n", {})


def test_a_file_with_carriage_returns_keeps_them() -> None:
    patch = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,3 @@\n a = 1\n-b = 2\n+b = 3\n+c = 4\n"
    assert patched_files(patch, {"a.py": "a = 1\r\nb = 2\r\nd = 5\r\n"}) == {
        "a.py": "a = 1\r\nb = 3\r\nc = 4\r\nd = 5\r\n"
    }


def test_a_missing_last_line_feed_may_be_forgotten_by_the_diff() -> None:
    patch = "--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n a = 1\n+b = 2\n"
    assert patched_files(patch, {"a.py": "a = 1"}) == {"a.py": "a = 1\nb = 2\n"}
