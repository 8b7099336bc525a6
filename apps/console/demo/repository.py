"""
The demo repository: a small shop's shipping desk, with history, tests and honest flaws.

Its sources lie in ``files``, each with ``.txt`` behind its name so that no tool takes them for ours. Identity and
dates are fixed, so every installation has the same commits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from apps.core.errors import NofxError

NAME = "parcels"
_FILES = Path(__file__).parent / "files"
_IDENTITY = {"NAME": "Shipping desk", "EMAIL": "desk@parcels.example"}


@dataclass(frozen=True)
class _Step:
    """One commit: the files it brings, some of them only up to a line that a later commit adds."""

    date: str
    subject: str
    paths: tuple[str, ...]
    until: Mapping[str, str] = field(default_factory=dict)


_HISTORY = (
    _Step(
        "2026-01-12T09:00:00+00:00",
        "Count money in cents",
        ("README.md", "pyproject.toml", "parcels/__init__.py", "parcels/money.py", "tests/test_money.py"),
    ),
    _Step(
        "2026-01-19T10:30:00+00:00",
        "Quote a price for a parcel",
        ("parcels/zones.py", "parcels/rates.py"),
        {"parcels/rates.py": "\n\ndef cheapest("},
    ),
    _Step(
        "2026-02-02T08:15:00+00:00",
        "Write addresses as people do",
        ("parcels/addresses.py", "tests/test_addresses.py"),
    ),
    _Step(
        "2026-02-16T14:00:00+00:00",
        "Know where a parcel is",
        ("parcels/tracking.py",),
        {"parcels/tracking.py": "\n\ndef check_digit("},
    ),
    _Step(
        "2026-03-02T11:45:00+00:00",
        "Compare carriers, and test the prices",
        ("parcels/rates.py", "tests/test_rates.py"),
    ),
    _Step(
        "2026-03-16T16:20:00+00:00",
        "Print labels with a check digit",
        ("parcels/tracking.py", "parcels/labels.py", "tests/test_tracking.py"),
    ),
)


class DemoFailed(NofxError):
    """The demo repository could not be made."""

    code = "demo_failed"
    status = 500


def demo_repository_make(folder: Path) -> Path:
    """
    Make the repository and a bare remote for it below *folder*, unless they are there, and return its path.

    :raises DemoFailed: git is missing or refuses.
    """
    place = folder / NAME
    if (place / ".git").exists():
        return place
    draft = folder / f"{NAME}.new"
    remote = folder / f"{NAME}.git"
    for leftover in (draft, remote, place):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", remote.name)
    _git(draft, "init", "--quiet", "--initial-branch=main")
    for step in _HISTORY:
        _commit(draft, step)
    _git(draft, "remote", "add", "origin", str(remote))
    _git(draft, "push", "--quiet", "--set-upstream", "origin", "main")
    draft.rename(place)
    return place


def _commit(repository: Path, step: _Step) -> None:
    for path in step.paths:
        text = (_FILES / f"{path}.txt").read_text()
        if path in step.until:
            text = text[: text.index(step.until[path])]
        target = repository / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", f"--message={step.subject}", date=step.date)


def _git(cwd: Path, *arguments: str, date: str = "") -> None:
    """Run git untouched by this machine's configuration, hooks and signing keys."""
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _IDENTITY.items()}
    dates = {f"GIT_{who}_DATE": date for who in ("AUTHOR", "COMMITTER") if date}
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **identity,
        **dates,
    }
    try:
        subprocess.run(["git", *arguments], cwd=cwd, env=env, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise DemoFailed("There is no git on this machine.", remedy="Install git and run the command again.") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise DemoFailed(
            f"git {arguments[0]} failed: {last}", remedy="Put that right and run the command again."
        ) from error
