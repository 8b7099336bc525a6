"""The analysis tools themselves are tested here."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def tools_remembered() -> None:
    """Nothing is remembered: each test asks the tools anew."""
