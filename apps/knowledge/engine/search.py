"""Finding a pattern by a few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.knowledge.engine.pattern_model import THEMES, Pattern

# Where a word is found counts more the more it says about the pattern.
_NAME, _KEYWORD, _INTENT, _ADVICE = 8, 4, 2, 1
_WORD = re.compile(r"[^\W_]+")
MAX_WORDS = 12


@dataclass(frozen=True)
class Found:
    """Patterns that were found; ``is_relaxed`` when none has all the words and these have some of them."""

    patterns: tuple[Pattern, ...]
    is_relaxed: bool


def search(patterns: Sequence[Pattern], query: str) -> Found:
    """
    Return the patterns that have every word of *query*, best first; where there is none, those that have any.

    Words are compared by their beginnings, without case. Without a word, all patterns by name. At most twelve words
    count.
    """
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(query)))[:MAX_WORDS]
    if not words:
        return Found(tuple(sorted(patterns, key=lambda pattern: pattern.name.lower())), is_relaxed=False)
    scores = {pattern.name: [_score(pattern, word) for word in words] for pattern in patterns}
    by_rank = sorted(patterns, key=lambda pattern: (-sum(scores[pattern.name]), pattern.name))
    complete = tuple(pattern for pattern in by_rank if all(scores[pattern.name]))
    if complete:
        return Found(complete, is_relaxed=False)
    return Found(tuple(pattern for pattern in by_rank if any(scores[pattern.name])), is_relaxed=True)


def _score(pattern: Pattern, word: str) -> int:
    places = (
        (_NAME, pattern.name),
        (_NAME, pattern.entry),
        (_KEYWORD, " ".join(pattern.keywords)),
        (_INTENT, pattern.intent),
        (_KEYWORD, THEMES[pattern.theme]),
        (_ADVICE, pattern.when),
        (_ADVICE, pattern.when_not),
    )
    return sum(weight for weight, text in places if any(_is_same(word, other) for other in _WORD.findall(text.lower())))


def _is_same(word: str, other: str) -> bool:
    """Words of four letters and more may end differently: batch finds batching, and batching finds batch."""
    if len(word) < 4 or len(other) < 4:
        return other.startswith(word) if len(word) > 1 else other == word
    return other.startswith(word) or word.startswith(other)
