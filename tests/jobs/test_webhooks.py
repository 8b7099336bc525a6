"""Webhooks against a real server that misbehaves: signed, tried again, logged, switched off, and never sent inside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import AuditEvent, Organisation, RoleAssignment, Scope, User
from apps.jobs.engine.addresses import Target
from apps.jobs.engine.webhooks import signature_verify
from apps.jobs.gateways import webhooks as gateway
from apps.jobs.gateways.webhooks import Undelivered, webhook_post
from apps.jobs.models import Job, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from apps.jobs.runner import job_execute
from apps.jobs.services import jobs_due_begin
from apps.jobs.services.deliveries import deliveries_due, delivery_attempt, delivery_repeat
from apps.jobs.services.webhooks import (
    WebhookInvalid,
    WebhookLimit,
    event_send,
    webhook_create,
    webhook_remove,
    webhook_secret_retire,
    webhook_secret_rotate,
)
from tests.fault_server import Fault, FaultServer

MERGED = "request.merged"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def scope(db: None) -> Scope:
    return Scope.objects.create(organisation=Organisation.objects.create(name="Acme"), repository="shop")


@pytest.fixture
def admin(scope: Scope) -> User:
    user = User.objects.create_user("adam", password="correct horse battery")
    RoleAssignment.objects.create(user=user, scope=scope, role="admin")
    return user


@pytest.fixture
def allowed(server: FaultServer, settings: Any) -> None:
    settings.NOFX_WEBHOOK_HOSTS = [f"127.0.0.1:{server._http.server_address[1]}"]


@pytest.fixture
def hook(allowed: None, admin: User, scope: Scope, server: FaultServer) -> tuple[WebhookEndpoint, str]:
    return webhook_create(actor=admin, scope=scope, name="chat", url=server.url, events=[MERGED])


Hook = tuple[WebhookEndpoint, str]


@pytest.fixture
def send(hook: Hook, scope: Scope) -> Callable[..., WebhookDelivery]:
    def make(**data: object) -> WebhookDelivery:
        event_send(event=MERGED, scope=scope, data=data)
        return WebhookDelivery.objects.latest("created_at")

    return make


Send = Callable[..., WebhookDelivery]


@pytest.mark.django_db
class TestDelivery:
    def test_a_message_arrives_signed_with_its_name_its_id_and_its_time(
        self, hook: Hook, send: Send, server: FaultServer
    ) -> None:
        delivery = send(title="Größer")
        assert delivery_attempt(delivery_id=delivery.pk)
        (request,) = server.requests
        assert request.headers["x-nofx-event"] == MERGED
        assert request.headers["x-nofx-delivery"] == str(delivery.pk)
        assert request.raw.decode() == delivery.body
        assert request.body["data"] == {"title": "Größer"}
        assert request.body["place"] == "Acme/shop"
        assert signature_verify(
            request.headers["x-nofx-signature-256"],
            secret=hook[1],
            timestamp=int(request.headers["x-nofx-timestamp"]),
            body=request.raw.decode(),
            now=now(),
        )
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == ("delivered", 1, None)
        assert not delivery_attempt(delivery_id=delivery.pk)
        assert len(server.requests) == 1

    def test_it_is_tried_again_under_the_same_id_until_it_is_answered(self, send: Send, server: FaultServer) -> None:
        server.answers([Fault.failure(503, "busy"), Fault.drop(), "fine"])
        delivery = send()
        for _ in range(3):
            delivery_attempt(delivery_id=delivery.pk)
        assert {request.headers["x-nofx-delivery"] for request in server.requests} == {str(delivery.pk)}
        tries = list(WebhookAttempt.objects.order_by("number").values_list("number", "status", "problem", "answer"))
        assert [(number, status) for number, status, *_ in tries] == [(1, 503), (2, None), (3, 200)]
        assert tries[0][2:] == ("The receiver answered 503.", "busy")
        assert "before there was an answer" in tries[1][2] or "no HTTP" in tries[1][2]
        delivery.refresh_from_db()
        assert delivery.state == "delivered"

    def test_it_is_given_up_after_its_last_retry(self, send: Send, server: FaultServer) -> None:
        server.answers([Fault.failure(500)])
        delivery = send()
        WebhookDelivery.objects.filter(pk=delivery.pk).update(attempts=9)
        delivery_attempt(delivery_id=delivery.pk)
        delivery.refresh_from_db()
        assert (delivery.state, delivery.next_attempt_at - now() > timedelta(hours=9)) == ("due", True)
        delivery_attempt(delivery_id=delivery.pk)
        delivery.refresh_from_db()
        assert (delivery.state, delivery.next_attempt_at) == ("failed", None)

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (Fault.redirect("http://127.0.0.1:1/"), "redirects are not followed"),
            (Fault.hang(), "no whole answer within 0.5 seconds"),
            (Fault.failure(410, "gone"), "answered 410"),
        ],
        ids=lambda value: getattr(value, "kind", ""),
    )
    def test_each_way_to_misbehave_is_a_failed_attempt_with_a_sentence(
        self, send: Send, server: FaultServer, monkeypatch: pytest.MonkeyPatch, fault: Fault, words: str
    ) -> None:
        _hurry(monkeypatch)
        server.answers([fault])
        assert not delivery_attempt(delivery_id=send().pk)
        assert words in WebhookAttempt.objects.get().problem
        assert len(server.requests) == 1

    def test_an_answer_without_end_or_that_drips_costs_bounded_time_and_room(
        self, send: Send, server: FaultServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _hurry(monkeypatch)
        started = time.monotonic()
        server.answers([Fault.huge_failure(), Fault.slow("x" * 10_000, 0.02)])
        delivery = send()
        for _ in range(2):
            assert not delivery_attempt(delivery_id=delivery.pk)
        assert time.monotonic() - started < 10
        huge, slow = WebhookAttempt.objects.order_by("number")
        assert len(huge.answer) <= 4_000
        assert "no whole answer" in slow.problem

    def test_what_comes_back_is_kept_as_text(self, send: Send, server: FaultServer, admin: User) -> None:
        server.answers([Fault.failure(500, "<script>alert(1)</script>\x00")])
        delivery = send()
        delivery_attempt(delivery_id=delivery.pk)
        page = _page(admin, "delivery-detail", delivery.pk)
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_the_database_keeps_what_was_sent_and_what_was_answered(self, send: Send) -> None:
        delivery = send()
        delivery_attempt(delivery_id=delivery.pk)
        for rows, change in ((WebhookDelivery, {"body": "{}"}), (WebhookAttempt, {"status": 500})):
            with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
                rows.objects.update(**change)


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(target: Target, **options: Any) -> gateway.Answer:
        return webhook_post(target, **options, timeout_s=0.5)

    monkeypatch.setattr("apps.jobs.services.deliveries.webhook_post", quick)


class TestGuard:
    """What a name resolves to decides, once."""

    def post(self, host: str, port: int = 443, *, is_internal: bool = False, scheme: str = "https") -> gateway.Answer:
        return webhook_post(Target(scheme, host, port, "/", is_internal), headers={}, body=b"{}", timeout_s=2)

    def answers(self, monkeypatch: pytest.MonkeyPatch, *lookups: list[tuple[str, int]]) -> list[str]:
        asked: list[str] = []
        script = list(lookups)

        def resolve(host: str, port: int, **_: object) -> list[Any]:
            asked.append(host)
            found = script.pop(0) if len(script) > 1 else script[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, at or port)) for address, at in found]

        monkeypatch.setattr(gateway.socket, "getaddrinfo", resolve)
        return asked

    @pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1"])
    def test_a_name_that_points_inside_is_refused_before_anything_is_sent(
        self, monkeypatch: pytest.MonkeyPatch, server: FaultServer, inside: str
    ) -> None:
        self.answers(monkeypatch, [(inside, server._http.server_address[1])])
        with pytest.raises(Undelivered, match="not an address of the public internet"):
            self.post("innocent.example")
        assert server.requests == []

    @pytest.mark.parametrize("name", ["localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1"])
    def test_another_way_to_write_this_machine_is_refused_too(self, name: str) -> None:
        with pytest.raises(Undelivered, match=r"not an address of the public internet|cannot be resolved"):
            self.post(name)

    def test_one_address_of_the_inside_among_many_is_enough_to_refuse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers(monkeypatch, [("8.8.8.8", 0), ("127.0.0.1", 0)])
        with pytest.raises(Undelivered, match="public internet"):
            self.post("mixed.example")

    def test_a_name_is_resolved_once_and_the_judged_address_is_the_one_that_is_connected_to(
        self, monkeypatch: pytest.MonkeyPatch, server: FaultServer
    ) -> None:
        port = server._http.server_address[1]
        asked = self.answers(monkeypatch, [("127.0.0.1", port)], [("127.0.0.1", 1)])
        answer = self.post("rebinding.example", port, is_internal=True, scheme="http")
        assert (answer.status, asked) == (200, ["rebinding.example"])
        assert server.requests[0].headers["host"] == f"rebinding.example:{port}"

    def test_no_proxy_of_the_environment_is_asked(self, monkeypatch: pytest.MonkeyPatch, server: FaultServer) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        port = server._http.server_address[1]
        assert self.post("127.0.0.1", port, is_internal=True, scheme="http").status == 200

    def test_a_server_without_a_valid_certificate_is_sent_nothing(self, server: FaultServer) -> None:
        with pytest.raises(Undelivered, match=r"encrypted connection|before there was an answer"):
            self.post("127.0.0.1", server._http.server_address[1], is_internal=True)
        assert server.requests == []

    def test_a_port_nobody_listens_at_is_a_sentence(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with pytest.raises(Undelivered, match="No connection"):
            self.post("127.0.0.1", port, is_internal=True, scheme="http")

    def test_what_speaks_no_http_is_a_sentence(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

            def talk() -> None:
                other, _ = listener.accept()
                with other:
                    other.recv(10_000)
                    other.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

            thread = threading.Thread(target=talk)
            thread.start()
            with pytest.raises(Undelivered, match="no HTTP"):
                self.post("127.0.0.1", port, is_internal=True, scheme="http")
            thread.join()

    @pytest.mark.django_db
    def test_an_endpoint_that_came_to_point_inside_is_refused_at_the_next_attempt(
        self, send: Send, server: FaultServer, settings: Any
    ) -> None:
        settings.NOFX_WEBHOOK_HOSTS = []
        assert not delivery_attempt(delivery_id=send().pk)
        assert "https://" in WebhookAttempt.objects.get().problem
        assert server.requests == []


@pytest.mark.django_db
class TestSecrets:
    def test_no_table_holds_a_secret_that_could_be_read(self, hook: Hook) -> None:
        _, secret = hook
        row = WebhookSecret.objects.get()
        assert secret not in row.sealed
        assert row.hint == secret[-4:]
        assert secret not in str(list(AuditEvent.objects.values()))

    def test_two_live_secrets_sign_until_the_older_is_retired(
        self, hook: Hook, send: Send, admin: User, server: FaultServer
    ) -> None:
        endpoint, first = hook
        _, second = webhook_secret_rotate(actor=admin, endpoint_id=endpoint.pk)
        assert self._fits(send(), server, first, second) == (True, True)
        _, third = webhook_secret_rotate(actor=admin, endpoint_id=endpoint.pk)
        assert self._fits(send(), server, first, third) == (False, True)
        webhook_secret_retire(actor=admin, endpoint_id=endpoint.pk)
        webhook_secret_retire(actor=admin, endpoint_id=endpoint.pk)
        assert self._fits(send(), server, second, third) == (False, True)
        actions = list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True))
        assert actions == ["webhook.create", "webhook.rotate", "webhook.rotate", "webhook.retire_secret"]

    def _fits(self, delivery: WebhookDelivery, server: FaultServer, *secrets: str) -> tuple[bool, ...]:
        delivery_attempt(delivery_id=delivery.pk)
        sent = server.requests[-1]
        header, stamp = sent.headers["x-nofx-signature-256"], int(sent.headers["x-nofx-timestamp"])
        return tuple(
            signature_verify(header, secret=secret, timestamp=stamp, body=sent.raw.decode(), now=now())
            for secret in secrets
        )

    def test_the_database_holds_two_at_most(self, hook: Hook) -> None:
        for slot in ("previous", "third"):
            with pytest.raises(IntegrityError) if slot == "third" else transaction.atomic(), transaction.atomic():
                WebhookSecret.objects.create(endpoint=hook[0], slot=slot, sealed="s", hint="h")
        with pytest.raises(IntegrityError), transaction.atomic():
            WebhookSecret.objects.create(endpoint=hook[0], slot="current", sealed="s", hint="h")

    def test_with_another_signing_key_nothing_is_sent_and_the_log_says_why(
        self, send: Send, server: FaultServer, settings: Any
    ) -> None:
        delivery = send()
        settings.SECRET_KEY = "another" * 10
        assert not delivery_attempt(delivery_id=delivery.pk)
        assert "sealed with another key" in WebhookAttempt.objects.get().problem
        assert server.requests == []


@pytest.mark.django_db
class TestEndpoints:
    def test_only_those_who_wished_for_an_event_of_the_place_are_told(
        self, hook: Hook, scope: Scope, server: FaultServer
    ) -> None:
        elsewhere = Scope.objects.create(organisation=Organisation.objects.create(name="Other"), repository="shop")
        neighbour = Scope.objects.create(organisation=scope.organisation, repository="billing")
        above = Scope.objects.create(organisation=scope.organisation)
        root = User.objects.create_superuser("root")
        webhook_create(actor=root, scope=above, name="all", url=server.url, events=[MERGED])
        assert event_send(event=MERGED, scope=scope, data={}) == 2
        assert event_send(event=MERGED, scope=neighbour, data={}) == 1
        assert event_send(event=MERGED, scope=elsewhere, data={}) == 0
        assert event_send(event="review.blocked", scope=scope, data={}) == 0
        with pytest.raises(KeyError):
            event_send(event="anything", scope=scope, data={})

    def test_an_endpoint_that_only_fails_for_days_is_switched_off_and_that_is_recorded(
        self, hook: Hook, send: Send, server: FaultServer
    ) -> None:
        server.answers([Fault.failure(500), "fine", Fault.failure(500)])
        endpoint, _ = hook
        first = send()
        delivery_attempt(delivery_id=first.pk)
        endpoint.refresh_from_db()
        assert endpoint.failing_since is not None
        delivery_attempt(delivery_id=first.pk)
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None
        second, third = send(), send()
        WebhookEndpoint.objects.update(failing_since=now() - timedelta(days=6))
        delivery_attempt(delivery_id=second.pk)
        endpoint.refresh_from_db()
        assert (endpoint.is_enabled, "Every attempt failed since" in endpoint.disabled_reason) == (False, True)
        assert AuditEvent.objects.latest("sequence").action == "webhook.disable"
        assert set(WebhookDelivery.objects.exclude(pk=first.pk).values_list("state", flat=True)) == {"failed"}
        assert not delivery_attempt(delivery_id=third.pk)
        assert event_send(event=MERGED, scope=endpoint.scope, data={}) == 0

    def test_what_cannot_be_is_refused(self, hook: Hook, admin: User, scope: Scope, server: FaultServer) -> None:
        good = {"actor": admin, "scope": scope, "name": "two", "url": server.url, "events": [MERGED]}
        for change in (
            {"name": " "},
            {"events": []},
            {"events": ["request.dreamt"]},
            {"url": "http://10.0.0.1/"},
            {"url": "https://[::1]/"},
        ):
            with pytest.raises(WebhookInvalid):
                webhook_create(**{**good, **change})
        with pytest.raises(WebhookLimit, match="of this name"):
            webhook_create(**{**good, "name": "chat"})
        WebhookEndpoint.objects.bulk_create(
            WebhookEndpoint(scope=scope, name=f"n{number}", url=server.url, events=[MERGED]) for number in range(19)
        )
        with pytest.raises(WebhookLimit, match="20 webhooks"):
            webhook_create(**good)

    def test_whoever_does_not_administer_the_place_finds_no_webhook(self, hook: Hook, send: Send, scope: Scope) -> None:
        delivery = send()
        stranger = User.objects.create_user("sam", password="correct horse battery")
        elsewhere = Scope.objects.create(organisation=Organisation.objects.create(name="Other"), repository="far")
        RoleAssignment.objects.create(user=stranger, scope=scope, role="reviewer")
        RoleAssignment.objects.create(user=stranger, scope=elsewhere, role="admin")
        client = Client()
        client.force_login(stranger)
        pages = [reverse("jobs:webhook-detail", args=[hook[0].pk]), reverse("jobs:delivery-detail", args=[delivery.pk])]
        assert [client.get(page).status_code for page in pages] == [404, 404]
        verbs = ("webhook-rotate", "webhook-retire", "webhook-test", "webhook-delete")
        for url in [reverse(f"jobs:{verb}", args=[hook[0].pk]) for verb in verbs]:
            assert client.post(url).status_code == 404
        assert client.post(reverse("jobs:delivery-redeliver", args=[delivery.pk])).status_code == 404
        with pytest.raises(NotFound):
            webhook_remove(actor=stranger, endpoint_id=hook[0].pk)
        RoleAssignment.objects.filter(role="admin").delete()
        assert client.get(reverse("jobs:webhook-list")).status_code == 403

    def test_due_messages_are_taken_up_again_whatever_died(self, send: Send) -> None:
        delivery = send()
        Job.objects.all().delete()
        jobs_due_begin(at=now())
        jobs_due_begin(at=now())
        assert Job.objects.filter(subject_id=delivery.pk).count() == 1
        WebhookDelivery.objects.update(next_attempt_at=now() + timedelta(hours=1))
        assert deliveries_due(now()) == []


@pytest.mark.django_db(transaction=True)
def test_a_job_delivers_and_a_message_is_sent_again_on_request(
    hook: Hook, send: Send, server: FaultServer, admin: User
) -> None:
    delivery = send()
    assert job_execute(Job.objects.get().pk) == "succeeded"
    delivery_repeat(actor=admin, delivery_id=delivery.pk)
    assert job_execute(Job.objects.get(state="queued").pk) == "succeeded"
    assert [request.headers["x-nofx-delivery"] for request in server.requests] == [str(delivery.pk)] * 2
    assert list(WebhookAttempt.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert AuditEvent.objects.latest("sequence").action == "webhook.redeliver"


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_undone_is_told_to_nobody(hook: Hook, scope: Scope) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        event_send(event=MERGED, scope=scope, data={})
        raise ZeroDivisionError
    assert (WebhookDelivery.objects.count(), Job.objects.count()) == (0, 0)


def _page(user: User, name: str, *arguments: object) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse(f"jobs:{name}", args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def browser(self, admin: User) -> Client:
        client = Client()
        client.force_login(admin)
        return client

    def test_a_secret_is_shown_once_and_kept_by_no_cache(
        self, browser: Client, allowed: None, scope: Scope, server: FaultServer
    ) -> None:
        form = {"scope": scope.pk, "name": "chat", "url": server.url, "events": [MERGED]}
        answer = browser.post(reverse("jobs:webhook-new"), form)
        endpoint = WebhookEndpoint.objects.get()
        hint = endpoint.secrets.get().hint
        assert "nofx_whsec_" in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        page = browser.get(reverse("jobs:webhook-detail", args=[endpoint.pk])).content.decode()
        assert "nofx_whsec_" not in page
        assert f"…{hint}" in page

    def test_a_wrong_address_is_said_beside_what_was_written(self, browser: Client, scope: Scope) -> None:
        form = {"scope": scope.pk, "name": "chat", "url": "https://10.0.0.1/", "events": [MERGED]}
        page = browser.post(reverse("jobs:webhook-new"), form).content.decode()
        assert "not an address of the public internet" in page
        assert "https://10.0.0.1/" in page

    def test_it_is_changed_switched_off_pinged_and_removed(self, browser: Client, hook: Hook, server: Any) -> None:
        endpoint, _ = hook
        url = reverse("jobs:webhook-detail", args=[endpoint.pk])
        form = {"name": "tickets", "url": server.url, "events": ["review.blocked"]}
        assert browser.post(url, form).status_code == 302
        endpoint.refresh_from_db()
        assert (endpoint.name, endpoint.events, endpoint.is_enabled) == ("tickets", ["review.blocked"], False)
        assert browser.post(reverse("jobs:webhook-test", args=[endpoint.pk])).status_code == 422
        browser.post(url, {**form, "is_enabled": "on"})
        browser.post(reverse("jobs:webhook-test", args=[endpoint.pk]))
        assert "ping" in browser.get(url).content.decode()
        browser.post(reverse("jobs:webhook-delete", args=[endpoint.pk]))
        assert not WebhookEndpoint.objects.exists()
        assert AuditEvent.objects.latest("sequence").action == "webhook.remove"

    def test_lists_cost_the_same_for_one_and_for_many(self, browser: Client, hook: Hook, send: Send) -> None:
        pages = [reverse("jobs:webhook-list"), reverse("jobs:webhook-detail", args=[hook[0].pk])]

        def queries() -> list[int]:
            counts = []
            for page in pages:
                with CaptureQueriesContext(connection) as captured:
                    browser.get(page)
                counts.append(len(captured))
            return counts

        send()
        few = queries()
        for number in range(12):
            send()
            WebhookEndpoint.objects.create(scope=hook[0].scope, name=f"n{number}", url=hook[0].url, events=[MERGED])
        assert queries() == few
