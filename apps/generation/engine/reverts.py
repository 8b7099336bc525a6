"""Which merges a history takes back, told from the subjects that git itself writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

_TAKEN_BACK = re.compile(
    r'(?P<marks>(?:(?:Revert|Reapply) ")+)Merge nofx/(?P<request>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b'
)
_MARK = re.compile(r"Revert|Reapply")


def reverts_in(history: Iterable[tuple[str, str]]) -> dict[UUID, str]:
    """
    Return the requests whose merge is taken back at the newest commit, each with the commit that did it.

    A revert of a revert brings the merge back; the newest word about a merge counts.

    :param history: commits as (id, subject), newest first.
    """
    newest: dict[UUID, str] = {}
    for sha, subject in history:
        found = _TAKEN_BACK.match(subject)
        if found:
            newest.setdefault(UUID(found["request"]), "" if _is_there(_MARK.findall(found["marks"])) else sha)
    return {request: sha for request, sha in newest.items() if sha}


def _is_there(marks: list[str]) -> bool:
    """Return whether a merge is there after it was reverted and reapplied, the innermost mark first."""
    is_there = True
    for mark in reversed(marks):
        is_there = mark == "Reapply" or not is_there
    return is_there
