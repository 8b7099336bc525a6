"""The tab of tests and flakes, a test's page and the clock of documentation in a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from apps.console.demo.repository import demo_repository_make
from apps.core.clock import now
from apps.docs.models import DocumentationRelease
from apps.docs.services import documentation_generate
from apps.governance.models import RoleAssignment, User
from apps.governance.services import scope_create
from apps.quality.engine.reports import CaseOutcome, ReportedCase
from apps.quality.models import SuiteRun
from apps.quality.services.suite_runs import suite_run_record
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LETTERS = {"p": CaseOutcome.PASSED, "f": CaseOutcome.FAILED, "s": CaseOutcome.SKIPPED}
NAMES = ("test_routes::test_shortest", "test_money::test_rounding", "test_labels::test_prints", "test_rates::test_zone")


@pytest.fixture
def repository(tmp_path: Path, transactional_db: None) -> Repository:
    scope = scope_create(organisation="Parcels", repository="parcels", created_by=None)
    path = str(demo_repository_make(tmp_path))
    return Repository.objects.create(scope=scope, name="parcels", path=path, remote="origin")


@pytest.fixture
def revision(repository: Repository) -> Revision:
    return revision_record(repository=repository, sha=head_sha(repository))


@pytest.fixture
def lead(repository: Repository) -> User:
    user = User.objects.create_user("lena", first_name="Lena", last_name="Lorenz", password="correct horse battery")
    RoleAssignment.objects.create(user=user, scope=repository.scope, role=RoleAssignment.Role.QUALITY_LEAD)
    return user


def run_of(revision: Revision, outcomes: str, *, broken_by: str = "") -> None:
    cases = [
        ReportedCase(f"tests/{name}", LETTERS[one], 1.4 if name.endswith("prints") else 0.02)
        for name, one in zip(NAMES, outcomes, strict=True)
    ]
    suite_run_record(
        revision=revision,
        environment="linux-py3.12",
        source=SuiteRun.Source.SANDBOX,
        digest=str(uuid4()),
        cases=cases,
        broken_by=broken_by,
    )


def test_flakes_are_shown_put_into_care_and_accessible_in_both_themes(
    page: Page,
    sign_in: Callable[[User], None],
    lead: User,
    revision: Revision,
    axe: Callable[[Page], None],
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
    both_themes: str,
) -> None:
    sign_in(lead)
    page.set_default_timeout(30_000)
    page.goto("/repos/parcels/quality/flakes")
    axe(page)
    screenshot(f"flakes-empty-{both_themes}")
    for outcomes in ("pfpp", "ffpp", "pfps"):
        run_of(revision, outcomes)
    run_of(revision, "ffff", broken_by="The runner lost its network in the middle of the run.")
    page.reload()
    axe(page)
    screenshot(f"flakes-{both_themes}")
    page.get_by_role("link", name="test_routes").click()
    page.get_by_label("Owner").select_option(label="Lena Lorenz")
    page.get_by_label("Reason").fill("Routes of the same length come in any order.")
    screenshot(f"flakes-test-{both_themes}")
    page.get_by_role("button", name="Quarantine").click()
    expect(page.get_by_text("In the care of Lena Lorenz")).to_be_visible()
    axe(page)
    screenshot(f"flakes-quarantined-{both_themes}")
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(f"flakes-quarantined-narrow-{both_themes}")
    assert overflow() <= 0
    page.goto("/repos/parcels/quality/flakes")
    page.set_viewport_size({"width": 390, "height": 844})
    screenshot(f"flakes-narrow-{both_themes}")
    assert overflow() <= 0


def test_the_clock_of_documentation_is_accessible_and_fits_a_narrow_window(
    page: Page,
    sign_in: Callable[[User], None],
    lead: User,
    revision: Revision,
    axe: Callable[[Page], None],
    overflow: Callable[[], int],
    screenshot: Callable[[str], None],
) -> None:
    written = documentation_generate(revision=revision, actor=lead)
    DocumentationRelease.objects.create(
        repository=revision.repository, name="2026.11", tagged_at=now() + timedelta(seconds=1)
    )
    sign_in(lead)
    page.set_default_timeout(30_000)
    for name, path in (("list", "/docs"), ("page", f"/docs/{written.pk}")):
        page.goto(path)
        expect(page.get_by_text("in sync 0 d").first).to_be_visible()
        axe(page)
        screenshot(f"clock-{name}")
        page.set_viewport_size({"width": 390, "height": 844})
        screenshot(f"clock-{name}-narrow")
        assert overflow() <= 0
        page.set_viewport_size({"width": 1440, "height": 900})
