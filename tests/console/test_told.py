"""Who is told of what happens, from the audit chain and from requests that move."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connections, transaction

from apps.console.flows import committee_notices, notifications
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.services.moves import move_announce
from apps.generation.services.pipeline import run_end
from apps.generation.services.stages import status_change
from apps.generation.services.watching import watch_begin
from apps.generation.types import RequestStatus as Status
from apps.governance.models import AuditEvent, Gate, Organisation, RoleAssignment, Scope, User
from apps.governance.services import audit_denied, audit_record, role_assign
from apps.governance.services.people import role_remove
from apps.governance.types import Outcome, Role
from apps.jobs.engine.webhooks import EVENTS
from apps.jobs.models import FeedPosition, Notification, WebhookDelivery, WebhookEndpoint
from apps.jobs.services import feed, feeds_advance
from apps.providers.models import Provider
from tests.generation.test_pipeline import CLAMP
from tests.linked import linked
from tests.shop import code, engineer, home, owner, person, provider, repository, reviewer, scope, server, submit
from tests.told import told

__all__ = [
    "code",
    "engineer",
    "home",
    "owner",
    "person",
    "provider",
    "repository",
    "reviewer",
    "scope",
    "server",
    "submit",
]

pytestmark = pytest.mark.django_db(transaction=True)
Submit = Callable[..., CodeGenerationRequest]


def move(request: CodeGenerationRequest, status: Status) -> None:
    run = GenerationRun.objects.get(pk=request.pk)
    status_change(run=run, allowed=list(Status), to=status)


class TestTheChain:
    def test_each_entry_is_told_once_whoever_reads_it(self, scope: Scope, engineer: User) -> None:
        role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=None)
        assert told(engineer) == {"You are now reviewer of Acme/shop": "rules_changed"}
        Notification.objects.update(news=1)
        assert feeds_advance() == 0
        assert Notification.objects.get().news == 1

    def test_what_a_dead_process_did_not_tell_is_told_later(
        self, scope: Scope, engineer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        audit_record(action="x", object_kind="x", object_id=1, actor=None)
        with monkeypatch.context() as dead:
            dead.setattr(feed, "_advance", lambda *_: 1 / 0)
            role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=None)
        assert told(engineer) == {}
        assert feeds_advance() == len(feed._readers)
        assert len(told(engineer)) == 1

    def test_a_rolled_back_entry_is_told_to_nobody(self, scope: Scope, engineer: User) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=None)
            raise ZeroDivisionError
        assert (told(engineer), FeedPosition.objects.count()) == ({}, 0)

    def test_history_from_before_the_first_reading_is_not_told(self, scope: Scope, engineer: User) -> None:
        role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=None)
        FeedPosition.objects.all().delete()
        Notification.objects.all().delete()
        assert feeds_advance() == 0
        assert told(engineer) == {}

    def test_while_one_process_reads_another_waits_for_nothing(self, scope: Scope, engineer: User) -> None:
        audit_record(action="x", object_kind="x", object_id=1, actor=None)
        other = connections["default"].copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT 1 FROM jobs_feedposition FOR UPDATE")
                role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=None)
                assert told(engineer) == {}
                cursor.execute("ROLLBACK")
        finally:
            other.close()
        assert feeds_advance() == len(feed._readers)
        assert len(told(engineer)) == 1

    def test_a_rule_that_fails_holds_up_neither_the_work_nor_the_other_entries(
        self, scope: Scope, engineer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(notifications.RULES, "x", lambda event: 1 / 0)
        audit_record(action="x", object_kind="x", object_id=1, actor=None)
        role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=None)
        assert len(told(engineer)) == 1
        assert FeedPosition.objects.get(name="people").sequence == AuditEvent.objects.latest("sequence").sequence

    def test_what_was_denied_and_what_one_did_oneself_is_no_news(
        self, scope: Scope, engineer: User, reviewer: User
    ) -> None:
        role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=engineer)
        assert told(engineer) == {}
        entry = {"object_kind": "user", "object_id": str(engineer.pk), "scope": scope, "detail": {"role": "architect"}}
        audit_denied(action="role.assign", actor=reviewer, reason="no", **entry)
        assert told(engineer) == {}

    def test_two_roles_are_two_pieces_of_news_and_one_taken_away_is_another(
        self, scope: Scope, engineer: User, reviewer: User
    ) -> None:
        role_assign(user=engineer, scope=scope, role=Role.REVIEWER, granted_by=reviewer)
        given = role_assign(user=engineer, scope=scope, role=Role.ARCHITECT, granted_by=reviewer)
        role_remove(assignment_id=given.pk, removed_by=reviewer)
        assert set(told(engineer)) == {"You are now reviewer of Acme/shop", "You are no longer architect of Acme/shop"}

    def test_a_broken_chain_is_told_to_those_who_look_after_the_platform(self, scope: Scope, reviewer: User) -> None:
        above = Scope.objects.create(organisation=scope.organisation)
        auditor = User.objects.create_user("audrey")
        role_assign(user=auditor, scope=above, role=Role.AUDITOR, granted_by=None)
        root = User.objects.create_superuser("root")
        entry = {"action": "audit.verify", "object_kind": "chain", "object_id": "audit", "actor": reviewer}
        audit_record(**entry, outcome=Outcome.FAILED)
        for user, count in ((auditor, 1), (root, 1), (reviewer, 0)):
            assert ("The audit chain is broken" in told(user)) is bool(count)
        audit_record(**entry)
        assert "The audit chain is broken" not in told(root)


class TestRequests:
    def test_a_review_is_the_turn_of_those_who_may_vote_and_of_nobody_with_a_part(
        self, submit: Submit, engineer: User, reviewer: User, owner: User, person: Callable[..., User]
    ) -> None:
        admin = person("adam", Role.ADMIN, Role.REVIEWER)
        second = person("ada-2", Role.REVIEWER)
        linked(engineer, second)
        move(submit(CLAMP, title="Clamp"), Status.IN_REVIEW)
        for voter in (reviewer, owner):
            assert told(voter) == {"Review “Clamp”": "your_turn"}
        assert told(engineer) == {"“Clamp” is with its reviewers": "request_moved"}
        assert (told(admin), told(second)) == ({}, {})

    def test_who_voted_or_whose_review_is_over_is_waited_for_no_more(
        self, submit: Submit, scope: Scope, reviewer: User, owner: User
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        move(request, Status.IN_REVIEW)
        entry = {"object_kind": "request", "object_id": request.pk, "scope": scope}
        audit_record(action="ballot.cast", actor=reviewer, **entry)
        assert told(reviewer) == {}
        assert len(told(owner)) == 1
        move(request, Status.REJECTED)
        assert told(owner) == {}

    def test_a_review_that_changed_calls_everybody_again(
        self, submit: Submit, scope: Scope, reviewer: User, owner: User
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        move(request, Status.IN_REVIEW)
        audit_record(action="review.choose", actor=owner, object_kind="request", object_id=request.pk, scope=scope)
        assert told(reviewer) == {"“Clamp” changed while it was reviewed": "your_turn"}

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (Status.OBSERVED, "was merged"),
            (Status.REJECTED, "was rejected by its reviewers"),
        ],
    )
    def test_its_end_is_told_to_the_requester_at_once(
        self, submit: Submit, engineer: User, status: Status, words: str
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        CodeGenerationRequest.objects.filter(pk=request.pk).update(status=Status.IN_REVIEW)
        move_announce(request.pk, status)
        assert told(engineer) == {f"“Clamp” {words}": "request_ended"}

    def test_its_end_is_told_to_who_watches_it_while_they_may_read_it(
        self, submit: Submit, engineer: User, person: Callable[..., User]
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        watcher, gone = person("mara", Role.ENGINEER), person("otto", Role.ENGINEER)
        for user in (watcher, gone):
            watch_begin(run=request.run, user=user)
            watch_begin(run=request.run, user=user)
        RoleAssignment.objects.filter(user=gone).delete()
        CodeGenerationRequest.objects.filter(pk=request.pk).update(status=Status.IN_REVIEW)
        move_announce(request.pk, Status.OBSERVED)
        assert told(watcher) == told(engineer) == {"“Clamp” was merged": "request_ended"}
        assert told(gone) == {}

    def test_a_failure_is_told_without_its_reasons(self, submit: Submit, engineer: User) -> None:
        request = submit(CLAMP, title="Clamp")
        run_end(request_id=request.pk, status=Status.FAILED, failure="def secret(): pass")
        assert told(engineer) == {"“Clamp” failed": "request_ended"}
        assert "secret" not in str(list(Notification.objects.values()))

    def test_news_of_a_change_that_is_undone_is_undone_with_it(self, submit: Submit, engineer: User) -> None:
        request = submit(CLAMP, title="Clamp")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            move(request, Status.IN_REVIEW)
            raise ZeroDivisionError
        assert told(engineer) == {}

    def test_a_failing_rule_stops_no_request(
        self, submit: Submit, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        monkeypatch.setitem(notifications.MOVES, Status.GENERATING, lambda run: 1 / 0)
        request = submit(CLAMP, title="Clamp")
        with transaction.atomic():
            move(request, Status.GENERATING)
        request.refresh_from_db()
        assert request.status == Status.GENERATING
        assert "ZeroDivisionError" in caplog.text

    def test_whoever_may_merge_is_called_when_it_was_delivered(
        self, submit: Submit, engineer: User, reviewer: User
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        move_announce(request.pk, Status.DELIVERED)
        assert told(reviewer) == {"Merge “Clamp”": "your_turn"}
        assert told(engineer) == {"“Clamp” waits for its merge": "request_moved"}


def test_an_override_waits_for_the_chair_and_a_policy_for_its_second_signature(
    submit: Submit, scope: Scope, reviewer: User, person: Callable[..., User]
) -> None:
    chair, admin = person("chidi", Role.CHAIR), person("adam", Role.ADMIN)
    request = submit(CLAMP, title="Clamp")
    audit_record(action="override.ask", actor=reviewer, object_kind="request", object_id=request.pk, scope=scope)
    assert told(chair) == {"Sign an override for “Clamp”": "your_turn"}
    version = {"object_kind": "policy", "object_id": str(request.pk), "scope": scope, "detail": {"risk": "low"}}
    audit_record(action="policy.propose", actor=admin, **version)
    assert "An approval policy waits for its second signature: low risk in Acme/shop" in told(chair)
    assert told(admin) == {}
    audit_record(action="policy.publish", actor=chair, **version)
    assert told(reviewer)["An approval policy rules now: low risk in Acme/shop"] == "rules_changed"


def test_two_organisations_do_not_hear_of_each_other(
    submit: Submit, reviewer: User, person: Callable[..., User]
) -> None:
    elsewhere = Scope.objects.create(organisation=Organisation.objects.create(name="Other"), repository="far")
    stranger = User.objects.create_user("sam")
    role_assign(user=stranger, scope=elsewhere, role=Role.REVIEWER, granted_by=None)
    Notification.objects.all().delete()
    move(submit(CLAMP, title="Clamp"), Status.IN_REVIEW)
    assert told(stranger) == {}


class TestOtherSystems:
    @pytest.fixture
    def heard(self, scope: Scope) -> Callable[[], list[tuple[str, dict[str, Any]]]]:
        WebhookEndpoint.objects.create(scope=scope, name="all", url="https://example.org/", events=list(EVENTS))

        def read() -> list[tuple[str, dict[str, Any]]]:
            rows = WebhookDelivery.objects.order_by("created_at", "pk")
            return [(row.event, json.loads(row.body)["data"]) for row in rows]

        return read

    def test_each_event_of_a_request_is_sent_with_its_name_and_state(
        self, heard: Callable[[], list[Any]], submit: Submit, scope: Scope, provider: Provider
    ) -> None:
        request = submit(CLAMP, title="Clamp")
        Candidate.objects.create(
            request=request, provider=provider, model_id="secret-model", sample_index=0, ordinal=0, state="checked"
        )
        for status in (Status.CONSENSUS, Status.IN_REVIEW):
            move(request, status)
        entry = {"object_kind": "request", "object_id": request.pk, "scope": scope, "actor": None}
        for decision in ("approved", "rejected"):
            audit_record(action="review.decide", detail={"decision": decision}, reason="because", **entry)
        audit_record(action="request.merge", **entry)
        names = [name for name, _ in heard()]
        assert names == [
            "request.state_changed",
            "spec.analysed",
            "request.state_changed",
            "candidate.checked",
            "request.state_changed",
            "review.quorum_met",
            "review.blocked",
            "request.merged",
        ]
        assert [data["state"] for name, data in heard() if "state" in data] == [
            "queued",
            "consensus",
            "checked",
            "in_review",
        ]
        told_to_others = json.dumps([data for _, data in heard()])
        assert "secret-model" not in told_to_others
        assert "because" not in told_to_others

    def test_what_was_denied_or_is_about_no_place_is_no_event(
        self, heard: Callable[[], list[Any]], scope: Scope, reviewer: User
    ) -> None:
        audit_denied(action="request.merge", object_kind="request", object_id=uuid4(), actor=reviewer, reason="no")
        audit_record(action="docs.validate", object_kind="page", object_id=uuid4(), actor=None)
        assert heard() == []
        page = uuid4()
        audit_record(
            action="docs.validate",
            object_kind="page",
            object_id=page,
            actor=None,
            scope=scope,
            detail={"state": "stale"},
        )
        assert [(name, data["state"]) for name, data in heard()] == [("docs.drift_changed", "stale")]


def test_the_committee_votes_and_hears_what_was_decided_and_a_place_that_it_was_suspended(
    scope: Scope, engineer: User, person: Callable[..., User]
) -> None:
    member, chair = person("mia", Role.COMMITTEE), person("chidi", Role.CHAIR)
    gate = Gate(title="Wave 2", scope=scope, requested_by=engineer)
    entry = {"object_kind": "gate", "object_id": gate.pk, "scope": scope}
    with patch.object(committee_notices, "_gate", lambda event: gate):
        audit_record(action="gate.open", actor=chair, **entry)
        assert told(member) == {"Vote on the gate “Wave 2”": "your_turn"}
        assert told(chair) == {}
        audit_record(action="gate.evidence", actor=None, detail={"changed": False}, **entry)
        audit_record(action="gate.decide", actor=chair, **entry)
    for user in (member, engineer):
        assert told(user) == {"The gate “Wave 2” was decided": "gate_changed"}
    above = Scope.objects.create(organisation=scope.organisation)
    suspension = {"object_kind": "suspension", "object_id": uuid4(), "actor": chair}
    audit_record(action="generation.suspend", scope=above, **suspension)
    assert told(engineer)["Generation was suspended in all of Acme"] == "scope_suspended"
    audit_record(action="generation.resume", scope=above, **suspension)
    assert told(engineer)["Generation goes on in all of Acme"] == "scope_suspended"
