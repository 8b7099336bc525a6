"""What other tables hold of an erased person: their own texts and news go, what was decided stays under a number."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.generation.models import (
    DirectArtifact,
    DraftAttachment,
    DraftVersion,
    GeneratedCodeArtifact,
    SpecificationDraft,
    SpecificationReading,
)
from apps.governance.models import Absence, Ballot, IdempotencyKey, User
from apps.governance.selectors.records import erasure_plan
from apps.governance.services import audit_verify, erasure_ask, erasure_confirm
from apps.governance.services.gates import Choice, gate_close
from apps.governance.types import Role
from apps.jobs.models import Notification, NotificationChoice, NotificationMute, WebhookEndpoint
from apps.jobs.types import switched_off_by
from apps.quality.models import MeasuredCode
from tests.governance.test_erasure import AT_THE_PAGE, admin, chair, erased, folder, olga, places_with_a_name

__all__ = ["admin", "chair", "erased", "folder", "olga"]

SUBJECT = UUID("0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11")
TEXT = "def olga(): return 'Ortega'"


@pytest.fixture
def traces(olga, scope):
    """A row of everything that a person leaves besides decisions."""
    for title in ("olga's first", "olga's second"):
        Notification.objects.create(recipient=olga, kind="turn", subject_kind="k", subject_id=title, title=title)
    NotificationChoice.objects.create(user=olga, kind="turn", mail="never")
    NotificationMute.objects.create(user=olga, subject_kind="k", subject_id="1", title="ortega")
    off = {"is_enabled": False, "disabled_at": now(), "disabled_reason": switched_off_by("olga")}
    WebhookEndpoint.objects.create(scope=scope, name="ci", url="https://x.example", **off)
    draft = SpecificationDraft.objects.create(author=olga, title="olga", text=TEXT)
    DraftAttachment.objects.create(draft=draft, number=1, name="a.csv", text=TEXT, size=1, digest="d" * 64)
    DraftVersion.objects.create(
        draft=draft, number=1, written_by=olga, title="olga", text=TEXT, reason="cut", written_at=now()
    )
    SpecificationReading.objects.create(author=olga, draft=draft, text=TEXT)
    artifact = GeneratedCodeArtifact.objects.create(model_id="m", code_type="test", generated_code=TEXT)
    DirectArtifact.objects.create(
        artifact=artifact, kind="tests", title="olga", submitted_by=olga, source=TEXT, evidence={"module": TEXT}
    )
    MeasuredCode.objects.create(submitted_by=olga, path="ortega.py", text=TEXT, digest="0" * 64)
    Absence.objects.create(user=olga, starts_on="2030-01-01", ends_on="2030-01-02")
    IdempotencyKey.objects.create(user=olga, path="/", key="olga", body_digest="d", response={"body": "ortega"})
    return olga


def ballot_of(voter: User, scope) -> Ballot:
    ballot = Ballot.objects.create(
        subject_kind="k", subject_id=SUBJECT, subject_digest="d", scope=scope, voter=voter, verdict="approve"
    )
    ballot.refresh_from_db()
    return ballot


@pytest.mark.django_db
def test_what_was_theirs_alone_goes_everywhere(traces, erased, person, scope):
    other = person("grace")
    SpecificationDraft.objects.create(author=other, title="T", text="hers")
    Notification.objects.create(recipient=other, kind="turn", subject_kind="k", subject_id="1", title="hers")
    planned = dict(erasure_plan(traces).changes)
    assert planned["What they were told"] == 2
    assert planned["Specifications that they never sent"] == 1
    erasure = erased()
    assert set(places_with_a_name()) <= {"governance_auditevent"}
    assert WebhookEndpoint.objects.get().disabled_reason == "By somebody who was erased."
    assert list(SpecificationDraft.objects.values_list("text", flat=True)) == ["hers"]
    assert Notification.objects.get().recipient == other
    assert DirectArtifact.objects.get().source.startswith("sha256:")
    assert erasure.counts["notifications"] == 2
    gone = {"drafts": 1, "attachments": 1, "draft_versions": 1, "direct": 1, "texts": 1, "absences": 1}
    assert gone.items() <= erasure.counts.items()


@pytest.mark.django_db
def test_a_ballot_forgets_the_single_sign_on_and_keeps_everything_else(olga, erased, scope, person):
    second = person("o-second", person_key="sso|olga")
    ballot = ballot_of(olga, scope)
    assert ballot.person == "person sso|olga"
    erasure = erased()
    after = Ballot.objects.get()
    assert after.person == f"person erased-{min(olga.pk, second.pk)}"
    assert erasure.counts["ballots"] == 1
    unchanged = {field.attname for field in Ballot._meta.fields} - {"person"}
    assert {name: getattr(after, name) for name in unchanged} == {name: getattr(ballot, name) for name in unchanged}
    assert places_with_a_name() == []


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["person = 'person another'", "person = ''", "verdict = 'block'"])
def test_the_database_lets_no_ballot_forget_before_two_people_signed(olga, admin, scope, change):
    ballot_of(olga, scope)
    erasure_ask(person=olga, actor=admin, **AT_THE_PAGE)
    User.objects.filter(pk=olga.pk).update(is_active=False, username="erased-1")
    for statement in (f"SET {change}", "SET person = governance_person(voter_id)"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE governance_ballot {statement}")


@pytest.mark.django_db
def test_an_erasure_lets_no_other_persons_ballot_change(olga, erased, scope, person):
    grace = person("grace", Role.REVIEWER, person_key="sso|grace")
    ballot_of(grace, scope)
    erased()
    User.objects.filter(pk=grace.pk).update(is_active=False)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Ballot.objects.update(person="person erased-1")


@pytest.mark.django_db
def test_what_a_committee_froze_and_decided_names_nobody_and_its_digests_hold(committee, admin, chair, monkeypatch):
    olga = committee.people["quality"]
    User.objects.filter(pk=olga.pk).update(username="olga", first_name="Olga", last_name="Ortega")
    wrote = {olga.pk: 9, committee.requester.pk: 1}
    monkeypatch.setattr("apps.governance.authorship._authors", [lambda scopes, window: wrote])
    gate = committee.opened()
    for seat in ("chair", "engineering", "security", "legal"):
        committee.vote(gate, seat)
    committee.vote(gate, "independent", Choice.APPROVE_WITH_CONDITIONS, conditions="Nightly.")
    committee.vote(gate, "quality", Choice.REJECT, rationale="Too early.")
    client = Client()
    client.force_login(committee.chair)

    def page() -> str:
        return client.get(f"/governance/gates/{gate.pk}").content.decode()

    assert "Olga Ortega wrote 90% of the sample" in page()
    decision = gate_close(gate_id=gate.pk, actor=committee.chair, is_interactive=True)
    assert "Olga Ortega objected: Too early." in page() and "[account" not in page()
    asked = erasure_ask(person=User.objects.get(pk=olga.pk), actor=admin, **AT_THE_PAGE)
    erasure_confirm(erasure_id=asked.pk, actor=chair, is_interactive=True)
    assert places_with_a_name() == []
    assert f"erased-{olga.pk} objected: Too early." in page()
    for kept, digest in ((decision.content, decision.content_digest), (decision.freeze.content, gate.digest)):
        assert sha256_hex(canonical_json(kept)) == digest
    assert audit_verify().ok


@pytest.mark.django_db
def test_after_an_erasure_no_second_vote_is_to_be_had(olga, admin, chair, scope, person):
    second = person("o-second", person_key="sso|olga")
    ballot_of(olga, scope)
    asked = erasure_ask(person=olga, actor=admin, **AT_THE_PAGE)
    erasure_confirm(erasure_id=asked.pk, actor=chair, is_interactive=True)
    User.objects.filter(pk=second.pk).update(is_active=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        ballot_of(User.objects.get(pk=second.pk), scope)
