"""
Tests of our own beside a tree's tests: what judges itself from inside must also report these as we know them to be.

They show that a report was bent for every test, by a patched pytest for example. They prove nothing about a report that
was bent for one test only: a suite's word stays the word of the code that it tests.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

_FAILING = (
    "assert 2 + 2 == 5",
    "assert [1, 2] == [2, 1]",
    "raise RuntimeError('expected')",
    "with pytest.raises(ValueError):\n        int('1')",
)
_PASSING = ("assert 2 + 2 == 4", "with pytest.raises(ValueError):\n        int('x')")


@dataclass(frozen=True)
class Canaries:
    """Test modules, and which of their tests must pass and which must fail, as pytest names them."""

    files: Mapping[str, bytes]
    passing: frozenset[str]
    failing: frozenset[str]

    @property
    def tests(self) -> frozenset[str]:
        return self.passing | self.failing


def canaries_make() -> Canaries:
    """Return two modules with unguessable names, one to be run first and one last."""
    files: dict[str, bytes] = {}
    passing: set[str] = set()
    failing: set[str] = set()
    for _ in range(2):
        path = f"test_{secrets.token_hex(8)}.py"
        source = "import pytest\n"
        for bodies, names in ((_FAILING, failing), (_PASSING, passing)):
            for body in bodies:
                name = f"test_{secrets.token_hex(8)}"
                source += f"\n\ndef {name}():\n    {body}\n"
                names.add(f"{path}::{name}")
        files[path] = source.encode()
    return Canaries(files, frozenset(passing), frozenset(failing))
