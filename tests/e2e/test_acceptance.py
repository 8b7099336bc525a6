"""
The main job, through the browser: three specifications of different kinds become merged commits.

The provider is a real HTTP server that gives right, wrong, unparsable and endless candidates. What is merged is then
run on inputs that neither the provider nor any candidate saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.generation.models import CodeGenerationConsensus, CodeGenerationRequest, PullRequest
from apps.generation.services.planning import repository_files
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository
from apps.sandbox.services import Call, FunctionRun, sandbox_run
from tests.fault_server import Fault, FaultServer
from tests.git import git
from tests.shop import work_off
from tests.viewed import approval_cast, tick_all

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True)
class Kind:
    """A specification, what the provider answers, and a driver that checks the merged file on unseen inputs."""

    title: str
    text: str
    answers: tuple[str | Fault, ...]
    path: str
    driver: str
    unseen: tuple[tuple[Any, Any], ...]


def fenced(source: str) -> str:
    return f"Here it is.\n\n```python\n{source}\n```\n"


FUNCTION = Kind(
    title="Slugs for page titles",
    text=(
        "Write `def slugify(text: str) -> str` that turns a title into a slug.\n\n"
        "- Letters are lower case; words are joined by single hyphens.\n- There is no hyphen at either end.\n\n"
        ">>> slugify('Hello, World!')\n'hello-world'\n>>> slugify('  a -- b  ')\n'a-b'\n"
    ),
    answers=(
        fenced("def slugify(text: str) -> str:\n    return text.lower().replace(' ', '-')"),
        fenced(
            "import re\n\n\ndef slugify(text: str) -> str:\n    return '-'.join(re.findall('[a-z0-9]+', text.lower()))"
        ),
        fenced("def slugify(text: str) -> str:\n    slug = text.lower()\n    return slug.replace(' ', '-')"),
        fenced("def slugify(text: str) -> str:\n    while True:\n        pass"),
        "I would rather not.",
    ),
    path="shop/slugify.py",
    driver="def check(value):\n    return slugify(value)",
    unseen=(("A  B_c", "a-b-c"), ("--", ""), ("Ünder 7", "nder-7")),
)
CLASS = Kind(
    title="A counter that remembers its peak",
    text=(
        "Write a class `PeakCounter` with `add(n: int) -> None`, `value() -> int` and `peak() -> int`.\n\n"
        "- A new counter is 0 and its peak is 0.\n- The peak never falls.\n\n"
        ">>> c = PeakCounter()\n>>> c.add(5)\n>>> c.add(-3)\n>>> c.value()\n2\n>>> c.peak()\n5\n"
    ),
    answers=(
        fenced(
            "class PeakCounter:\n    def __init__(self) -> None:\n        self._value = 0\n\n"
            "    def add(self, n: int) -> None:\n        self._value += n\n\n"
            "    def value(self) -> int:\n        return self._value\n\n"
            "    def peak(self) -> int:\n        return self._value"
        ),
        fenced(
            "class PeakCounter:\n    def __init__(self) -> None:\n        self._value = 0\n        self._peak = 0\n\n"
            "    def add(self, n: int) -> None:\n        self._value += n\n"
            "        self._peak = max(self._peak, self._value)\n\n"
            "    def value(self) -> int:\n        return self._value\n\n"
            "    def peak(self) -> int:\n        return self._peak"
        ),
        fenced("class PeakCounter\n    pass"),
        Fault.failure(400),
        fenced("class Other:\n    pass"),
    ),
    path="shop/peak_counter.py",
    driver=(
        "def check(values):\n    c = PeakCounter()\n    for value in values:\n        c.add(value)\n"
        "    return [c.value(), c.peak()]"
    ),
    unseen=(([], [0, 0]), ([1, 1, 1], [3, 3]), ([-4, 2], [-2, 0])),
)
CHANGE = Kind(
    title="Amounts may have one decimal",
    text=(
        "Change `def parse_amount(text: str) -> int` so that one decimal means tenths, and anything that is not an "
        "amount raises ValueError.\n\n"
        ">>> parse_amount('1.5')\n150\n>>> parse_amount('3')\n300\n>>> parse_amount('2.05')\n205\n"
    ),
    answers=(
        fenced('def parse_amount(text: str) -> int:\n    """Return the cents."""\n    return int(float(text)) * 100'),
        fenced(
            'def parse_amount(text: str) -> int:\n    """Return the cents of a text such as 1.50."""\n'
            "    euros, _, cents = text.partition('.')\n    return int(euros) * 100 + int(cents.ljust(2, '0') or '0')"
        ),
        fenced("def parse_amount(text: str) -> int:\n    euros = int(float(text))\n    return euros * 100"),
        fenced("def parse_amount(text: str) -> int:\n    for _ in iter(int, 1):\n        pass\n    return 0"),
        "```python\ndef parse_amount(text\n```",
    ),
    path="shop/money.py",
    driver="def check(value):\n    return parse_amount(value)",
    unseen=(("0.9", 90), ("12.34", 1234), ("7", 700)),
)


@pytest.mark.parametrize("kind", [FUNCTION, CLASS, CHANGE], ids=["function", "class", "change"])
def test_a_specification_typed_into_the_browser_becomes_a_merged_commit(
    kind: Kind,
    page: Page,
    sign_in: Any,
    screenshot: Any,
    repository: Repository,
    provider: Provider,
    server: FaultServer,
    engineer: User,
    reviewer: User,
    owner: User,
    code: Path,
    tmp_path: Path,
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=5, timeout_s=5)
    server.answers(kind.answers)
    request = write_and_submit(page, sign_in, engineer, kind)
    work_off(request)

    page.goto(f"/requests/{request.pk}/review")
    expect(page.get_by_text("you cannot vote on it")).to_be_visible()
    expect(page.get_by_role("button", name="Cast verdict")).to_have_count(0)
    screenshot(f"review-{kind.path.split('/')[-1]}")

    for person_ in (reviewer, owner):
        sign_in(person_)
        page.goto(f"/requests/{request.pk}/review")
        assert "test-model" not in page.content()
        approve(page)
    work_off(request)

    page.goto(f"/requests/{request.pk}")
    for gate in ("Lint", "Types", "Security", "Tests"):
        expect(page.locator("li", has_text=gate).get_by_text("passed", exact=True)).to_be_visible()
    page.get_by_role("button", name="Merge into main").click()
    expect(page.get_by_text("by grace", exact=False)).to_be_visible()

    pull_request = PullRequest.objects.get(request=request)
    assert git(tmp_path / "remote.git", "rev-parse", "main") == pull_request.merge_sha == git(code, "rev-parse", "main")
    assert CodeGenerationConsensus.objects.get(request=request).deployed_at == pull_request.merged_at
    merged = repository_files(repository, pull_request.merge_sha)[kind.path]
    result = sandbox_run(
        FunctionRun(f"{merged}\n\n{kind.driver}\n", "check", tuple(Call((given,)) for given, _ in kind.unseen))
    )
    assert [value.ok for value in result.values] == [expected for _, expected in kind.unseen]


def write_and_submit(page: Page, sign_in: Any, person: User, kind: Kind) -> CodeGenerationRequest:
    """Type the specification, wait for its analysis, and submit it."""
    sign_in(person)
    page.goto("/specs/new")
    page.get_by_label("Title").fill(kind.title)
    page.get_by_label("Specification").press_sequentially(kind.text[:20])
    page.get_by_label("Specification").fill(kind.text)
    expect(page.locator("#analysis")).to_contain_text("clarity")
    page.get_by_role("button", name="Submit for generation").click()
    page.get_by_role("dialog").get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/requests/**")
    return CodeGenerationRequest.objects.get(pk=page.url.rsplit("/", 1)[1])


def approve(page: Page) -> None:
    tick_all(page)
    page.get_by_label("Which would you take?").select_option("Tie")
    page.get_by_label("Approve", exact=True).check()
    approval_cast(page)
    expect(page.get_by_text("Your verdict is recorded.").first).to_be_visible()
