"""The quality gate of a repository: read after each measurement, noted when it changes, and told to a real server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.console.flows.quality_gates import ALL_JOB, GATE_JOB, gate_request, measurement_follow, report_follow
from apps.console.flows.webhooks import entry_send
from apps.core.clock import now
from apps.governance import measures
from apps.governance.measures import Measure, MeasureUnavailable, Reading, Shape
from apps.governance.models import (
    AttestationKey,
    AuditEvent,
    EvidencePack,
    GateDefinitionVersion,
    RoleAssignment,
    Scope,
    User,
)
from apps.governance.services import audit_record, generation_suspend, role_assign, scope_create
from apps.governance.services.attestation import signing_key
from apps.governance.services.gates.requests import definition_ruling
from apps.governance.services.quality_gates import quality_gate_check
from apps.governance.types import Role
from apps.jobs import registry
from apps.jobs.engine.webhooks import EVENTS, signature_verify
from apps.jobs.models import Job, WebhookDelivery
from apps.jobs.runner import job_execute
from apps.jobs.services.deliveries import delivery_attempt
from apps.jobs.services.webhooks import webhook_create
from apps.quality.types import COVERAGE_JOB, MEASUREMENT_SUBJECT
from apps.repositories.models import Repository, Revision
from tests.fault_server import FaultServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def scope(db: None) -> Scope:
    scope_create(organisation="Acme", created_by=None)
    return scope_create(organisation="Acme", repository="shop", created_by=None)


@pytest.fixture
def repository(scope: Scope) -> Repository:
    return Repository.objects.create(scope=scope, name="shop", path="/srv/shop")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Reading | str]:
    """What coverage and the flake rate say; a string is a source that is down."""
    said: dict[str, Reading | str] = {}
    missing = Reading(None, missing="Nothing was measured yet.")

    def measure(key: str, shape: Shape) -> Measure:
        def read(scopes: object, window: object) -> Reading:
            found = said.get(key, missing)
            if isinstance(found, str):
                raise MeasureUnavailable(found)
            return found

        return Measure(f"quality.{key}", key, f"What {key} means.", shape, "%", "Tests", read)

    known = {"coverage_line": Shape.MINIMUM, "coverage_branch": Shape.MINIMUM, "flake_rate": Shape.RATE}
    made = [measure(key, shape) for key, shape in known.items()]
    monkeypatch.setattr(measures, "_measures", {one.key: one for one in made})
    return said


def figure(value: float, n: int = 400, age: int = 0) -> Reading:
    return Reading(value, n=n, as_of=now() - timedelta(days=age))


GATE_PAGE = "/repos/shop/quality/gate"


@pytest.fixture
def reader(scope: Scope) -> Client:
    user = User.objects.create_user("rita")
    role_assign(user=user, scope=scope, role=Role.REVIEWER, granted_by=None)
    client = Client()
    client.force_login(user)
    return client


def noted() -> list[tuple[str, str, list[str]]]:
    rows = AuditEvent.objects.filter(action="quality.gate").order_by("sequence")
    return [(row.detail["before"], row.detail["state"], row.detail["changed"]) for row in rows]


class TestTheCard:
    def test_it_shows_each_condition_with_n_interval_and_age(
        self, repository: Repository, figures: dict[str, Reading | str], reader: Client
    ) -> None:
        figures["coverage_line"] = replace(figure(0.95, n=12, age=2), low=0.95, high=0.95)
        figures["coverage_branch"] = "The checkout is gone."
        figures["flake_rate"] = replace(figure(0.0, n=100), low=0.0, high=0.037)
        card = reader.get(GATE_PAGE, headers={"HX-Request": "true"}).content.decode()
        page = reader.get(GATE_PAGE).content.decode()
        for shown in (card, page):
            words = " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())
            assert "≥ 90 % 95 % 12 – 30 d 2 d met" in words
            assert "< 1 % 0 % 100 0–3.7 % 30 d" in words
            assert "Another 281 clean reruns would show that it is below 1 %." in words
            assert "The checkout is gone." in words
        assert "<html" in page and "<html" not in card
        assert "Nothing was measured yet." not in card

    def test_without_figures_it_says_what_is_missing_and_is_never_met(
        self, repository: Repository, figures: dict[str, Reading | str], reader: Client
    ) -> None:
        words = reader.get(GATE_PAGE).content.decode()
        assert words.count("Nothing was measured yet.") == 3
        assert 'class="chip chip--met' not in words

    @pytest.mark.parametrize("tab", ["coverage", "debt", "flakes"])
    def test_each_tab_leads_to_it_and_says_how_it_was_last_found(
        self, repository: Repository, figures: dict[str, Reading | str], reader: Client, tab: str
    ) -> None:
        address = f"/repos/shop/quality/{tab}"
        page = reader.get(address).content.decode()
        assert f'hx-get="{GATE_PAGE}"' in page and f'href="{GATE_PAGE}"' in page
        figures["coverage_line"] = figure(0.5)
        quality_gate_check(scope=repository.scope)
        assert "When it last changed" in reader.get(address).content.decode()

    def test_it_is_read_once_a_minute_and_anew_when_a_condition_changed(
        self, repository: Repository, figures: dict[str, Reading | str], reader: Client
    ) -> None:
        figures["coverage_line"] = figure(0.95, n=12)
        with CaptureQueriesContext(connection) as reading:
            assert "95 %" in reader.get(GATE_PAGE).content.decode()
        figures["coverage_line"] = figure(0.42, n=12)
        with CaptureQueriesContext(connection) as kept:
            assert "42 %" not in reader.get(GATE_PAGE).content.decode()
        # A savepoint for each measure, and the definition that rules, are what the first one asks besides.
        assert len(kept) <= len(reading) - 2 * len(figures)
        quality_gate_check(scope=repository.scope)
        assert "42 %" in reader.get(GATE_PAGE).content.decode()

    def test_who_does_not_read_the_repository_sees_no_card(self, repository: Repository) -> None:
        stranger = Client()
        stranger.force_login(User.objects.create_user("stranger"))
        assert stranger.get(GATE_PAGE).status_code == 404


class TestTheGate:
    def test_it_is_noted_once_for_each_change_and_its_state_is_the_gravest(
        self, repository: Repository, figures: dict[str, Reading | str]
    ) -> None:
        def check() -> bool:
            return quality_gate_check(scope=repository.scope) is not None

        assert not check()
        figures["coverage_line"] = figure(0.95)
        assert check()
        assert not check()
        figures |= {"coverage_branch": figure(0.95), "flake_rate": figure(0.0)}
        assert check()
        figures["coverage_line"] = figure(0.89)
        assert check()
        figures["coverage_line"] = figure(0.95, age=8)
        assert check()
        figures["flake_rate"] = "The server is down."
        assert check()
        assert noted() == [
            ("", "insufficient_data", ["coverage_branch", "coverage_line", "flakes"]),
            ("insufficient_data", "met", ["coverage_branch", "flakes"]),
            ("met", "not_met", ["coverage_line"]),
            ("not_met", "stale", ["coverage_line"]),
            ("stale", "error", ["flakes"]),
        ]

    def test_what_two_people_published_is_what_it_asks(
        self, repository: Repository, figures: dict[str, Reading | str], scope: Scope
    ) -> None:
        whole = Scope.objects.get(repository="")
        content = definition_ruling(whole, "expansion")[1]
        for one in content["criteria"]:
            one["threshold"] = 0.5 if one["key"] == "coverage_line" else one["threshold"]
        people = [User.objects.create_user(name) for name in ("quinn", "chidi")]
        for one in people:
            RoleAssignment.objects.create(user=one, scope=whole, role="quality_lead")
        GateDefinitionVersion.objects.create(
            scope=whole,
            name="expansion",
            number=1,
            content=content,
            content_digest="0" * 64,
            reason="Less.",
            proposed_by=people[0],
        )
        GateDefinitionVersion.objects.update(published_by=people[1], published_at=now())
        figures["coverage_line"] = figure(0.6)
        gate = quality_gate_check(scope=repository.scope)
        assert gate is not None and gate.conditions["coverage_line"] == "met"

    @pytest.mark.django_db(transaction=True)
    def test_a_report_of_a_build_and_a_measurement_that_succeeded_have_it_read(
        self, repository: Repository, scope: Scope, figures: dict[str, Reading | str]
    ) -> None:
        revision = Revision.objects.create(repository=repository, sha="0" * 40, committed_at="2026-11-01T00:00Z")
        entry = {"object_kind": "revision", "object_id": revision.pk, "actor": None, "scope": scope}
        report_follow(audit_record(action="docs.validate", **entry))
        done = {"kind": COVERAGE_JOB, "subject_kind": MEASUREMENT_SUBJECT, "subject_id": revision.pk}
        measurement_follow(Job(state=Job.State.FAILED, **done))
        measurement_follow(Job(state=Job.State.SUCCEEDED, **{**done, "kind": "quality.debt"}))
        assert not Job.objects.filter(kind=GATE_JOB).exists()
        report_follow(audit_record(action="quality.coverage_upload", **entry))
        measurement_follow(Job(state=Job.State.SUCCEEDED, **done))
        figures["coverage_line"] = figure(0.95)
        job = Job.objects.get(kind=GATE_JOB)
        job_execute(job.pk)
        job.refresh_from_db()
        assert (job.state, len(noted())) == ("succeeded", 1)

    @pytest.mark.django_db(transaction=True)
    def test_every_day_those_that_were_noted_are_read_again(
        self, repository: Repository, figures: dict[str, Reading | str]
    ) -> None:
        figures["coverage_line"] = figure(0.95)
        quality_gate_check(scope=repository.scope)
        handler = registry.handler_of(ALL_JOB)
        assert handler is not None and handler.every == timedelta(days=1)
        job = Job.objects.create(kind=ALL_JOB, subject_kind="platform", subject_id=uuid4())
        job_execute(job.pk)
        assert Job.objects.get(kind=GATE_JOB).subject_id == repository.pk
        assert gate_request(repository.pk) == Job.objects.get(kind=GATE_JOB)


class TestOtherSystems:
    @pytest.fixture
    def server(self) -> Iterator[FaultServer]:
        with FaultServer() as server:
            yield server

    @pytest.fixture
    def heard(
        self, server: FaultServer, scope: Scope, settings: Any
    ) -> Callable[[AuditEvent], list[tuple[str, dict[str, Any]]]]:
        """Tell a real server of an entry, and return what it received, each message's signature verified."""
        settings.NOFX_WEBHOOK_HOSTS = [f"127.0.0.1:{server._http.server_address[1]}"]
        settings.NOFX_PUBLIC_URL = "https://nofx.example"
        admin = User.objects.create_user("adam")
        role_assign(user=admin, scope=scope, role=Role.ADMIN, granted_by=None)
        _, secret = webhook_create(actor=admin, scope=scope, name="chat", url=server.url, events=list(EVENTS))

        def hear(event: AuditEvent) -> list[tuple[str, dict[str, Any]]]:
            before = len(server.requests)
            entry_send(event)
            for delivery in WebhookDelivery.objects.filter(attempts=0).order_by("created_at", "pk"):
                assert delivery_attempt(delivery_id=delivery.pk)
            for request in server.requests[before:]:
                assert signature_verify(
                    request.headers["x-nofx-signature-256"],
                    secret=secret,
                    timestamp=int(request.headers["x-nofx-timestamp"]),
                    body=request.raw.decode(),
                    now=now(),
                )
            return [(one.headers["x-nofx-event"], one.body["data"]) for one in server.requests[before:]]

        return hear

    def test_a_change_of_the_quality_gate_is_sent(
        self, heard: Callable[[AuditEvent], Any], repository: Repository, figures: dict[str, Reading | str]
    ) -> None:
        figures["coverage_line"] = figure(0.5)
        quality_gate_check(scope=repository.scope)
        ((event, data),) = heard(AuditEvent.objects.get(action="quality.gate"))
        assert event == "quality.gate_changed"
        assert data == {
            "repository": "shop",
            "state": "not_met",
            "before": "",
            "conditions": {
                "coverage_line": "not_met",
                "coverage_branch": "insufficient_data",
                "flakes": "insufficient_data",
            },
            "changed": ["coverage_branch", "coverage_line", "flakes"],
            "url": f"https://nofx.example{reverse('quality:coverage', args=['shop'])}",
        }

    def test_an_evidence_pack_that_is_ready_is_sent_without_its_content(
        self, heard: Callable[[AuditEvent], Any], scope: Scope
    ) -> None:
        person = User.objects.create_user("audrey")
        pack = EvidencePack.objects.create(
            subject_kind="request", subject_id=uuid4(), scope=scope, requested_by=person, requested_at=now()
        )
        entry = {"object_kind": "request", "object_id": pack.subject_id, "actor": None, "scope": scope}
        detail = {"pack": str(pack.pk)}
        assert heard(audit_record(action="pack.make", detail=detail, **entry)) == []
        ends = now() + timedelta(days=1)
        key = AttestationKey.objects.get(fingerprint=signing_key().public.key_id)
        made = {"archive": b"the bytes", "size": 9, "archive_digest": "0" * 64, "ready_at": now(), "key": key}
        EvidencePack.objects.filter(pk=pack.pk).update(expires_at=ends, **made)
        ((event, data),) = heard(audit_record(action="pack.make", detail=detail, **entry))
        assert event == "export.ready"
        assert data == {
            "export": f"pack_{pack.pk}",
            "kind": "evidence_pack",
            "about": f"req_{pack.subject_id}",
            "size": 9,
            "expires_at": ends.isoformat(),
            "url": f"https://nofx.example{reverse('console:pack-detail', args=[pack.pk])}",
        }
        assert "bytes" not in str(data)

    def test_a_suspension_is_sent_with_its_kind_and_without_its_reason(
        self, heard: Callable[[AuditEvent], Any], scope: Scope
    ) -> None:
        root = User.objects.create_superuser("root")
        made = generation_suspend(kind="repository", scope=scope, actor=root, reason="A secret.")
        ((event, data),) = heard(AuditEvent.objects.get(action="generation.suspend"))
        assert (event, data["kind"], data["suspension"]) == ("scope.suspended", "repository", f"suspension_{made.pk}")
        assert "secret" not in str(data)


def test_every_event_that_the_product_names_can_be_chosen() -> None:
    assert set(EVENTS) == {
        "spec.analysed",
        "request.state_changed",
        "candidate.checked",
        "review.quorum_met",
        "review.blocked",
        "request.merged",
        "gate.opened",
        "gate.state_changed",
        "gate.decided",
        "scope.suspended",
        "docs.drift_changed",
        "quality.gate_changed",
        "export.ready",
    }
