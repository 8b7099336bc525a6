"""A real git repository with a documented and an undocumented function, and people with and without a role."""

from __future__ import annotations

import pytest

from tests.people import auditor, client_of, engineer, person, scope, stranger
from tests.project import commit, repository

__all__ = ["auditor", "client_of", "commit", "engineer", "person", "repository", "scope", "stranger"]

PRICES = """
def mean(prices: list[float]) -> float:
    '''
    Return the mean.

    :param prices: what to average
    :return: the mean
    '''
    return sum(prices) / len(prices)


def discount(price: int, percent: int) -> int:
    return price * (100 - percent) // 100


def _hidden() -> None: ...
"""
FILES = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/prices.py": PRICES,
    "tests/test_prices.py": "def test_nothing() -> None: ...\n",
}


@pytest.fixture
def files() -> dict[str, str]:
    return FILES
