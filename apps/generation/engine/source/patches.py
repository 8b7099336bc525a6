"""Unified diffs that git applies."""

from __future__ import annotations

from collections.abc import Mapping

from apps.core.lines import file_lines, line_matcher


def unified_patch(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """
    Return one unified diff from *before* to *after* that ``git apply`` accepts, "" when nothing changes.

    A path that only *after* has is a new file, one that only *before* has is deleted. Files come in path order.

    :raises ValueError: a path is absolute, leaves the tree, or holds a control character.
    """
    parts = []
    for path in sorted(before.keys() | after.keys()):
        if path.startswith("/") or ".." in path.split("/") or any(ord(c) < 32 for c in path) or '"' in path:
            raise ValueError(f"{path!r} cannot be a path of a patch.")
        old, new = before.get(path), after.get(path)
        if old != new:
            parts.append(_file_patch(path, old, new))
    return "".join(parts)


def _file_patch(path: str, old: str | None, new: str | None) -> str:
    header = f"diff --git a/{path} b/{path}\n"
    if old is None:
        header += "new file mode 100644\n"
    if new is None:
        header += "deleted file mode 100644\n"
    hunks = _hunks(file_lines(old or ""), file_lines(new or ""))
    if not hunks:
        return header
    # A tab ends the name, so that git does not cut a path with spaces.
    end = "\t\n" if " " in path else "\n"
    source = "/dev/null\n" if old is None else f"a/{path}{end}"
    target = "/dev/null\n" if new is None else f"b/{path}{end}"
    return f"{header}--- {source}+++ {target}{hunks}"


def _hunks(old: list[str], new: list[str]) -> str:
    written = []
    for group in line_matcher(old, new).get_grouped_opcodes(3):
        written.append(f"@@ -{_range(group[0][1], group[-1][2])} +{_range(group[0][3], group[-1][4])} @@\n")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                written += [_marked(" ", line) for line in old[old_from:old_to]]
                continue
            written += [_marked("-", line) for line in old[old_from:old_to]]
            written += [_marked("+", line) for line in new[new_from:new_to]]
    return "".join(written)


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + 1 if length else start},{length}"


def _marked(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
