"""The tabs of the knowledge pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from apps.knowledge.engine.antipatterns import ANTIPATTERNS
from apps.knowledge.gateways.library import patterns


def knowledge_tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs, with *current* marked."""
    tabs: tuple[tuple[str, str, int | None], ...] = (
        ("index", "Patterns", len(patterns())),
        ("antipattern-list", "Anti-patterns", len(ANTIPATTERNS)),
        ("mined-list", "Mined", None),
        ("policy-list", "Code rules", None),
        ("code-index", "Code index", None),
    )
    return [
        {"label": label, "url": reverse(f"knowledge:{name}"), "count": count, "is_current": name == current}
        for name, label, count in tabs
    ]
