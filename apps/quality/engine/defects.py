"""Which commit fixed a defect, and whose lines it changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

_FIXES = re.compile(r"\b(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?|repair(?:s|ed)?|mend(?:s|ed)?)\b", re.IGNORECASE)


def fixes_named(commits: Iterable[tuple[str, str]], keys: Collection[str]) -> dict[str, str]:
    """
    Return the commit that says it fixes each of *keys*, by key.

    *commits* are (SHA, subject), newest first. A subject names a fix by a word such as "fixes" and the key as a word of
    its own; of several commits the newest counts, since those before it did not suffice.
    """
    found: dict[str, str] = {}
    words = {key: re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])") for key in keys}
    for sha, subject in commits:
        if _FIXES.search(subject):
            for key, word in words.items():
                if key not in found and word.search(subject):
                    found[key] = sha
    return found


def blamed_origin(lines: Mapping[str, int]) -> str:
    """Return the origin that most of the changed *lines* had, "mixed" where two had as many, "" where there is none."""
    most = max(lines.values(), default=0)
    leading = [origin for origin, count in lines.items() if count == most]
    return "" if not most else leading[0] if len(leading) == 1 else "mixed"
