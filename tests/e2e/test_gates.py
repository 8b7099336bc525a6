"""The committee's gate in the browser: too little data, a vote of five, a scope, its evidence, and a tripwire."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.console.flows.gates import evidence_request
from apps.core.clock import now
from apps.generation.services.tripwires import TRIPWIRES_JOB
from apps.governance.engine.attestation.verify import archive_files
from apps.governance.models import EvidencePack, Gate, Rung
from apps.governance.selectors.ladder import rungs_live
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.services import job_enqueue
from tests.governance.committee import GOOD, Committee, acme_committee

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def committee(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Committee:
    return acme_committee(monkeypatch)


def read_evidence(committee: Committee, gate: Gate) -> None:
    job_execute(evidence_request(gate_id=gate.pk, requested_by=committee.chair).pk)


def take_the_evidence(page: Page, folder: Path) -> None:
    """Take the evidence of the gate on the page away and verify it in a process that knows nothing of the platform."""
    page.get_by_role("button", name="Evidence pack").click()
    expect(page.get_by_role("heading", name="Evidence pack")).to_be_visible()
    pack = EvidencePack.objects.get()
    job_execute(Job.objects.get(subject_id=pack.pk).pk)
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the pack").click()
    archive, verifier = folder / "pack.zip", folder / "verify.py"
    download.value.save_as(archive)
    pack.refresh_from_db()
    content = archive.read_bytes()
    files = archive_files(content)
    verifier.write_bytes(files["verify.py"])
    assert files["certificate.pdf"].startswith(b"%PDF")
    command = [sys.executable, "-I", "-S", str(verifier), str(archive), "--key", pack.key.fingerprint]
    assert subprocess.run(command, check=False).returncode == 0
    archive.write_bytes(content.replace(b"Secrets are scanned nightly.", b"Secrets are scanned rarely. ", 1))
    assert subprocess.run(command, check=False).returncode == 1


def cast(page: Page, gate: Gate, ballot: str, *, conditions: str = "") -> None:
    """Sign *ballot* on the page of the gate, as whoever is signed in."""
    page.goto(f"/governance/gates/{gate.pk}")
    expect(page.get_by_text("I have looked at the evidence")).to_be_visible()
    page.get_by_label(ballot, exact=True).check()
    if conditions:
        page.get_by_role("textbox", name="Conditions").fill(conditions)
    page.get_by_label("Why", exact=True).first.fill("The pilots carry it.")
    page.get_by_role("button", name="Sign this ballot").click()
    expect(page.get_by_text("Only you read this until the vote closes.")).to_be_visible()


@pytest.mark.bar(7)
@pytest.mark.bar(14)
def test_a_committee_of_five_opens_a_scope_on_evidence(
    committee: Committee,
    page: Page,
    sign_in: Any,
    axe: Any,
    both_themes: str,
    screenshot: Callable[[str], None],
    overflow: Callable[[], int],
    tmp_path: Path,
) -> None:
    committee.figures.said["quality.flake_rate"] = replace(GOOD, value=0.0, n=200)
    committee.figures.said["generation.approval_rate"] = replace(GOOD, value=0.96, n=75)
    committee.figures.said["quality.mutation_score"] = replace(
        GOOD, value=None, n=0, as_of=None, missing="No mutant has been tried yet."
    )
    sign_in(committee.requester)
    page.goto("/governance/gates/new")
    axe(page)
    page.get_by_role("link", name="Ask for this").click()
    page.get_by_label("Title").fill("Pilot to wave 2")
    page.get_by_role("group", name="Repositories to open").get_by_label("Acme/billing").check()
    page.get_by_role("group", name="Repositories whose records").get_by_label("Acme/shop").check()
    page.get_by_role("group", name="Flagships").get_by_label("Acme/shop").check()
    axe(page)
    screenshot(f"gate-new-{both_themes}")
    page.get_by_role("button", name="Ask the committee").click()
    expect(page.get_by_text("No evidence was read yet")).to_be_visible()
    gate = Gate.objects.get()
    read_evidence(committee, gate)
    sign_in(committee.chair)
    page.goto(f"/governance/gates/{gate.pk}")
    expect(page.get_by_text("Another 181 clean reruns")).to_be_visible()
    expect(page.get_by_role("button", name="Open the vote")).to_have_count(0)
    for seat in ("chair", "engineering", "security", "quality", "independent"):
        label = {"security": "Security (veto)", "independent": "Independent member"}.get(seat, seat.capitalize())
        page.get_by_label(f"{label} optional", exact=True).fill(seat)
    page.get_by_role("button", name="Seat them").click()
    axe(page)
    screenshot(f"gate-draft-{both_themes}")

    committee.figures.said["quality.flake_rate"] = replace(GOOD, value=0.0, n=420)
    committee.figures.said["generation.approval_rate"] = replace(GOOD, value=0.96, n=175)
    read_evidence(committee, gate)
    page.reload()
    page.get_by_role("button", name="Open the vote").click()
    expect(page.get_by_text("I have looked at the evidence")).to_be_visible()
    axe(page)
    cast(page, gate, "Approve")
    sign_in(committee.people["independent"])
    cast(page, gate, "Step aside")
    sign_in(committee.people["security"])
    cast(page, gate, "Approve with conditions", conditions="Secrets are scanned nightly.")
    for seat in ("engineering", "quality"):
        sign_in(committee.people[seat])
        cast(page, gate, "Approve")
    sign_in(committee.chair)
    page.goto(f"/governance/gates/{gate.pk}?row=flakes#row-8")
    expect(page.get_by_text("What flake rate means.")).to_be_visible()
    axe(page)
    screenshot(f"gate-voting-{both_themes}")
    page.get_by_role("button", name="Close the vote").click()
    expect(page.get_by_text("Secrets are scanned nightly.")).to_be_visible()
    axe(page)
    screenshot(f"gate-approved-{both_themes}")
    rung = Rung.objects.get()
    assert rung.gate_id == gate.pk

    take_the_evidence(page, tmp_path)

    committee.figures.said["generation.rework_rate"] = replace(GOOD, value=0.44, n=250)
    page.goto("/governance/ladder")
    expect(page.get_by_text("Pilot to wave 2").first).to_be_visible()
    job_execute(job_enqueue(kind=TRIPWIRES_JOB, subject_kind="rung", subject_id=rung.pk, requested_by=None).pk)
    assert rungs_live(now()).filter(pk=rung.pk).count() == 0
    page.reload()
    expect(page.get_by_text("Pilot to wave 2").first).to_be_visible()
    expect(page.get_by_text("suspended").first).to_be_visible()
    axe(page)
    screenshot(f"ladder-suspended-{both_themes}")
    page.goto(f"/governance/gates/{gate.pk}")
    page.set_viewport_size({"width": 390, "height": 844})
    assert overflow() == 0
    screenshot(f"gate-approved-390-{both_themes}")
    page.set_viewport_size({"width": 320, "height": 800})
    assert overflow() == 0
