"""Signatures and examples of JavaScript and TypeScript in a text."""

from __future__ import annotations

from apps.generation.engine.specification.javascript.examples import javascript_examples, test_examples
from apps.generation.engine.specification.javascript.signatures import completed_numbers, javascript_signatures

__all__ = ["completed_numbers", "javascript_examples", "javascript_signatures", "test_examples"]
