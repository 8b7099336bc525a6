"""
Who wrote what a gate's evidence counts.

The app that records requests says so; governance imports none of it. Whoever wrote much of the sample is flagged for
stepping aside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from apps.governance.measures import Window

# Called with the ids of the scopes of the sample and the window: how many of what is counted each account wrote.
Authors = Callable[[Collection[int], Window], Mapping[int, int]]

_authors: list[Authors] = []


def authors_register(authors: Authors) -> None:
    """Add a source of who wrote what; an app calls it once, in ``ready``."""
    _authors.append(authors)


def authored_shares(scopes: Collection[int], window: Window) -> dict[int, float]:
    """Return the share of the sample that each account wrote, 0 to 1, largest first."""
    counts: dict[int, int] = {}
    for authors in _authors:
        for account, count in authors(scopes, window).items():
            counts[account] = counts.get(account, 0) + count
    total = sum(counts.values())
    return {account: count / total for account, count in sorted(counts.items(), key=lambda pair: -pair[1]) if total}
