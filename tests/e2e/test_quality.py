"""The quality pages in a browser, with the demo repository's own figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.console.demo.repository import demo_repository_make
from apps.governance.models import RoleAssignment, User
from apps.governance.services import scope_create
from apps.quality import services
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history
from apps.repositories.services import revision_record
from tests.e2e.conftest import WIDE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABS = ("coverage", "debt", "reviews", "tests", "proposals")


@pytest.fixture
def repository(tmp_path: Path, transactional_db: None) -> Repository:
    scope = scope_create(organisation="Parcels", repository="parcels", created_by=None)
    path = str(demo_repository_make(tmp_path))
    return Repository.objects.create(scope=scope, name="parcels", path=path, remote="origin")


@pytest.fixture
def engineer(repository: Repository) -> User:
    user = User.objects.create_user("eli", password="correct horse battery")
    RoleAssignment.objects.create(user=user, scope=repository.scope, role=RoleAssignment.Role.ENGINEER)
    return user


@pytest.fixture
def measured(repository: Repository, engineer: User) -> Repository:
    """Really measure the two newest commits of the demo repository, and one of its files."""
    for commit in reversed(history(repository, head_sha(repository), limit=2)):
        services.coverage_analyse(revision=revision_record(repository=repository, sha=commit.sha))
    services.debt_assess(revision=revision_record(repository=repository, sha=head_sha(repository)))
    code = services.code_load(repository=repository, path="parcels/rates.py")
    services.review_create(code=code, requested_by=engineer)
    services.test_suite_generate(code=code, requested_by=engineer)
    services.optimise_suggest(
        code=services.code_load(repository=repository, path="tests/test_money.py"), requested_by=engineer
    )
    return repository


def test_what_was_measured_is_drawn_accessible_and_fits_a_narrow_window(
    page: Page,
    sign_in: Callable[[User], None],
    engineer: User,
    measured: Repository,
    axe: Callable[[Page], None],
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
) -> None:
    sign_in(engineer)
    page.set_default_timeout(30_000)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for tab in TABS:
            page.goto(f"/repos/parcels/quality/{tab}")
            if tab in ("coverage", "debt"):
                expect(page.locator("[data-chart][data-mounted]")).to_have_count(1)
            axe(page)
            screenshot(f"quality-{tab}-{theme}")
        for tab in ("reviews", "tests", "proposals"):
            page.goto(f"/repos/parcels/quality/{tab}")
            page.locator("main tbody a").first.click()
            page.wait_for_url(f"**/quality/{tab}/*-*")
            axe(page)
            screenshot(f"quality-{tab}-detail-{theme}")
        assert overflow() <= 0
        page.set_viewport_size(WIDE)
    for tab in TABS:
        page.goto(f"/repos/parcels/quality/{tab}")
        assert overflow() <= 0, tab


def test_empty_pages_are_accessible_and_fit_a_narrow_window(
    page: Page,
    sign_in: Callable[[User], None],
    engineer: User,
    axe: Callable[[Page], None],
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
) -> None:
    sign_in(engineer)
    for tab in TABS:
        page.goto(f"/repos/parcels/quality/{tab}")
        axe(page)
        screenshot(f"quality-{tab}-empty")
    assert overflow() <= 0
