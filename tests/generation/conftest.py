"""The shop of ``tests/shop.py``: its fixtures are those of the generation tests."""

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
