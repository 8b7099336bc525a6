"""A real git repository whose modules import each other, and people with and without a role in it."""

from __future__ import annotations

import pytest

from apps.governance.models import User
from apps.governance.types import Role
from tests.people import MakePerson, auditor, client_of, engineer, person, scope, stranger
from tests.project import commit, repository

__all__ = ["auditor", "client_of", "commit", "engineer", "person", "repository", "scope", "stranger"]

FILES = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/basket.py": "from shop import prices\n\n\ndef late():\n    import shop.prices\n",
    "shop/prices.py": "import shop.rates\n",
    "shop/rates.py": "import shop.basket\n",
    "shop/cli.py": "import shop.basket\n",
    "tests/test_shop.py": "import shop.cli\n",
}
ACYCLIC = {"shop/rates.py": "RATE = 2\n"}


@pytest.fixture
def files() -> dict[str, str]:
    return FILES


@pytest.fixture
def architect(person: MakePerson) -> User:
    return person("architect", Role.ARCHITECT)
