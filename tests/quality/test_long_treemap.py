"""The debt of ten thousand files: the page with its treemap and its table is there within a second."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from apps.governance.models import User
from apps.quality.models import DebtAssessment
from apps.repositories.models import Repository, Revision
from tests.cpu import costs_less

FILES, AREAS = 10_000, 100
# The drawing and the table of all files together; what is sent is compressed by whatever serves it.
MOST_BYTES = 4_000_000

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
    text = page.content.decode()
    paths = re.findall(r'<path class="debt-map__[a-e]" d="([^"]*)"', text)
    assert sum(path.count("M") for path in paths) == FILES
    assert text.count('class="debt-map__place"') == AREAS
    assert len(page.content) < MOST_BYTES


def test_a_folder_of_the_map_opens_as_a_figure_and_leads_back(
    assessed: Repository, client_of: Callable[[User], Client], engineer: User
) -> None:
    client, address = client_of(engineer), f"/repos/{assessed.name}/quality/debt"
    inside = client.get(address, {"area": "interest", "folder": "shop/area_7/"}).content.decode()
    assert "debt-map__place" not in inside and "data-chart-plot" in inside
    assert "100 of 100 files owe something" in inside
    assert '<a href="?area=interest&amp;folder=shop/">shop</a>' in inside
    for wrong in ("nowhere/", "shop/area_7", "../"):
        assert client.get(address, {"folder": wrong}).status_code == 404
