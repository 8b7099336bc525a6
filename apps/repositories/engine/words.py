"""The words of code: identifiers taken apart, so that ``parseAmount`` and ``parse_amount`` are found by "amount"."""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"\w+")
_RUN = re.compile(r"[^\W\d_]+|\d+")


def identifier_parts(identifier: str) -> tuple[str, ...]:
    """
    Return the parts of *identifier* in lower case: split at underscores, at digits, and where the case changes.

    A run of capitals is one part, but its last capital begins the next word: ``HTTPServer`` is ``http``, ``server``.
    """
    return tuple(part.lower() for run in _RUN.findall(identifier) for part in _split_case(run))


def _split_case(run: str) -> list[str]:
    starts = [0]
    for index in range(1, len(run)):
        rises = run[index].isupper() and not run[index - 1].isupper()
        ends_capitals = run[index - 1].isupper() and run[index].isupper() and run[index + 1 : index + 2].islower()
        if rises or ends_capitals:
            starts.append(index)
    return [run[start:end] for start, end in zip(starts, [*starts[1:], len(run)], strict=True)]


def search_words(text: str) -> str:
    """
    Return *text* as a full-text search should read it: every identifier by its parts.

    One of several parts is there a second time with its parts joined: a text that names ``parse_amount`` meets that
    word, which is rarer than "parse" and "amount".
    """
    words: list[str] = []
    for identifier in _IDENTIFIER.findall(text):
        parts = identifier_parts(identifier)
        words += parts
        if len(parts) > 1:
            words.append("".join(parts))
    return " ".join(words)
