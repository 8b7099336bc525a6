"""The lines of a text, and two texts compared line by line in a time that a person can wait for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

# About a second on one processor.
MAX_PAIRS = 2_000_000
# Longer lines are not compared word by word: nobody reads them so.
MAX_LINE = 400
LEAST_ALIKE = 0.5
MAX_LOOKED_AT = 8
_WORD = re.compile(r"\w+|\s+|[^\w\s]")

Span = tuple[int, int]  # the first character, and the one behind the last
Spans = tuple[Span, ...]


def file_lines(text: str) -> list[str]:
    """
    Return the lines of a file with their ends, split at line feeds only.

    So does git: a form feed or a Unicode line separator does not end a line, and a carriage return is part of its line.
    """
    return [line for line in re.split(r"(?<=\n)", text) if line]


def line_matcher(before: Sequence[str], after: Sequence[str]) -> SequenceMatcher[str]:
    """
    Return the comparison of two lists of lines, exact unless the same lines come again and again.

    The exact one looks at each pair of equal lines: for a text of one line, thirty thousand times, that takes minutes.
    Above ``MAX_PAIRS`` such lines align nothing, so that the differences are as true but may be larger.
    """
    times = Counter(after)
    pairs = sum(times[line] for line in before)
    return SequenceMatcher(None, before, after, autojunk=pairs > MAX_PAIRS)


def block_changes(before: Sequence[str], after: Sequence[str]) -> tuple[dict[int, Spans], dict[int, Spans]]:
    """
    Return, by position in each of two blocks that took each other's place, which characters of its line changed.

    A line is compared with the one most like it that comes soon behind the last pair; lines that have less than half in
    common are two lines, not one that changed, and are left out.
    """
    old: dict[int, Spans] = {}
    new: dict[int, Spans] = {}
    behind = 0
    for i, line in enumerate(before):
        far = min(len(after), behind + MAX_LOOKED_AT)
        best = max(range(behind, far), key=lambda j: _alike(line, after[j]), default=None)
        if best is not None and _alike(line, after[best]) >= LEAST_ALIKE:
            old[i], new[best] = changed_spans(line, after[best])
            behind = best + 1
    return old, new


def _alike(before: str, after: str) -> float:
    """Return the share of two lines that they have in common, white space left out, from 0 to 1; 0 for long lines."""
    length = len("".join(before.split())) + len("".join(after.split()))
    if not length or max(len(before), len(after)) > MAX_LINE:
        return 0.0
    old, new = _WORD.findall(before), _WORD.findall(after)
    common = Counter(old) & Counter(new)
    if 2 * sum(len(word.strip()) * times for word, times in common.items()) < LEAST_ALIKE * length:
        return 0.0
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    kept = sum(len("".join(old[block.a : block.a + block.size]).strip()) for block in blocks)
    return 2 * kept / length


def changed_spans(before: str, after: str) -> tuple[Spans, Spans]:
    """Return the characters of each line that the other does not have, by whole words; nothing for equal lines."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [code for code in codes if code[0] != "equal"]
    return (
        tuple(_span(old, i, i_end) for _, i, i_end, _, _ in changes if i < i_end),
        tuple(_span(new, j, j_end) for _, _, _, j, j_end in changes if j < j_end),
    )


def _span(words: Sequence[str], first: int, last: int) -> Span:
    start = sum(map(len, words[:first]))
    return start, start + sum(map(len, words[first:last]))
