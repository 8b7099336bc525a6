"""The shop of ``tests/shop.py``: its fixtures are those of the generation tests."""

from dataclasses import replace

import pytest

from apps.generation.gateways import observing
from tests.kept import kept
from tests.shop import (
    code,
    engineer,
    home,
    in_review,
    owner,
    person,
    provider,
    repository,
    reviewer,
    scope,
    server,
    submit,
)

__all__ = [
    "code",
    "engineer",
    "home",
    "in_review",
    "kept",
    "owner",
    "person",
    "provider",
    "repository",
    "reviewer",
    "scope",
    "server",
    "submit",
]


@pytest.fixture
def ended_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give programs that never end one second of the processor, or two of the clock, instead of three."""
    monkeypatch.setattr(observing, "RUN_LIMITS", replace(observing.RUN_LIMITS, wall_s=2.0, cpu_s=1))
