"""Lists of the pages and of the API stay fast over a hundred thousand rows, whoever reads how much of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from apps.console.demo.people import demo_seed
from apps.governance.models import User
from apps.providers.models import Provider
from bench.core import p95
from bench.lists import ROWS, SEARCHED, people_and_rows
from nofx.api.resources import RESOURCES

LIMIT_S = 0.3
READS = 20
# Others may have the processor for a while: what is slow is measured again before it is said to be.
ROUNDS = 3
PAGES = ("/", "/requests", "/requests?state=rejected", "/specs", "/inbox", "/governance", "/spend")

pytestmark = [pytest.mark.slow, pytest.mark.quiet, pytest.mark.django_db(transaction=True), pytest.mark.bar(13)]


@pytest.fixture
def readers(tmp_path: Path) -> dict[str, User]:
    """Who reads everything, the oldest part, a hundred rows, and nothing."""
    demo_seed(home=tmp_path)
    Provider.objects.get_or_create(name="a", kind="builtin", model_id="reuse")
    database = settings.DATABASES["default"]
    owner = " ".join(
        f"{name}={database[key]}"
        for name, key in (("host", "HOST"), ("port", "PORT"), ("user", "USER"), ("password", "PASSWORD"))
        if database[key]
    )
    return people_and_rows(f"{owner} dbname={connection.settings_dict['NAME']}")


def test_every_list_answers_within_300_ms_for_95_of_100(readers: dict[str, User]) -> None:
    everything = [*PAGES, *(f"/api/v1/{resource.noun}?first=100" for resource in RESOURCES)]
    searched = ["/requests", *(f"/api/v1/{noun}?first=100" for noun in SEARCHED)]
    slow = {}
    for what, user in readers.items():
        client = Client()
        client.force_login(user)
        for path in everything if what == "everything" else searched:
            took = min_p95(client, path)
            if took > LIMIT_S:
                slow[f"{path} for who reads {what}"] = round(took, 3)
    assert slow == {}, f"of {ROWS} rows"


def min_p95(client: Client, path: str) -> float:
    """Return the 95th percentile of the seconds that *path* takes, the best of some rounds where it is slow."""
    best = float("inf")
    for _ in range(ROUNDS):
        taken = []
        for _ in range(READS):
            started = time.perf_counter()
            answer = client.get(path)
            taken.append(time.perf_counter() - started)
            assert answer.status_code == 200, path
        best = min(best, p95(sorted(taken)))
        if best <= LIMIT_S:
            break
    return best
