"""What a model is asked, with everything from a repository fenced as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from apps.generation.engine.specification.model import Specification


class PromptRole(StrEnum):
    """The attitude asked of the model, so that samples of one model differ for a reason."""

    PLAIN = "plain"
    CAREFUL = "careful"
    SIMPLE = "simple"


def build_messages(
    spec: Specification, context: Mapping[str, object], *, role: PromptRole | str = PromptRole.PLAIN
) -> tuple[tuple[str, str], ...]:
    """Return (role, content) pairs: one system message, one user message."""
    raise NotImplementedError
