"""Which lines a change touches, so that a candidate answers for its own lines only."""

from __future__ import annotations

from apps.core.lines import file_lines, line_matcher


def changed_lines(before: str, after: str) -> frozenset[int]:
    """Return the numbers (from 1) of the lines of *after* that are new or different from *before*."""
    matcher = line_matcher(file_lines(before), file_lines(after))
    touched: set[int] = set()
    for operation, _, _, start, end in matcher.get_opcodes():
        if operation != "equal":
            touched.update(range(start + 1, end + 1))
    return frozenset(touched)
