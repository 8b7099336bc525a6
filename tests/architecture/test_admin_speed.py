"""Lists of the admin site stay fast where tables are long."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.governance.models import AuditEvent, Organisation, Scope, User
from apps.jobs.models import (
    Job,
    JobEvent,
    Notification,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from apps.providers.models import ModelCall, Provider

ROWS = 100_000
LIMIT_S = 0.3
TRIES = 10

pytestmark = [pytest.mark.slow, pytest.mark.quiet, pytest.mark.django_db]

# One statement for each table: the rows are made by the database, a hundred thousand in a second or two.
SERIES = "FROM generate_series(1, %(rows)s) AS n"


def fill(statement: str, **values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"rows": ROWS, **values})


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password="correct horse battery")


@pytest.fixture
def long_tables(root: User) -> None:
    scope = Scope.objects.create(organisation=Organisation.objects.create(name="Acme"), repository="shop")
    provider, _ = Provider.objects.get_or_create(name="a", kind="builtin", model_id="reuse")
    endpoint = WebhookEndpoint.objects.create(scope=scope, name="hook", url="https://example.org", events=[])
    job, delivery = uuid4(), uuid4()
    fill(
        "INSERT INTO governance_auditevent (sequence, at, actor_id, actor_type, on_behalf_of, session_digest, action,"
        " object_kind, object_id, scope_id, before_digest, after_digest, reason, outcome, detail, previous_hash, hash)"
        " SELECT n, now(), '1', 'human', '', '', 'x', 'request', n::text, %(scope)s, '', '', '', 'done', '{}', '',"
        f" n::text {SERIES}",
        scope=scope.pk,
    )
    fill(
        "INSERT INTO jobs_job (id, kind, subject_kind, subject_id, payload, state, attempts, max_attempts, sequence,"
        " progress, error, requested_by_id, created_at) SELECT gen_random_uuid(), 'probe.work', 'probe',"
        " gen_random_uuid(), '{}', 'succeeded', 1, 3, 1, '{}', '', %(user)s, now() - n * interval '1 minute'"
        f" {SERIES}",
        user=root.pk,
    )
    Job.objects.create(pk=job, kind="probe.work", subject_kind="probe", subject_id=job)
    fill(
        "INSERT INTO jobs_jobevent (job_id, sequence, stage, data, created_at)"
        f" SELECT %(job)s, n, 'step', '{{}}', now() {SERIES}",
        job=job,
    )
    fill(
        "INSERT INTO jobs_notification (id, recipient_id, kind, subject_kind, subject_id, scope_id, title, text, url,"
        " news, created_at, changed_at, mail_state) SELECT gen_random_uuid(), %(user)s, 'your_turn', 'request',"
        f" n::text, %(scope)s, 'T', '', '', 1, now(), now() - n * interval '1 minute', 'none' {SERIES}",
        user=root.pk,
        scope=scope.pk,
    )
    fill(
        "INSERT INTO jobs_webhookdelivery (id, endpoint_id, event, body, state, attempts, created_at)"
        " SELECT gen_random_uuid(), %(endpoint)s, 'request.merged', '{}', 'delivered', 1,"
        f" now() - n * interval '1 minute' {SERIES}",
        endpoint=endpoint.pk,
    )
    WebhookDelivery.objects.create(pk=delivery, endpoint=endpoint, event="request.merged", body="{}")
    fill(
        "INSERT INTO jobs_webhookattempt (delivery_id, number, started_at, duration_ms, status, answer, problem)"
        " SELECT %(delivery)s, n, now(), 1, 200, '', '' FROM generate_series(1, least(%(rows)s, 32000)) AS n",
        delivery=delivery,
    )
    fill(
        "INSERT INTO providers_modelcall (id, provider_id, subject_kind, subject_id, sample_index, model_id,"
        " prompt_digest, answer_digest, latency_ms, outcome, error, created_at) SELECT gen_random_uuid(), %(provider)s,"
        " 'request', gen_random_uuid(), 0, 'm', 'd', '', 1, 'answered', '', now() - n * interval '1 minute'"
        f" {SERIES}",
        provider=provider.pk,
    )
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("ANALYZE")


LONG: list[type[Model]] = [AuditEvent, Job, JobEvent, Notification, WebhookDelivery, WebhookAttempt, ModelCall]


@pytest.mark.bar(13)
def test_lists_of_long_tables_open_search_and_turn_pages_within_300_ms(
    long_tables: None, root: User, client: Client
) -> None:
    client.force_login(root)
    slow = {}
    for model in LONG:
        page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for query in ("", "?p=2", f"?q={uuid4()}"):
            taken = []
            for _ in range(TRIES):
                started = time.perf_counter()
                answer = client.get(page + query, follow=True)
                taken.append(time.perf_counter() - started)
                assert answer.status_code == 200
            # The best one: the first pays for templates, and others may have had the processor in the rest.
            if min(taken) > LIMIT_S:
                slow[f"{model.__name__}{query[:4]}"] = round(min(taken), 3)
    assert slow == {}
