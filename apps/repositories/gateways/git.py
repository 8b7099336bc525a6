"""Git as a process, with nothing from the machine's or the user's configuration."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from apps.core.errors import NofxError
from apps.repositories.types import CommitInfo, Person, RepositoryUnavailable, TagInfo

TIMEOUT_S = 60
MAX_ERROR = 2_000
MAX_FILE_BYTES = 1_000_000
MAX_TOTAL_BYTES = 64_000_000
REGULAR_MODES = {b"100644", b"100755"}

LOG_FORMAT = "--format=%H%x1f%ct%x1f%an%x1f%s%x1e"

# A repository is somebody else's data: its hooks, helpers and file system monitors are never run.
SAFE_CONFIGURATION = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.autocrlf=false",
    "credential.helper=",
    "protocol.ext.allow=never",
    "commit.gpgSign=false",
    "gc.auto=0",
    "advice.detachedHead=false",
)


class GitError(NofxError):
    """A git command failed; the message is what git wrote."""

    code = "repository.git_failed"
    status = 502


def _environment(author: Person | None) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "SSH_AUTH_SOCK", "LANG") if name in os.environ}
    person = author or Person("NOFX", "nofx@localhost")
    return {
        **passed_on,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        # What a clone says in place of its commits is not its history.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "GIT_AUTHOR_NAME": person.name,
        "GIT_AUTHOR_EMAIL": person.email,
        "GIT_COMMITTER_NAME": "NOFX",
        "GIT_COMMITTER_EMAIL": "nofx@localhost",
    }


def run(path: Path, *arguments: str, stdin: bytes = b"", author: Person | None = None) -> bytes:
    """
    Run git in *path* and return its standard output.

    :raises GitError: git ended with an error or took more than a minute.
    :raises RepositoryUnavailable: git is not installed, or the path is not there.
    """
    try:
        done = subprocess.run(
            ["git", *_options(path), *arguments],
            cwd=path,
            env=_environment(author),
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git {arguments[0]} took more than {TIMEOUT_S} seconds") from error
    except OSError as error:
        raise _unavailable(path, error) from error
    if done.returncode != 0:
        # A hook of the remote may write anything, NULs and megabytes included.
        said = done.stderr.decode(errors="replace").replace("\0", "").strip()[-MAX_ERROR:]
        raise GitError(said or f"git {arguments[0]} failed")
    return done.stdout


def _options(path: Path) -> list[str]:
    return [part for setting in (*SAFE_CONFIGURATION, f"safe.directory={path}") for part in ("-c", setting)]


def _unavailable(path: Path, error: OSError) -> RepositoryUnavailable:
    return RepositoryUnavailable(
        f"The repository at {path} cannot be opened: {error.strerror}.",
        remedy="Check that the path exists on this machine and that git is installed.",
    )


def _open(
    path: Path, variables: Mapping[str, str], settings: Sequence[str], *arguments: str
) -> subprocess.Popen[bytes]:
    """Start git in *path*; the caller reads its output and ends it."""
    try:
        return subprocess.Popen(
            ["git", *_options(path), *settings, *arguments],
            cwd=variables.get("GIT_WORK_TREE", path),
            env={**_environment(None), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise _unavailable(path, error) from error


def text(path: Path, *arguments: str, author: Person | None = None) -> str:
    """Run git and return its standard output as stripped text."""
    return run(path, *arguments, author=author).decode(errors="replace").strip()


def resolve(path: Path, name: str) -> str | None:
    """Return the SHA of the commit that *name* points to, or None when there is none."""
    try:
        return text(path, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except GitError:
        return None


def object_kind(path: Path, sha: str, name: str) -> str:
    """Return the type of the object at the file path *name* in commit *sha*, "" when there is none."""
    try:
        return text(path, "cat-file", "-t", f"{sha}:{name}")
    except GitError:
        return ""


def tree_entries(path: Path, sha: str) -> Iterator[tuple[str, str, int]]:
    """Yield (file path, blob id, bytes) of the regular files at *sha*; links and submodules are left out."""
    for entry in run(path, "ls-tree", "-r", "-z", "-l", sha).split(b"\0"):
        if not entry:
            continue
        facts, name = entry.split(b"\t", 1)
        mode, kind, blob, size = facts.split()
        if kind == b"blob" and mode in REGULAR_MODES:
            yield name.decode(errors="surrogateescape"), blob.decode(), int(size)


def read_blobs(path: Path, blobs: Sequence[str]) -> list[bytes]:
    """Return the contents of *blobs*, in order."""
    if not blobs:
        return []
    stream = run(path, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode())
    contents: list[bytes] = []
    position = 0
    for _ in blobs:
        end = stream.index(b"\n", position)
        size = int(stream[position:end].rsplit(b" ", 1)[1])
        contents.append(stream[end + 1 : end + 1 + size])
        position = end + 1 + size + 1
    return contents


def files_at(path: Path, sha: str, *, suffixes: Sequence[str] | None) -> dict[str, bytes]:
    """
    Return the regular files at *sha*, by path, whose names end in one of *suffixes* (None: all).

    Files over 1 MB are left out, and reading ends at 64 MB in total, smallest path first.
    """
    wanted = blobs_at(path, sha, suffixes=suffixes)
    return dict(zip(wanted, read_blobs(path, list(wanted.values())), strict=True))


def blobs_at(path: Path, sha: str, *, suffixes: Sequence[str] | None) -> dict[str, str]:
    """Return the blob ids of the files that :func:`files_at` returns, by path."""
    wanted: dict[str, str] = {}
    total = 0
    for name, blob, size in sorted(tree_entries(path, sha)):
        if size > MAX_FILE_BYTES or (suffixes is not None and not name.endswith(tuple(suffixes))):
            continue
        total += size
        if total > MAX_TOTAL_BYTES:
            break
        wanted[name] = blob
    return wanted


def history(path: Path, sha: str, *, limit: int) -> list[CommitInfo]:
    """Return the first-parent history of *sha*, newest first, at most *limit* commits."""
    output = run(path, "log", "--first-parent", f"--max-count={limit}", LOG_FORMAT, "--end-of-options", sha)
    commits = []
    for record in output.decode(errors="replace").split("\x1e"):
        if record.strip():
            commit, when, author, subject = record.strip().split("\x1f")
            commits.append(CommitInfo(commit, datetime.fromtimestamp(int(when), UTC), author, subject))
    return commits


def first_parents(path: Path, sha: str) -> list[str]:
    """Return the first-parent history of *sha*, oldest first."""
    return text(path, "rev-list", "--first-parent", "--reverse", "--end-of-options", sha).split()


def first_commits(path: Path, branch: str) -> list[str]:
    """Return the commits without parents from which *branch* came; none while it has no commit."""
    sha = resolve(path, f"refs/heads/{branch}")
    return text(path, "rev-list", "--max-parents=0", "--end-of-options", sha).split() if sha else []


def is_shallow(path: Path) -> bool:
    """Return whether the history is cut off, as in a clone of some depth."""
    return text(path, "rev-parse", "--is-shallow-repository") == "true"


def remote_addresses(path: Path) -> list[str]:
    """Return the addresses of the remotes, as they are written."""
    try:
        output = run(path, "config", "--local", "-z", "--get-regexp", r"^remote\..*\.(url|pushurl)$")
    except GitError:
        return []  # It has no remote.
    return [entry.partition("\n")[2] for entry in output.decode(errors="replace").split("\0") if entry]


def reached_at(path: Path, sha: str, head: str) -> int | None:
    """Return the place, from 0, of the commit by which *sha* reached the first-parent history of *head*, or None."""
    commits = first_parents(path, head)
    if sha in commits:
        return commits.index(sha)
    try:
        chain = text(
            path, "rev-list", "--ancestry-path", "--first-parent", "--end-of-options", f"{sha}..{head}"
        ).split()
    except GitError:
        return None
    return commits.index(chain[-1]) if chain and chain[-1] in commits else None


def patches(path: Path, sha: str, *, after: str | None = None) -> Iterator[bytes]:
    """
    Yield the lines of the log of *sha*'s first-parent history behind *after*, oldest first, each commit with its patch.

    The files' own attributes count for nothing: they could hide a file, and are those of whatever is checked out. A
    commit begins with ``\\0commit``, its SHA and when it was made. Lines that differ in white space only are equal.
    Files over 1 MB count as binary. Closing the iterator ends git.

    :raises GitError: git ended with an error.
    :raises RepositoryUnavailable: as :func:`run`.
    """
    wanted = f"{after}..{sha}" if after else sha
    folder = text(path, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory(prefix="nofx-log-") as nowhere:
        # Attributes are read from the checkout and the index, so the log is written where there is neither.
        places = {"GIT_DIR": folder, "GIT_WORK_TREE": nowhere, "GIT_INDEX_FILE": f"{nowhere}/index"}
        process = _open(
            path,
            places,
            ("-c", f"core.bigFileThreshold={MAX_FILE_BYTES}", "-c", "core.quotePath=false"),
            "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--root", "-p", "-U0", "-w", "-M",
            "--diff-algorithm=histogram", "--no-ext-diff", "--no-textconv", "--no-color",
            "--src-prefix=a/", "--dst-prefix=b/", "--format=%x00commit %H %ct", "--end-of-options", wanted,
        )  # fmt: skip
        yield from _lines_of(process)


def _lines_of(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what a process writes, and end it when nobody reads on."""
    with process:
        try:
            yield from process.stdout or ()
        except GeneratorExit:
            process.kill()
            raise
        said = process.stderr.read(MAX_ERROR).decode(errors="replace") if process.stderr else ""
    if process.returncode != 0:
        raise GitError(said.strip() or "git log failed")


def tags(path: Path, sha: str) -> list[TagInfo]:
    """Return the tags whose commits are in the history of *sha*, oldest first; a light one has its commit's time."""
    output = run(
        path, "for-each-ref", f"--merged={sha}", "--format=%(refname:strip=2)%00%(creatordate:unix)", "refs/tags"
    )
    found = []
    for line in output.decode(errors="replace").splitlines():
        name, _, when = line.partition("\0")
        if name.isprintable() and when.isdecimal():
            found.append(TagInfo(name, datetime.fromtimestamp(int(when), UTC)))
    return sorted(found, key=lambda tag: (tag.tagged_at, tag.name))


def churn(path: Path, sha: str, *, since: datetime) -> Mapping[str, int]:
    """Return for each file the number of commits since *since* that changed it."""
    output = run(path, "log", "--no-merges", f"--since={since.isoformat()}", "--name-only", "-z", "--format=", sha)
    counts: dict[str, int] = {}
    for name in output.decode(errors="surrogateescape").replace("\n", "\0").split("\0"):
        if name:
            counts[name] = counts.get(name, 0) + 1
    return counts
