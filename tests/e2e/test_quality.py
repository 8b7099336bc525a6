"""The quality pages in a browser, with the demo repository's own figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.console.demo.repository import demo_repository_make
from apps.governance.models import RoleAssignment, User
from apps.governance.services import scope_create
from apps.jobs.runner import job_execute
from apps.quality import services
from apps.quality.types import Code
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history
from apps.repositories.services import revision_record
from tests.asked import jobs_asked
from tests.e2e.conftest import WIDE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABS = ("coverage", "debt", "reviews", "tests", "proposals")
TEXT = "import os\n\n\ndef double(number: int) -> int:\n    return number * 2\n"


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


@pytest.mark.bar(12)
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
    page.reload()
    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)


def test_texts_without_a_repository_are_accessible_empty_full_and_refused(
    page: Page,
    sign_in: Callable[[User], None],
    engineer: User,
    axe: Callable[[Page], None],
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
    both_themes: str,
) -> None:
    sign_in(engineer)
    page.set_default_timeout(30_000)
    for tab in ("reviews", "tests", "proposals"):
        page.goto(f"/quality/texts/{tab}")
        axe(page)
    code = Code(TEXT, "double.py")
    services.review_create(code=code, requested_by=engineer)
    services.test_suite_generate(code=code, requested_by=engineer)
    services.optimise_suggest(code=code, requested_by=engineer)
    for tab in ("reviews", "tests", "proposals"):
        page.set_viewport_size(WIDE)
        page.goto(f"/quality/texts/{tab}")
        axe(page)
        page.locator("main tbody a").first.click()
        page.wait_for_url(f"**/texts/{tab}/*-*")
        axe(page)
        screenshot(f"quality-texts-{tab}-{both_themes}")
        assert overflow() <= 0, tab
    page.goto("/quality/texts")
    page.get_by_label("Python code").fill("Dear all, this is no Python.")
    page.get_by_role("button", name="Review it").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not Python.")
    expect(page.get_by_label("Python code")).to_have_value("Dear all, this is no Python.")
    axe(page)
    assert overflow() <= 0


def test_a_text_is_sent_without_scripts(browser: Browser, live_url: str, engineer: User) -> None:
    context = browser.new_context(base_url=live_url, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto("/sign-in")
    page.get_by_label("Username").fill("eli")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_label("Password").press("Enter")
    page.goto("/quality/texts/proposals")
    page.get_by_label("Python code").fill(TEXT)
    page.get_by_role("button", name="Propose safe fixes").click()
    expect(page.get_by_text("queued")).to_be_visible()
    job_execute(jobs_asked().get().pk)
    page.reload()
    page.get_by_role("link", name="subject.py").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Safe fixes for subject.py")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download patch").click()
    assert download.value.suggested_filename.startswith("subject-")
    context.close()
