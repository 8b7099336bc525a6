"""
Recorded answers: one JSON object a line, found again by the digest of the prompt that was asked.

A line has ``prompt_digest`` (64 hexadecimal digits), ``model_id``, ``text`` and, where the answer was cut,
``is_truncated``. Several lines with one digest are several answers, in their order.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Recording", "RecordingsUnreadable", "recording_line", "recordings_read"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


class RecordingsUnreadable(ValueError):
    """A line is no recording; the message names it."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a model once answered."""

    model_id: str
    text: str
    is_truncated: bool = False


def recording_line(prompt_digest: str, recording: Recording) -> str:
    """Return the line, with its end, that :func:`recordings_read` reads back."""
    data = {"prompt_digest": prompt_digest, "model_id": recording.model_id, "text": recording.text}
    return json.dumps(data | ({"is_truncated": True} if recording.is_truncated else {})) + "\n"


def recordings_read(lines: Iterable[str]) -> Mapping[str, tuple[Recording, ...]]:
    """
    Return the recordings by digest; empty lines are left out.

    :raises RecordingsUnreadable: a line is something else.
    """
    found: dict[str, list[Recording]] = defaultdict(list)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            data = None
        match data:
            case {"prompt_digest": str(digest), "model_id": str(model), "text": str(text)} if _DIGEST.fullmatch(digest):
                found[digest].append(Recording(model, text, data.get("is_truncated") is True))
            case _:
                raise RecordingsUnreadable(f"line {number} is no recorded answer")
    return {digest: tuple(recordings) for digest, recordings in found.items()}
