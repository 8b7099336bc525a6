"""What git writes about a commit, whatever stands in its files."""

from __future__ import annotations

import pytest

from apps.repositories.engine.lineage import FileChange, Hunk, Lineage
from apps.repositories.engine.patch_stream import changes_in, commits_in
from apps.repositories.gateways import git as gateway
from tests.git import git

STRANGE = ["a file.py", "tab\there.py", 'quo"te.py', "back\\slash.py", "ümlaut.py", "--- a"]


def commit(path, files):
    for name, content in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.unlink()
        elif isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.write_text(content)
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--allow-empty", "-m", "x")


@pytest.fixture
def place(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    return tmp_path


def walked(path, **options):
    lineage = Lineage()
    for position, one in enumerate(commits_in(gateway.patches(path, "HEAD", **options))):
        lineage.advance(position, one.changes)
    return lineage


@pytest.mark.parametrize("name", STRANGE)
def test_a_file_of_any_name_is_followed(place, name):
    commit(place, {name: "one line of it\n"})
    commit(place, {name: "one line of it\nand another\n"})
    assert walked(place).files == {name: [0, 1]}


def test_lines_that_look_like_headings_are_lines(place):
    hostile = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n\0commit 0000 1\n-- a/x\n".replace("\0", "")
    commit(place, {"a.txt": "first\n"})
    commit(place, {"a.txt": hostile})
    commit(place, {"a.txt": "++ b/x\n"})
    assert {name: len(lines) for name, lines in walked(place).files.items()} == {"a.txt": 1}


def test_links_modules_and_what_is_not_text_have_no_lines(place):
    (place / "link").symlink_to("nowhere")
    commit(place, {"a.bin": b"\0\1\2", "b.txt": "text\n"})
    assert set(walked(place).files) == {"b.txt"}
    commit(place, {"b.txt": b"now\0binary"})
    assert walked(place).files == {}
    commit(place, {"b.txt": "text again\nand more\n"})
    commit(place, {"b.txt": "text again\nand more of it\n"})
    assert len(walked(place).files["b.txt"]) == 2


def test_a_file_without_an_end_of_line_and_one_of_another_system(place):
    commit(place, {"a.txt": "one\ntwo", "b.txt": "one\r\ntwo\r\n"})
    commit(place, {"a.txt": "one\ntwo\n", "b.txt": "one\ntwo\n"})
    assert walked(place).files == {"a.txt": [0, 0], "b.txt": [0, 0]}


def test_a_merge_is_what_it_brought_to_the_first_parent(place):
    commit(place, {"a.txt": "one\n"})
    git(place, "checkout", "--quiet", "-b", "side")
    commit(place, {"b.txt": "side\n"})
    commit(place, {"b.txt": "side\nmore\n"})
    git(place, "checkout", "--quiet", "main")
    git(place, "merge", "--quiet", "--no-ff", "-m", "Merge", "side")
    commits = list(commits_in(gateway.patches(place, "HEAD")))
    assert [one.sha for one in commits] == gateway.first_parents(place, "HEAD")
    assert commits[1].changes == (FileChange(None, "b.txt", (Hunk(0, (), ("side", "more")),)),)
    assert [one.sha for one in commits_in(gateway.patches(place, "HEAD", after=commits[0].sha))] == [commits[1].sha]


def test_a_patch_with_context_gives_what_it_adds():
    patch = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four\n"
        "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+new\n"
    )
    assert changes_in(patch) == [
        FileChange("a.py", "a.py", (Hunk(1, ("two",), ("2",)), Hunk(3, (), ("four",)))),
        FileChange(None, "new.py", (Hunk(0, (), ("new",)),)),
    ]


def test_an_attribute_of_the_repository_runs_no_program(place):
    git(place, "config", "diff.evil.command", f"touch {place / 'ran'}")
    git(place, "config", "diff.evil.textconv", f"touch {place / 'ran'}")
    commit(place, {".gitattributes": "*.txt diff=evil\n", "a.txt": "one\n"})
    commit(place, {"a.txt": "two\n"})
    assert "a.txt" in walked(place).files
    assert not (place / "ran").exists()


def test_an_attribute_hides_no_line(place):
    commit(place, {".gitattributes": "*.py -diff\n", "a.py": "one\n"})
    commit(place, {"a.py": "one\ntwo\n"})
    assert walked(place).files["a.py"] == [0, 1]


def test_what_is_no_commit_is_said(place):
    commit(place, {"a.txt": "one\n"})
    with pytest.raises(gateway.GitError):
        list(gateway.patches(place, "nothing"))
