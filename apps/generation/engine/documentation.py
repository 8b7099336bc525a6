"""The documentation page of a chosen implementation."""

from __future__ import annotations

from apps.generation.engine.specification.model import Specification


def document(spec: Specification, code: str) -> str:
    """Return a Markdown page: signature, what it does, examples, requirements."""
    raise NotImplementedError
