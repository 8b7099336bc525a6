"""Code as text: taken out of answers, parsed, compared, put into modules and turned into patches."""

from __future__ import annotations

from apps.generation.engine.source.answers import ExtractedCode, extract_code
from apps.generation.engine.source.patches import unified_patch
from apps.generation.engine.source.symbols import replace_symbol
from apps.generation.engine.source.syntax import (
    MAX_CODE,
    ParsedCandidate,
    Unparsable,
    normalised_digest,
    parse_candidate,
    parsed,
    whole_statements,
)

__all__ = [
    "MAX_CODE",
    "ExtractedCode",
    "ParsedCandidate",
    "Unparsable",
    "extract_code",
    "normalised_digest",
    "parse_candidate",
    "parsed",
    "replace_symbol",
    "unified_patch",
    "whole_statements",
]
