"""One organisation with two repositories, and people made with the roles a test names."""

from __future__ import annotations

import pytest

from apps.governance.models import Scope
from apps.governance.services import scope_create
from tests.governance.committee import Committee, Figures, committee_make, measures_replaced
from tests.people import person

__all__ = ["person"]


@pytest.fixture
def organisation(db: None) -> Scope:
    return scope_create(organisation="Acme", created_by=None)


@pytest.fixture
def scope(organisation: Scope) -> Scope:
    return scope_create(organisation="Acme", repository="shop", created_by=None)


@pytest.fixture
def other_scope(organisation: Scope) -> Scope:
    return scope_create(organisation="Acme", repository="billing", created_by=None)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Figures:
    """What the measures of a gate say; good ones unless a test says otherwise."""
    made = Figures()
    measures_replaced(made, monkeypatch)
    return made


@pytest.fixture
def committee(organisation: Scope, scope: Scope, other_scope: Scope, figures: Figures) -> Committee:
    """A committee of six that decides about opening billing on the records of shop."""
    return committee_make(organisation, scope, other_scope, figures)
