"""
How long is it until every line of a history has its origin, and does git blame say the same?

A repository of 100,000 lines and 1,000 commits is written from a seed: commits add, change, indent, move and remove
lines. The peer is ``git blame -w -M`` of every file of the newest commit, which finds the commit of each line by
walking back. It answers for one commit only: for survival and rework it would have to be asked at each of them.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from apps.repositories.engine.lineage import BLANK, Lineage
from apps.repositories.engine.patch_stream import commits_in
from apps.repositories.gateways import git
from bench.figures import Figure

WORDS = ("price", "rate", "parcel", "zone", "label", "weight", "total", "customer", "order", "invoice", "tax", "route")
GOAL_S = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every figure with what it ran on; 0 when the goal is kept."""
    parser = argparse.ArgumentParser(prog="nofx bench lineage", description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--commits", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repository", type=Path, help="another git repository, instead of the written one")
    options = parser.parse_args(arguments)
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="nofx-bench-") as folder:
        place = options.repository or write_history(Path(folder), options.lines, options.commits, options.seed)
        figures = list(measure(place.resolve()))
    for figure in figures:
        print(figure.line())
    return 0 if all(figure.is_kept for figure in figures) else 1


def measure(place: Path) -> Iterator[Figure]:
    """Yield the figures of the repository at *place*."""
    history = git.first_parents(place, "HEAD")
    begun = time.perf_counter()
    lineage = followed(place)
    ours_s = time.perf_counter() - begun
    lines = sum(lineage.counts().values())
    yield Figure("lines that are not blank at the newest commit", lines, "")
    yield Figure("commits of the first-parent history", len(history), "")
    yield Figure("every line's origin, from the first commit", ours_s, "s", GOAL_S, "git log -p -U0 -w -M, once")
    yield Figure("  a commit of it", 1000 * ours_s / len(history), "ms")
    begun = time.perf_counter()
    blamed = {path: blame(place, path) for path in lineage.files}
    theirs_s = time.perf_counter() - begun
    yield Figure("peer: git blame of every file, newest commit only", theirs_s, "s", how="git blame -w -M")
    same = sum(
        history[lineage.marks[mark].born] == sha
        for path, marks in lineage.files.items()
        for mark, sha in zip(marks, blamed[path], strict=True)
        if mark != BLANK
    )
    yield Figure("lines for which both name the same commit", 100 * same / max(lines, 1), "%")


def followed(place: Path) -> Lineage:
    """Return the lineage of the whole history."""
    lineage = Lineage()
    for position, commit in enumerate(commits_in(git.patches(place, "HEAD"))):
        lineage.advance(position, commit.changes)
    return lineage


def blame(place: Path, path: str) -> list[str]:
    """Return the commit of each line of a file, as git blames it along the first parents."""
    output = git.run(place, "blame", "-w", "-M", "--first-parent", "--line-porcelain", "HEAD", "--", path)
    shas, is_heading = [], True
    for line in output.split(b"\n"):
        if is_heading and line:
            shas.append(line[:40].decode())
        is_heading = line.startswith(b"\t")
    return shas


def write_history(place: Path, lines: int, commits: int, seed: int) -> Path:
    """Write a history of *commits* in *place* that ends with about *lines*, and return *place*."""
    random = Random(seed)  # noqa: S311  a history, not a secret
    files: dict[str, list[str]] = {}
    stream = [b"reset refs/heads/main\n"]
    for number in range(commits):
        changed = _commit(random, files, lines // commits)
        stream.append(_imported(number, changed, files))
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(place)], check=True)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=place, input=b"".join(stream), check=True)
    return place


def _commit(random: Random, files: dict[str, list[str]], growth: int) -> set[str]:
    """Change *files* as a commit does, by about *growth* lines more, and return which."""
    path = f"module_{random.randrange(1 + len(files))}.py"
    lines = files.setdefault(path, [])
    start = random.randint(0, len(lines))
    edited = lines[start : start + random.randint(0, 12)]
    lines[start : start + len(edited)] = [_line(random) for _ in range(growth + len(edited))]
    changed = {path}
    other = random.choice(sorted(files))
    kind = random.random()
    if kind < 0.2:
        start = random.randint(0, len(files[other]))
        files[other][start : start + 20] = ["    " + line for line in files[other][start : start + 20]]
        changed.add(other)
    elif kind < 0.4 and other != path:
        block, files[other] = files[other][:15], files[other][15:]
        lines.extend(block)
        changed.add(other)
    return changed


def _line(random: Random) -> str:
    words = random.sample(WORDS, 3)
    return f"{words[0]}_{random.randrange(1000)} = {words[1]}({words[2]}, {random.randrange(100)})"


def _imported(number: int, changed: set[str], files: dict[str, list[str]]) -> bytes:
    parts = [
        f"commit refs/heads/main\ncommitter Bench <b@localhost> {1_700_000_000 + 3600 * number} +0000\ndata 1\nc\n"
    ]
    for path in sorted(changed):
        text = "".join(line + "\n" for line in files[path])
        parts.append(f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n")
    return "".join(parts).encode()


if __name__ == "__main__":
    raise SystemExit(main())
