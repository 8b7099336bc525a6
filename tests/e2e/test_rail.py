"""Every page of the rail, with the demo's data: accessible in both themes, wide, on a phone and at 320 pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from apps.console.demo.people import demo_seed
from apps.core.navigation import rail_links
from apps.governance.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EXTRA = ("/specs/new", "/specs/new?example=function", "/spend")


@pytest.fixture
def engineer(tmp_path: Path, sign_in: Callable[[User], None]) -> User:
    demo_seed(home=tmp_path)
    person = User.objects.get(username="engineer")
    sign_in(person)
    return person


def addresses() -> list[str]:
    # The admin site is Django's own; its markup is not ours to change.
    ours = [link.url for link in rail_links("/", is_staff=False)]
    return [*ours, *EXTRA]


@pytest.mark.bar(12)
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "phone"])
def test_every_page_of_the_rail_is_accessible_in_both_themes(
    page: Page, engineer: User, both_themes: str, size: tuple[int, int], axe: Callable[[Page], None]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for address in addresses():
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        assert page.locator("h1").count() == 1, address
        axe(page)


@pytest.mark.bar(12)
def test_every_page_of_the_rail_fits_a_screen_of_320(page: Page, engineer: User, overflow: Callable[[], int]) -> None:
    for address in addresses():
        page.goto(address)
        assert overflow() == 0, address
