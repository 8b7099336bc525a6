"""
Natural language in, structure out, with no model needed.

``analyse`` reads a specification: signatures, examples, criteria, gaps and a clarity score. ``risk_tier`` says how
many people must look at the change. Nothing is ever evaluated: literals are read with ``ast.literal_eval``.
"""

from __future__ import annotations

from apps.generation.engine.specification.analysis import MAX_CHARACTERS, analyse
from apps.generation.engine.specification.demands import Demands, with_demands
from apps.generation.engine.specification.model import (
    Clarity,
    ClassOutline,
    Constraint,
    ConstraintKind,
    Criterion,
    FunctionSignature,
    IssueKind,
    Parameter,
    QualityRequirement,
    RiskTier,
    Span,
    SpecExample,
    Specification,
    SpecIssue,
)
from apps.generation.engine.specification.risk import risk_tier

__all__ = [
    "MAX_CHARACTERS",
    "Clarity",
    "ClassOutline",
    "Constraint",
    "ConstraintKind",
    "Criterion",
    "Demands",
    "FunctionSignature",
    "IssueKind",
    "Parameter",
    "QualityRequirement",
    "RiskTier",
    "Span",
    "SpecExample",
    "SpecIssue",
    "Specification",
    "analyse",
    "risk_tier",
    "with_demands",
]
