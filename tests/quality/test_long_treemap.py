"""The debt of ten thousand files: the page with its treemap and its table is there within a second."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from apps.governance.models import User
from apps.quality.models import DebtAssessment
from apps.repositories.models import Repository, Revision
from tests.cpu import costs_less

FILES = 10_000

pytestmark = [pytest.mark.django_db, pytest.mark.bar(13)]


@pytest.fixture
def assessed(repository: Repository, revision: Revision) -> Repository:
    files = [
        {
            "path": f"shop/area_{number % 100}/part_{number % 1_000}/module_{number}.py",
            "minutes": 1 + number % 240,
            "rating": "C",
            "code_lines": 20 + number % 400,
            "highest_complexity": number % 30,
            "minutes_by_kind": {"complexity": 1 + number % 240},
            "touches": number % 12,
            "ratio": 0.1,
        }
        for number in range(FILES)
    ]
    DebtAssessment.objects.create(revision=revision, files=files, remediation_minutes=1)
    return repository


@pytest.mark.parametrize("area", ["minutes", "interest"])
def test_ten_thousand_cells_are_there_within_a_second(
    assessed: Repository, client_of: Callable[[User], Client], engineer: User, area: str
) -> None:
    client, address = client_of(engineer), f"/repos/{assessed.name}/quality/debt?area={area}"
    page = client.get(address)
    assert costs_less(lambda: client.get(address), 1)
    assert page.status_code == 200
    assert "The 1500 largest are drawn." in page.content.decode()
