"""
Reading a chat completion that a stranger's server sends: piece by piece, bounded, believing nothing.

Events are decoded JSON of the OpenAI protocol, either chunks of a stream or one whole completion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["AnswerReader"]

# Servers send a few events without text (role, usage, keep-alives); more than this beside the text is no answer.
_EVENTS_WITHOUT_TEXT = 2_000


@dataclass(slots=True)
class AnswerReader:
    """
    Collects one answer.

    ``is_over`` becomes True when nothing more should be read: the limit of pieces or of characters is reached.
    A piece of a stream is one token with nearly all servers, which bounds those that ignore ``max_tokens``.
    """

    max_pieces: int
    max_chars: int
    model_id: str = ""
    refusal: str = ""
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    is_over: bool = False
    _pieces: list[str] = field(default_factory=list)
    _chars: int = 0
    _events: int = 0

    @property
    def text(self) -> str:
        """What was written so far."""
        return "".join(self._pieces)

    @property
    def is_truncated(self) -> bool:
        """Whether the text ends at a limit, the server's or ours."""
        return self.is_over or self.finish_reason == "length"

    @property
    def is_complete(self) -> bool:
        """Whether the server said that the answer ends here, or we ended it."""
        return self.is_over or bool(self.finish_reason)

    def add(self, event: object) -> None:
        """Take in one event; what has not the expected shape counts as an event without text."""
        self._events += 1
        if self._events - len(self._pieces) > _EVENTS_WITHOUT_TEXT:
            self.is_over = True
        if not isinstance(event, Mapping):
            return
        model = event.get("model")
        if isinstance(model, str) and model:
            self.model_id = model
        self._read_usage(event.get("usage"))
        choices = event.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
            self._read_choice(choices[0])

    def _read_usage(self, usage: object) -> None:
        if isinstance(usage, Mapping):
            self.prompt_tokens = _count(usage.get("prompt_tokens"), self.prompt_tokens)
            self.completion_tokens = _count(usage.get("completion_tokens"), self.completion_tokens)

    def _read_choice(self, choice: Mapping[object, object]) -> None:
        part = choice.get("delta") or choice.get("message")
        if isinstance(part, Mapping):
            refusal = part.get("refusal")
            if isinstance(refusal, str):
                self.refusal = (self.refusal + refusal)[:1_000]
            content = part.get("content")
            if isinstance(content, str) and content and not self.is_over:
                self._read_text(content)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self.finish_reason = reason

    def _read_text(self, content: str) -> None:
        room = self.max_chars - self._chars
        self._pieces.append(content[:room])
        self._chars += len(self._pieces[-1])
        if len(content) > room or len(self._pieces) >= self.max_pieces:
            self.is_over = True


def _count(value: object, known: int | None) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if is_count and isinstance(value, int) else known
