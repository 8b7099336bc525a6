"""Conditions that Postgres plans well: a key looked up row by row, whatever stands around it."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, OperationalError
from django.db.models import Q

from apps.core.database import key_among, storage_problem
from apps.governance.models import Organisation, Scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scopes() -> None:
    for name in ("ours", "theirs"):
        Scope.objects.create(organisation=Organisation.objects.create(name=name), repository="parcels")


def organisations(condition: Q) -> list[str]:
    return sorted(Scope.objects.filter(condition).values_list("organisation__name", flat=True))


def ours() -> Q:
    return Q(key_among("organisation_id", Organisation.objects.filter(name="ours")))


def test_rows_whose_key_is_among_the_others_are_found():
    assert organisations(ours()) == ["ours"]


def test_its_opposite_finds_the_rest():
    assert organisations(~ours()) == ["theirs"]


def test_no_rows_have_no_keys():
    nothing = Q(key_among("organisation_id", Organisation.objects.none()))
    assert organisations(nothing) == []
    assert organisations(~nothing) == ["ours", "theirs"]


def test_postgres_never_gathers_all_keys_first():
    plan = Scope.objects.filter(ours()).explain()
    assert "SubPlan" in plan
    assert "hashed" not in plan


def test_a_full_disk_is_known_from_every_other_failure_of_the_database():
    full, gone = OperationalError("could not extend file"), OperationalError("connection refused")
    full.__cause__ = psycopg.errors.DiskFull()
    gone.__cause__ = psycopg.OperationalError()
    problem = storage_problem(full)
    assert problem is not None
    assert "not saved" in problem.message
    assert "back button" in problem.remedy
    for other in (gone, DatabaseError(), ValueError()):
        assert storage_problem(other) is None
