"""
Natural language in, structure out, with no model needed.

``analyse`` reads a specification: signatures, examples, criteria, gaps and a clarity score. ``risk_tier`` says how
many people must look at the change. Nothing is ever evaluated: literals are read with ``ast.literal_eval``.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.generation.engine.specification.model import (
    Clarity,
    ClassOutline,
    Criterion,
    FunctionSignature,
    IssueKind,
    Parameter,
    RiskTier,
    Span,
    SpecExample,
    Specification,
    SpecIssue,
)

__all__ = [
    "Clarity",
    "ClassOutline",
    "Criterion",
    "FunctionSignature",
    "IssueKind",
    "Parameter",
    "RiskTier",
    "Span",
    "SpecExample",
    "SpecIssue",
    "Specification",
    "analyse",
    "risk_tier",
]


def analyse(text: str, *, title: str = "", known_symbols: Sequence[str] = ()) -> Specification:
    """Read *text* into a :class:`Specification`; under 300 ms for 10,000 characters."""
    raise NotImplementedError


def risk_tier(specification: Specification, *, paths: Sequence[str]) -> RiskTier:
    """Return the risk tier of changing *paths* for *specification*."""
    raise NotImplementedError
