"""Finding what should not be written: rules over the syntax tree, each explained by an example and its better half."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from apps.knowledge.engine.antipatterns.calls import CALLS
from apps.knowledge.engine.antipatterns.model import AntiPattern, Module, Severity
from apps.knowledge.engine.antipatterns.statements import STATEMENTS

__all__ = ["ANTIPATTERNS", "AntiPattern", "AntiPatternFinding", "findings"]

ANTIPATTERNS: tuple[AntiPattern, ...] = tuple(sorted((*CALLS, *STATEMENTS), key=lambda one: one.name.lower()))


@dataclass(frozen=True, order=True, slots=True)
class AntiPatternFinding:
    """Where an anti-pattern stands (lines and columns from 1), and what to do about it."""

    line: int
    column: int
    rule: str
    message: str
    severity: Severity


def findings(code: str) -> list[AntiPatternFinding]:
    """
    Return the anti-patterns in *code*, by place; each once for a place.

    Nothing is run. A text that does not parse has none: what it means cannot be said. Names are followed through
    imports, not through assignments, so what is hidden on purpose is not found.
    """
    try:
        module = Module(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = {
        AntiPatternFinding(
            line=getattr(node, "lineno", 1),
            column=getattr(node, "col_offset", 0) + 1,
            rule=antipattern.slug,
            message=f"{antipattern.name[:1].upper()}{antipattern.name[1:]}. {antipattern.fix}",
            severity=antipattern.severity,
        )
        for antipattern in ANTIPATTERNS
        for node in antipattern.rule(module)
    }
    return sorted(found)
