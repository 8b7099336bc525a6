"""The patterns that come with the platform, written for it."""

from __future__ import annotations

from apps.knowledge.engine.pattern_library.classes import CLASS_PATTERNS
from apps.knowledge.engine.pattern_library.functions import FUNCTION_PATTERNS

__all__ = ["CLASS_PATTERNS", "FUNCTION_PATTERNS"]
