"""The shop of ``tests/shop.py``: its fixtures are those of the generation tests."""

from tests.shop import (
    code,
    engineer,
    home,
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
    "owner",
    "person",
    "provider",
    "repository",
    "reviewer",
    "scope",
    "server",
    "submit",
]
