"""Which repositories can be chosen for a new specification, and why others cannot."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.governance.models import Scope, User
from apps.governance.services import generation_suspend
from apps.governance.services.pilots import MOST_PILOTS
from apps.governance.types import Role
from apps.repositories.models import Repository
from tests.places import pilot_made
from tests.shop import RoleAssignment

pytestmark = pytest.mark.django_db


def option(page: str, name: str) -> str:
    found = re.search(rf'<option value="{name}"[^>]*>[^<]*', page)
    assert found is not None
    return found.group()


def beside(place: Scope, engineer: User) -> Repository:
    RoleAssignment.objects.get_or_create(user=engineer, role=Role.ENGINEER.value, scope=place)
    return Repository.objects.create(scope=place, name=place.repository, path=f"/srv/{place.repository}")


@pytest.fixture
def signed_in(client: Client, repository: Repository, engineer: User) -> Client:
    client.force_login(engineer)
    return client


def page_of(client: Client) -> str:
    return client.get(reverse("generation:spec-new")).content.decode()


def test_a_repository_on_no_rung_is_greyed_out_with_the_reason(
    signed_in: Client, repository: Repository, engineer: User
) -> None:
    beside(Scope.objects.create(organisation=repository.scope.organisation, repository="billing"), engineer)
    page = page_of(signed_in)
    closed = option(page, "billing")
    assert "disabled" in closed
    assert "billing (no pilot and on no rung of the expansion ladder)" in closed
    assert "is no pilot and on no rung" in closed.partition(">")[0]
    assert "disabled" not in option(page, "shop")


def test_a_suspended_one_says_so_and_stays_chosen_in_a_draft_that_has_it(
    signed_in: Client, repository: Repository, engineer: User
) -> None:
    chair = User.objects.create(username="chair")
    RoleAssignment.objects.create(user=chair, role=Role.CHAIR.value, scope=repository.scope)
    generation_suspend(kind="repository", scope=repository.scope, actor=chair, reason="It deletes tests.")
    said = {"title": "Sums", "text": "Write `f(a: int) -> int`.", "repository": "shop"}
    page = signed_in.post(reverse("generation:spec-submit"), said).content.decode()
    assert "selected" in option(page, "shop") and "disabled" not in option(page, "shop")
    assert "shop (suspended)" in option(page, "shop")


def test_the_only_repository_is_chosen_from_the_start(signed_in: Client, repository: Repository) -> None:
    assert "selected" in option(page_of(signed_in), "shop")


def test_the_only_repository_is_not_chosen_while_it_is_closed(signed_in: Client, repository: Repository) -> None:
    repository.scope.is_pilot = False
    repository.scope.save(update_fields=["is_pilot"])
    closed = option(page_of(signed_in), "shop")
    assert "selected" not in closed and "disabled" in closed


def test_of_several_repositories_the_only_open_one_is_chosen(
    signed_in: Client, repository: Repository, engineer: User
) -> None:
    beside(Scope.objects.create(organisation=repository.scope.organisation, repository="billing"), engineer)
    assert "selected" in option(page_of(signed_in), "shop")
    beside(pilot_made(repository.scope, "search"), engineer)
    assert "selected" not in option(page_of(signed_in), "shop")


def test_many_repositories_cost_no_more_queries(signed_in: Client, repository: Repository, engineer: User) -> None:
    page_of(signed_in)
    with CaptureQueriesContext(connection) as few:
        page_of(signed_in)
    for number in range(MOST_PILOTS - 1):
        beside(pilot_made(repository.scope, f"more-{number}"), engineer)
    with CaptureQueriesContext(connection) as many:
        page_of(signed_in)
    assert len(many) == len(few)
