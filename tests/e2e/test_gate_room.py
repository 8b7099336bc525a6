"""A gate as the committee has it in the room: by keyboard in a meeting, and on one sheet of paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.governance.engine.gates import EXPANSION, SEATS
from apps.governance.models import Gate
from apps.governance.services import scope_create
from apps.governance.services.gates import Choice, gate_close, gate_minutes, gate_present
from tests.governance.committee import GOOD, Committee, acme_committee

A4 = (595, 842)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def committee(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Committee:
    made = acme_committee(monkeypatch)
    made.figures.said["quality.mutation_score"] = replace(
        GOOD, value=None, n=0, as_of=None, missing="No mutant has been tried yet, so nothing is known of it."
    )
    made.figures.said["generation.first_pass_approval"] = replace(GOOD, value=0.52, n=180)
    return made


def opened(committee: Committee) -> Gate:
    flagship = scope_create(organisation="Acme", repository="ledger", created_by=None)
    return committee.opened(
        title="Pilot (2 repositories) to wave 2",
        sample=[committee.pilot, flagship],
        flagships=[committee.pilot, flagship],
        risks="Generated tests could hide what they should find; reviewers read them first.\nPeople may read less.",
        tripwires=[{"measure": one.measure, "bound": 0.5, "trips": "above"} for one in EXPANSION.criteria[:5]],
    )


def sizes_of(pdf: bytes) -> set[tuple[int, int]]:
    """Return the widths and heights of its pages, in points."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    return {(round(float(width)), round(float(height))) for width, height in boxes}


def pages_of(pdf: bytes) -> int:
    """Return how many pages *pdf* has, by its page objects, which Chromium writes in the clear."""
    return len(re.findall(rb"/Type\s*/Page(?![a-zA-Z])", pdf))


@pytest.mark.parametrize("when", ["voting", "decided"])
def test_a_gate_with_every_criterion_and_six_seats_prints_on_one_sheet(
    when: str, committee: Committee, page: Page, sign_in: Any, tmp_path: Path
) -> None:
    gate = opened(committee)
    words = "The pilots carry it: what they measured is what we asked for, and nothing that we feared came."
    for seat in committee.people:
        gate_present(gate_id=gate.pk, actor=committee.people[seat], is_interactive=True)
    gate_minutes(
        gate_id=gate.pk,
        minutes="\n".join(f"{number}. {words}" for number in range(1, 7)),
        actor=committee.chair,
        is_interactive=True,
    )
    if when == "decided":
        for seat in ("chair", "engineering", "quality", "security"):
            committee.vote(gate, seat, rationale=words)
        committee.vote(gate, "legal", Choice.APPROVE_WITH_CONDITIONS, conditions="Names are left out of prompts.")
        committee.vote(gate, "independent", Choice.REJECT, rationale=words)
        gate_close(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    sign_in(committee.people["chair"])
    page.goto(f"/governance/gates/{gate.pk}")
    page.emulate_media(media="print")
    for criterion in EXPANSION.criteria:
        expect(page.get_by_text(criterion.title).first).to_be_visible()
    for seat in SEATS:
        expect(page.get_by_role("cell", name=seat.title).first).to_be_visible()
    expect(page.get_by_text(gate.digest).last).to_be_visible()
    expect(page.get_by_role("button", name="Refresh evidence")).to_have_count(0)
    sheet = page.pdf(path=tmp_path / "gate.pdf", prefer_css_page_size=True)
    assert pages_of(sheet) == 1
    assert sizes_of(sheet) == {A4}


def test_a_meeting_goes_by_keyboard_and_escape_leaves_it(
    committee: Committee,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
) -> None:
    gate = opened(committee)
    sign_in(committee.people["legal"])
    page.goto(f"/governance/gates/{gate.pk}")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Who is there")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_have_count(0)
    axe(page)
    page.get_by_role("button", name="I am here").click()
    expect(page.get_by_role("heading", name="Who is there")).to_be_visible()
    expect(page.get_by_text("1 of 6 seats present")).to_be_visible()
    screenshot(f"meeting-seats-{both_themes}")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Lint passes on the first run")).to_be_visible()
    axe(page)
    screenshot(f"meeting-criterion-{both_themes}")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="Who is there")).to_be_visible()
    page.get_by_role("navigation", name="Agenda").get_by_role("link", name="The vote").click()
    expect(page.get_by_text("Still to vote: Chair, Engineering, Security")).to_be_visible()
    axe(page)
    screenshot(f"meeting-vote-{both_themes}")
    assert overflow() == 0
    screenshot(f"meeting-vote-320-{both_themes}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Criteria")).to_be_visible()
    assert page.url.endswith(f"/governance/gates/{gate.pk}")


def test_criteria_are_added_taken_away_and_tried_on_the_page(
    committee: Committee,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
) -> None:
    gate = opened(committee)
    sign_in(committee.lead)
    page.goto(f"/governance/gates/{gate.pk}")
    page.get_by_text("controls that this gate speaks to").click()
    expect(page.get_by_role("cell", name="GOVERN 3.2")).to_be_visible()
    axe(page)
    screenshot(f"gate-frameworks-{both_themes}")
    page.goto("/governance/gates/definitions")
    axe(page)
    page.get_by_label("Take Mutation score away").check()
    page.get_by_label("measure").first.select_option("generation.test_pass")
    page.get_by_label("title").first.fill("Tests pass, strictly")
    page.get_by_role("group", name="Further criterion 1").get_by_label("Threshold").fill("0.995")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("would be otherwise")).to_be_visible()
    expect(page.get_by_label("Take Mutation score away")).to_be_checked()
    axe(page)
    screenshot(f"definition-tried-{both_themes}")
    page.get_by_label("Why it shall change").fill("Mutants are not tried yet.")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()
    axe(page)
    screenshot(f"definition-version-{both_themes}")
    assert overflow() == 0
    page.goto("/governance/gates/definitions")
    assert overflow() == 0
    screenshot(f"definitions-320-{both_themes}")
