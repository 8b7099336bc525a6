"""The shop of ``tests/shop.py``."""

from tests.shop import code, home, repository, scope

__all__ = ["code", "home", "repository", "scope"]
