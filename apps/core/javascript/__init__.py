"""JavaScript and TypeScript as syntax trees, TypeScript without its types, and values as they are written."""

from __future__ import annotations

from apps.core.javascript.complexity import FunctionComplexity, complexity_of
from apps.core.javascript.strip import CannotStrip, strip_types
from apps.core.javascript.trees import SyntaxFault, fault_of, parse
from apps.core.javascript.values import NotALiteral, literal_value, source_of

__all__ = [
    "CannotStrip",
    "FunctionComplexity",
    "NotALiteral",
    "SyntaxFault",
    "complexity_of",
    "fault_of",
    "literal_value",
    "parse",
    "source_of",
    "strip_types",
]
