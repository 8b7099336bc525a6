"""Architecture, docs and knowledge in a browser, with the demo's own code and with a repository full of cycles."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.console.demo.repository import demo_repository_make
from apps.governance.models import RoleAssignment, User
from apps.governance.services import scope_create
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.repositories.models import Repository
from tests.asked import jobs_asked

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Role = RoleAssignment.Role
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@localhost")


@pytest.fixture
def tangled(tmp_path: Path) -> Path:
    """Ninety modules in nine packages: most import downwards, two pairs of packages import each other."""
    path = tmp_path / "tangle"
    for package in range(9):
        folder = path / "tangle" / f"part_{package}"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        for number in range(9):
            below = f"import tangle.part_{package - 1}.step_{number}\n" if package else ""
            beside = f"import tangle.part_{package}.step_{number - 1}\n" if number else ""
            (folder / f"step_{number}.py").write_text(
                f'{below}{beside}\n\ndef step(value: int) -> int:\n    """Do."""\n'
            )
    (path / "tangle" / "__init__.py").write_text("")
    for low, high in ((1, 2), (5, 6)):
        place = path / "tangle" / f"part_{low}" / "step_0.py"
        place.write_text(f"import tangle.part_{high}.step_0\n{place.read_text()}")
    for arguments in (["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *IDENTITY, *arguments], cwd=path, check=True)
    return path


@pytest.fixture
def architect(tmp_path: Path, tangled: Path, transactional_db: None, sign_in: Callable[[User], None]) -> User:
    user = User.objects.create_user("ada", password="correct horse battery")
    for name, path in (("parcels", demo_repository_make(tmp_path)), ("tangle", tangled)):
        scope = scope_create(organisation="Parcels", repository=name, created_by=None)
        Repository.objects.create(scope=scope, name=name, path=str(path))
        RoleAssignment.objects.create(user=user, scope=scope, role=Role.ARCHITECT)
    sign_in(user)
    return user


@pytest.fixture
def looked_at(
    page: Page, axe: Callable[[Page], None], overflow: Callable[[], int], screenshot: Callable[[str], None]
) -> Callable[[str, str], None]:
    """Look at an address in both themes, wide and on a phone, with axe; and at 320 pixels for what sticks out."""

    def look(address: str, name: str) -> None:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            for size, width in (("wide", 1440), ("phone", 390)):
                page.set_viewport_size({"width": width, "height": 1400})
                page.goto(address)
                axe(page)
                screenshot(f"{name}-{size}-{theme}")
        assert overflow() <= 0, address
        page.set_viewport_size({"width": 1440, "height": 900})

    return look


def work_off_live(page: Page) -> None:
    """See that the page follows its queued job, and do the job in this process; the page must not need a reload."""
    expect(page.get_by_text("queued").first).to_be_visible()
    expect(page.locator(".live[data-connection='live']")).to_be_visible()
    page.evaluate("window.neverReloaded = true")
    job = jobs_asked().get(state=Job.State.QUEUED)
    job_execute(job.pk)


@pytest.mark.bar(12)
def test_an_architecture_is_analysed_planned_and_rehearsed(
    page: Page, architect: User, looked_at: Callable[[str, str], None], tangled: Path
) -> None:
    page.set_default_timeout(30_000)
    looked_at("/architecture", "architecture-empty")
    page.goto("/architecture")
    page.get_by_role("button", name="Analyse main").click()
    looked_at("/architecture", "architecture-queued")
    work_off_live(page)
    # The first drawing of a process may have to compile its program.
    expect(page.get_by_role("img", name="one import cycle")).to_be_visible(timeout=30_000)
    assert page.evaluate("window.neverReloaded") is True
    looked_at("/architecture", "architecture-demo")
    page.goto("/architecture?repository=tangle")
    page.get_by_role("button", name="Analyse main").click()
    work_off_live(page)
    expect(page.get_by_role("img", name="2 import cycles")).to_be_visible()
    page.get_by_role("button", name="Suggest a plan").click()
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_role("main").get_by_text("still there")).to_have_count(2)
    expect(page.get_by_text("2 cycles now, 0 without these imports")).to_be_visible()
    looked_at("/architecture?repository=tangle", "architecture-tangle")
    (tangled / "tangle/part_0/step_0.py").write_text("def (\n")
    subprocess.run(["git", *IDENTITY, "commit", "-qam", "Break"], cwd=tangled, check=True)
    page.get_by_role("button", name="Analyse main").click()
    work_off_live(page)
    expect(page.get_by_role("heading", name="does not parse")).to_be_visible()
    looked_at("/architecture?repository=tangle", "architecture-failed")


@pytest.mark.bar(12)
def test_a_docs_page_is_written_checked_and_read(
    page: Page, architect: User, looked_at: Callable[[str, str], None], tangled: Path
) -> None:
    page.set_default_timeout(30_000)
    looked_at("/docs", "docs-empty")
    page.goto("/docs")
    page.get_by_role("button", name="Write its API page").click()
    looked_at("/docs", "docs-queued")
    work_off_live(page)
    page.get_by_role("link", name="parcels").click()
    expect(page.get_by_role("heading", name="API of parcels")).to_be_visible()
    looked_at(page.url, "docs-new")
    page.get_by_role("button", name="Check", exact=True).click()
    work_off_live(page)
    expect(page.get_by_text("hold, 0 changed, 0 gone")).to_be_visible()
    assert page.evaluate("window.neverReloaded") is True
    looked_at(page.url, "docs-page")
    subprocess.run(["git", *IDENTITY, "rm", "-rq", "--cached", "."], cwd=tangled, check=True)
    subprocess.run(["git", *IDENTITY, "commit", "-qm", "Empty"], cwd=tangled, check=True)
    page.goto("/docs")
    page.get_by_label("Repository").select_option("tangle")
    page.get_by_role("button", name="Write its API page").click()
    work_off_live(page)
    expect(page.get_by_role("heading", name="has no public Python function")).to_be_visible()
    looked_at("/docs", "docs-list")


def test_the_patterns_are_searched_and_read(page: Page, architect: User, looked_at: Callable[[str, str], None]) -> None:
    looked_at("/knowledge", "knowledge")
    page.goto("/knowledge")
    page.get_by_role("searchbox", name="Search the patterns").fill("batch")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("link", name="chunked batching").click()
    expect(page.get_by_role("heading", name="Chunked batching")).to_be_visible()
    looked_at(page.url, "knowledge-pattern")
    page.get_by_role("textbox", name="chunked").fill("pieces")
    page.get_by_role("button", name="Show the code with these").click()
    expect(page.get_by_role("group", name="chunked")).to_contain_text("def pieces(")
    page.get_by_role("textbox", name="items").fill("class")
    page.get_by_role("button", name="Show the code with these").click()
    expect(page.get_by_text("'class' cannot be a name in Python.")).to_be_visible()
    looked_at(page.url, "knowledge-refused")
    looked_at("/knowledge?q=xyzzyplugh", "knowledge-none")
    page.goto("/knowledge")
    page.get_by_role("link", name="Anti-patterns").click()
    looked_at(page.url, "knowledge-antipatterns")
    page.goto("/knowledge/antipatterns")
    page.get_by_role("link", name="everything caught").click()
    expect(page.get_by_text("Line 3, column 1")).to_be_visible()
    looked_at(page.url, "knowledge-antipattern")


def test_code_is_indexed_again_while_the_page_watches(
    page: Page, architect: User, looked_at: Callable[[str, str], None]
) -> None:
    page.set_default_timeout(30_000)
    looked_at("/knowledge/code?repository=parcels", "code-index-empty")
    page.goto("/knowledge/code?repository=parcels")
    page.get_by_role("button", name="Index again").click()
    work_off_live(page)
    expect(page.get_by_role("columnheader", name="Functions, classes, methods")).to_be_visible(timeout=30_000)
    assert page.evaluate("window.neverReloaded") is True
    looked_at("/knowledge/code?repository=parcels", "code-index")
