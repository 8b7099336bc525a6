"""JavaScript and TypeScript as syntax trees, TypeScript without its types, and values as they are written."""

from __future__ import annotations

from apps.core.javascript.complexity import FUNCTIONS, FunctionComplexity, complexity_of
from apps.core.javascript.scopes import Binding, Scopes, scopes_of
from apps.core.javascript.strip import CannotStrip, strip_types
from apps.core.javascript.trees import SyntaxFault, fault_of, parse, text_of, walk
from apps.core.javascript.values import NotALiteral, literal_value, source_of

__all__ = [
    "FUNCTIONS",
    "Binding",
    "CannotStrip",
    "FunctionComplexity",
    "NotALiteral",
    "Scopes",
    "SyntaxFault",
    "complexity_of",
    "fault_of",
    "literal_value",
    "parse",
    "scopes_of",
    "source_of",
    "strip_types",
    "text_of",
    "walk",
]
