"""The files of the pattern library, which come with the platform."""

from __future__ import annotations

from functools import cache
from importlib import resources

from apps.knowledge import pattern_library
from apps.knowledge.engine.pattern_format import pattern_parse
from apps.knowledge.engine.pattern_model import Pattern

_ENDING = ".md"


@cache
def patterns() -> tuple[Pattern, ...]:
    """
    Return every pattern, by name; read once a process.

    :raises PatternInvalid: a file is not a pattern.
    """
    files = [one for one in resources.files(pattern_library).iterdir() if one.name.endswith(_ENDING)]
    found = [pattern_parse(one.name.removesuffix(_ENDING), one.read_text(encoding="utf-8")) for one in files]
    return tuple(sorted(found, key=lambda pattern: pattern.name.lower()))
