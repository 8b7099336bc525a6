"""Worktrees: gone when their work is done or their process is dead, and never while somebody works in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from apps.repositories.gateways.worktrees import worktree
from tests.git import commit, git
from tests.killed import killed_behind


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "worktrees"


def make_repository(path: Path) -> Path:
    commit(path, {"a.py": "A = 1\n"}, "Begin")
    return path


def known_to(repository: Path) -> int:
    return git(repository, "worktree", "list", "--porcelain").count("worktree ")


def leave_behind(repository: Path, folder: Path) -> Path:
    """Kill a process in its worktree, and return the directory."""

    def work() -> None:
        with worktree(repository, "HEAD", folder=folder):
            pass

    killed_behind(("worktree", "add"), work)
    (directory,) = folder.iterdir()
    return directory


def test_it_holds_the_commit_and_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    repository = make_repository(tmp_path / "one")
    with worktree(repository, "HEAD", folder=folder) as place:
        assert (place / "a.py").read_text() == "A = 1\n"
        assert known_to(repository) == 2
    assert list(folder.iterdir()) == []
    assert known_to(repository) == 1


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, folder: Path) -> None:
    repository = make_repository(tmp_path / "one")
    left = leave_behind(repository, folder)
    assert known_to(repository) == 2
    with worktree(repository, "HEAD", folder=folder):
        assert not left.exists()
    assert known_to(repository) == 1


def test_the_next_may_be_of_another_repository(tmp_path: Path, folder: Path) -> None:
    one, other = make_repository(tmp_path / "one"), make_repository(tmp_path / "other")
    left = leave_behind(one, folder)
    with worktree(other, "HEAD", folder=folder):
        assert not left.exists()
        assert known_to(one) == 1


def test_what_is_left_of_a_repository_that_is_gone_is_in_nobodys_way(tmp_path: Path, folder: Path) -> None:
    one, other = make_repository(tmp_path / "one"), make_repository(tmp_path / "other")
    left = leave_behind(one, folder)
    shutil.rmtree(one)
    with worktree(other, "HEAD", folder=folder):
        assert not left.exists()


def test_a_directory_that_never_became_a_worktree_is_removed(tmp_path: Path, folder: Path) -> None:
    repository = make_repository(tmp_path / "one")
    (folder / "tmp1").mkdir(parents=True)
    with worktree(repository, "HEAD", folder=folder) as place:
        assert list(folder.iterdir()) == [place]


def test_one_that_is_in_use_is_left_alone(tmp_path: Path, folder: Path) -> None:
    repository = make_repository(tmp_path / "one")
    with worktree(repository, "HEAD", folder=folder) as first:
        with worktree(repository, "HEAD", folder=folder) as second:
            assert first != second
            assert (first / "a.py").exists()
        assert (first / "a.py").exists()
        assert git(first, "rev-parse", "HEAD") == git(repository, "rev-parse", "HEAD")
