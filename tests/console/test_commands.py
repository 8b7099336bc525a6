"""The command box: everything a person may reach by name, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.console.activity import activity
from apps.console.commands import commands_find
from apps.console.first_steps import first_steps
from apps.generation.models import CodeGenerationRequest
from apps.governance.models import ApprovalPolicyVersion, AuditEvent, Organisation, RoleAssignment, Scope, User
from apps.governance.services import audit_record
from apps.governance.types import Role
from apps.jobs.models import NotificationMute
from tests.generation.test_pipeline import CLAMP
from tests.policies import budget_ruled
from tests.shop import code, engineer, home, owner, person, repository, reviewer, scope, submit

__all__ = ["code", "engineer", "home", "owner", "person", "repository", "reviewer", "scope", "submit"]

pytestmark = pytest.mark.django_db(transaction=True)
Submit = Callable[..., CodeGenerationRequest]


def labels(user: User, text: str) -> set[tuple[str, str]]:
    return {(command.sort, command.label) for command in commands_find(user, text)}


@pytest.fixture
def stranger(scope: Scope) -> User:
    elsewhere = Scope.objects.create(organisation=Organisation.objects.create(name="Other"), repository="far")
    user = User.objects.create_user("sam", password="correct horse battery")
    RoleAssignment.objects.create(user=user, scope=elsewhere, role="engineer")
    return user


def test_pages_actions_and_settings_are_there_before_anything_is_typed(engineer: User, scope: Scope) -> None:
    found = labels(engineer, "")
    for entry in (("Action", "New spec"), ("Page", "Inbox"), ("Page", "Status"), ("Settings", "Notifications")):
        assert entry in found
    assert not {label for _, label in found} & {"Admin", "Webhooks", "Providers"}


def test_what_has_a_name_is_found_by_those_who_may_read_it_alone(
    submit: Submit, engineer: User, owner: User, person: Callable[..., User], stranger: User, scope: Scope
) -> None:
    submit(CLAMP, title="Clamp the Price")
    admin = person("adam", Role.ADMIN)
    ApprovalPolicyVersion.objects.create(
        scope=scope,
        risk_tier="low",
        number=1,
        content={"needed": 1, "seats": [{}]},
        content_digest="d",
        needed=1,
        reason="r",
        proposed_by=admin,
    )
    assert ("Request", "Clamp the Price") in labels(engineer, "the pri")
    assert ("Repository", "shop") in labels(owner, "SHO")
    assert ("Approval policy", "Version 1 for low risk in Acme/shop") in labels(admin, "low risk")
    assert ("Pattern", "clamp") in labels(engineer, "clamp")
    theirs = labels(stranger, "the pri") | labels(stranger, "sho") | labels(stranger, "low r")
    assert not {sort for sort, _ in theirs} & {"Request", "Repository", "Approval policy"}


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "x" * 5_000, "\x00", "<script>"])
def test_no_text_breaks_it(client: Client, engineer: User, repository: Any, text: str) -> None:
    client.force_login(engineer)
    answer = client.get(reverse("console:commands"), {"q": text}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    page = client.get(reverse("console:commands"), {"q": text})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_it_works_as_a_page_and_asks_who_is_there(client: Client, engineer: User, repository: Any) -> None:
    assert client.get(reverse("console:commands")).status_code == 302
    client.force_login(engineer)
    assert "shop" in client.get(reverse("console:commands"), {"q": "shop"}).content.decode()


class TestHome:
    def page(self, client: Client, user: User, **query: str) -> str:
        client.force_login(user)
        return client.get(reverse("console:home"), query).content.decode()

    def test_the_first_steps_are_put_away_by_one_person_and_brought_back(
        self, client: Client, engineer: User, owner: User, repository: Any
    ) -> None:
        assert "Assess its debt" in self.page(client, engineer)
        client.post(reverse("console:steps-hide"))
        assert "Assess its debt" not in self.page(client, engineer)
        assert "Assess its debt" in self.page(client, owner)
        client.force_login(engineer)
        client.post(reverse("jobs:mute-remove", args=[NotificationMute.objects.get().pk]))
        assert "Assess its debt" in self.page(client, engineer)

    def test_three_reviewers_are_wanted_and_counted(
        self, client: Client, engineer: User, owner: User, reviewer: User, person: Callable[..., User]
    ) -> None:
        def is_done() -> bool:
            return next(step.is_done for step in first_steps(engineer) if step.label == "Name three reviewers")

        assert not is_done()
        person("third", Role.REVIEWER)
        assert is_done()

    def test_activity_is_what_one_may_read_and_is_filtered(
        self, client: Client, submit: Submit, engineer: User, owner: User, person: Callable[..., User]
    ) -> None:
        submit(CLAMP, title="Clamp the Price")
        lead = person("quinn", Role.QUALITY_LEAD)
        assert "submitted <a href" in self.page(client, lead)
        assert "submitted <a href" in self.page(client, lead, activity="requests")
        assert "submitted <a href" not in self.page(client, lead, activity="rules")
        assert "submitted <a href" not in self.page(client, owner)
        assert "submitted <a href" in self.page(client, lead, activity="nonsense")

    def test_activity_tells_nobody_what_others_were_refused_or_that_they_signed_in(
        self, person: Callable[..., User], scope: Scope
    ) -> None:
        lead, other = person("quinn", Role.QUALITY_LEAD), person("olu", Role.QUALITY_LEAD)
        for actor in (lead, other):
            for action, outcome in (("policy.propose", "denied"), ("sign_in.done", "done"), ("docs.generate", "done")):
                audit_record(
                    action=action,
                    object_kind="x",
                    object_id="1",
                    actor=actor,
                    scope=scope,
                    outcome=AuditEvent.Outcome(outcome),
                )
        told = [(one.sentence, one.outcome) for one in activity(lead, show="all")]
        assert told == [
            ("olu generated documentation of shop", "done"),
            ("quinn generated documentation of shop", "done"),
            ("quinn tried to propose an approval policy for some risk in shop", "denied"),
        ]

    def test_activity_is_told_in_sentences(self, person: Callable[..., User], scope: Scope) -> None:
        lead, olu = person("quinn", Role.QUALITY_LEAD), person("olu", Role.ENGINEER)
        for action, kind, identity, detail in (
            ("quality.coverage_upload", "revision", 1, {}),
            ("role.assign", "user", olu.pk, {"role": "quality_lead"}),
            ("role.assign", "user", 0, {"role": "reviewer"}),
            ("quality.quarantine", "test", 1, {"test": f"test_<b>{'x' * 90}"}),
            ("request.merge", "request", uuid4(), {}),
            ("something.nobody_named", "x", 1, {}),
        ):
            audit_record(action=action, object_kind=kind, object_id=identity, actor=lead, scope=scope, detail=detail)
        assert [one.sentence for one in reversed(activity(lead, show="all"))] == [
            "quinn recorded coverage of shop",
            "quinn made olu quality lead of shop",
            "quinn made somebody reviewer of shop",
            f"quinn quarantined the test test_<b>{'x' * 52} of shop",
            "quinn merged a request",
            "quinn something nobody named",
        ]

    def test_a_budget_that_is_nearly_used_is_said(
        self, client: Client, engineer: User, scope: Scope, repository: Any
    ) -> None:
        assert "budget is used" not in self.page(client, engineer)
        budget_ruled(scope, "month", token_limit=0)
        assert "budget is used: Acme/shop" in self.page(client, engineer)
