"""The nouns: who sees which rows, pages, filters, and a constant number of queries."""

from __future__ import annotations

from itertools import chain
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.generation.models import (
    CodeGenerationRequest,
    GeneratedCodeArtifact,
)
from apps.governance.models import Ballot, RoleAssignment
from apps.governance.services import audit_record, scope_create
from apps.governance.types import Role
from apps.jobs.models import Job
from nofx.api.resources import RESOURCES
from tests.contract.world import World

pytestmark = pytest.mark.django_db
NOUNS = [resource.noun for resource in RESOURCES]
PREFIXES = {resource.noun: resource.prefix for resource in RESOURCES}
# Rows that everybody with a role anywhere reads.
FOR_EVERYBODY = {"providers", "signing-keys"}
# Rows that belong to one person, whatever roles others hold.
PERSONAL = {
    "drafts",
    "draft-attachments",
    "draft-versions",
    "readings",
    "tokens",
    "direct-artifacts",
    "idempotency-keys",
    "notifications",
    "notification-choices",
    "notification-mutes",
    "viewed-files",
    "watches",
}
# What administrators of an organisation see, and who else is something in a whole organisation.
OPERATORS = {
    "sandbox-days",
    "webhooks",
    "webhook-secrets",
    "webhook-deliveries",
    "webhook-attempts",
    "feed-positions",
    "queue-processes",
    "retention-settings",
    "erasures",
    "account-links",
}


@pytest.fixture
def owner(person):
    return person("olga", Role.ENGINEER)


@pytest.fixture
def world(scope, owner):
    made = World(scope, owner)
    made.grow()
    return made


@pytest.fixture
def auditor(person):
    return person("ada", Role.AUDITOR)


def items(response):
    assert response.status_code == 200, response.content
    return response.json()["items"]


@pytest.fixture
def reader(owner, auditor, person):
    """Return who reads the rows of a noun."""
    above = scope_create(organisation="Acme", created_by=None)
    operator = person("opal", Role.ADMIN, where=above)

    def of(noun):
        return operator if noun in OPERATORS else owner if noun in PERSONAL else auditor

    return of


def test_a_row_appears_in_its_list_and_by_either_form_of_its_id(call, world, reader):
    for noun in NOUNS:
        listed = items(call("GET", f"/api/v1/{noun}", user=reader(noun)))
        assert listed, noun
        row = listed[0]
        assert row["id"].startswith(f"{PREFIXES[noun]}_"), noun
        for key in (row["id"], row["id"].removeprefix(f"{PREFIXES[noun]}_")):
            assert call("GET", f"/api/v1/{noun}/{key}", user=reader(noun)).json() == row, noun


def test_nobody_sees_rows_of_repositories_they_have_no_role_in(call, world, person, reader):
    elsewhere = scope_create(organisation="Other", repository="far", created_by=None)
    stranger = person("sam", Role.AUDITOR, Role.ENGINEER, Role.CHAIR, where=elsewhere)
    for noun in NOUNS:
        theirs = [row["id"] for row in items(call("GET", f"/api/v1/{noun}", user=reader(noun)))]
        seen = [row["id"] for row in items(call("GET", f"/api/v1/{noun}", user=stranger))]
        if noun in FOR_EVERYBODY:
            assert seen == theirs
            continue
        assert not set(seen) & set(theirs), noun
        assert call("GET", f"/api/v1/{noun}/{theirs[0]}", user=stranger).status_code == 404, noun


def test_a_person_without_any_role_sees_nothing_and_nobody_gets_in_without_a_name(call, world, person):
    nemo = person("nemo")
    for noun in NOUNS:
        assert items(call("GET", f"/api/v1/{noun}", user=nemo)) == [], noun
        assert call("GET", f"/api/v1/{noun}").status_code == 401, noun


@pytest.mark.slow
def test_a_token_reads_with_the_scope_of_the_noun_only(call, world, owner, token):
    permits = {resource.permit for resource in RESOURCES}
    headers = {permit: token(owner, permit) for permit in permits}
    for resource in RESOURCES:
        path = f"/api/v1/{resource.noun}"
        assert call("GET", path, headers=headers[resource.permit]).status_code == 200, path
        other = next(permit for permit in sorted(permits) if permit != resource.permit)
        refused = call("GET", path, headers=headers[other])
        assert (refused.status_code, refused.json()["required"]) == (403, [resource.permit]), path


def test_nouns_are_read_only(call, world, auditor):
    for noun in NOUNS:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            refused = call(method, f"/api/v1/{noun}", {}, user=auditor)
            assert refused.status_code == 405, (method, noun)
            assert refused["Content-Type"] == "application/problem+json"


def test_a_list_costs_the_same_number_of_queries_for_one_row_and_for_many(world, reader):
    clients = {noun: Client() for noun in NOUNS}
    for noun, client in clients.items():
        client.force_login(reader(noun))

    def queries(noun: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            clients[noun].get(f"/api/v1/{noun}?first=200")
        return len(captured)

    few = {noun: queries(noun) for noun in NOUNS}
    for _ in range(8):
        world.grow()
    assert {noun: queries(noun) for noun in NOUNS} == few
    # Session, person, places and blindness; rows that are looked for take three.
    assert max(few.values()) <= 7


# Short by nature: what one person made, the accounts' roles, what an administrator registered, a row a machine and day.
SHORT_LISTS = {
    "signing-keys",
    "drafts",
    "draft-attachments",
    "tokens",
    "roles",
    "providers",
    "repositories",
    "idempotency-keys",
    "sandbox-days",
    *("drafts", "tokens", "roles", "providers", "repositories", "idempotency-keys", "sandbox-days"),
    "notification-mutes",
    "watches",
}
# A person reads their own only, so the index begins with whose a row is.
OWN_LISTS = {
    "direct-artifacts": ("submitted_by",),
    "draft-versions": ("written_by",),
    "readings": ("author",),
    "notifications": ("recipient",),
    "viewed-files": ("reviewer",),
}


@pytest.mark.parametrize(
    "resource", [one for one in RESOURCES if one.newest and one.noun not in SHORT_LISTS], ids=lambda one: one.noun
)
def test_a_long_list_is_read_from_an_index_in_its_order(resource):
    options = resource.model._meta
    order = (*OWN_LISTS.get(resource.noun, ()), f"-{resource.newest}")
    indexed = {tuple(index.fields)[: len(order)] for index in options.indexes}
    is_unique = options.get_field(resource.newest).unique
    assert is_unique or order in indexed


def test_pages_follow_one_another_without_gaps_or_repetitions(call, world, auditor):
    for _ in range(6):
        world.grow()
    everything = [row["id"] for row in items(call("GET", "/api/v1/requests", user=auditor))]
    assert len(everything) == 7
    pages, address = [], "/api/v1/requests?first=3"
    while address:
        answer = call("GET", address, user=auditor)
        pages.append([row["id"] for row in items(answer)])
        cursor = answer.json()["next_cursor"]
        address = f"/api/v1/requests?first=3&after={cursor}" if cursor else ""
        assert ("Link" in answer) == bool(cursor)
        if cursor:
            assert answer["Link"].endswith('; rel="next"')
            assert cursor in answer["Link"]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(chain.from_iterable(pages)) == everything


@pytest.mark.parametrize("noun", ["consensus", "audit-events", "scopes"])
def test_lists_without_a_time_are_paged_too(call, world, auditor, noun):
    world.grow()
    whole = items(call("GET", f"/api/v1/{noun}", user=auditor))
    first = call("GET", f"/api/v1/{noun}?first=1", user=auditor).json()
    collected = first["items"]
    while first["next_cursor"]:
        first = call("GET", f"/api/v1/{noun}?first=1&after={first['next_cursor']}", user=auditor).json()
        collected += first["items"]
    assert collected == whole


def test_rows_without_a_time_come_first_and_are_paged(call, world, auditor):
    for _ in range(3):
        world.grow()
    pks = list(CodeGenerationRequest.objects.values_list("pk", flat=True))
    CodeGenerationRequest.objects.filter(pk__in=pks[:2]).update(created_at=None)
    whole = [row["id"] for row in items(call("GET", "/api/v1/requests", user=auditor))]
    collected, cursor = [], ""
    while True:
        page = call("GET", f"/api/v1/requests?first=1&after={cursor}", user=auditor).json()
        collected += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert collected == whole
    assert len(whole) == 4


@pytest.mark.parametrize("query", ["first=0", "first=201", "first=x", "after=nonsense", "after=WzEsMl0", "after=e30"])
def test_a_list_that_cannot_be_given_is_a_problem(call, world, auditor, query):
    assert call("GET", f"/api/v1/requests?{query}", user=auditor).status_code == 400


@pytest.mark.parametrize("key", ["nonsense", "req_", str(UUID(int=0)), "12", "req_ü"])
def test_an_id_that_is_none_is_not_found(call, world, auditor, key):
    assert call("GET", f"/api/v1/requests/{key}", user=auditor).status_code == 404
    assert call("GET", f"/api/v1/audit-events/{key}9999999999999999999999", user=auditor).status_code == 404


def test_filters_narrow_a_list(call, world, auditor):
    world.grow(status="failed")
    failed = items(call("GET", "/api/v1/requests?status=failed", user=auditor))
    assert [row["status"] for row in failed] == ["failed"]
    repository = failed[0]["repository"]
    assert len(items(call("GET", f"/api/v1/requests?repository={repository}", user=auditor))) == 2
    assert items(call("GET", f"/api/v1/requests?repository=repo_{uuid4()}", user=auditor)) == []
    assert len(items(call("GET", f"/api/v1/candidates?request={failed[0]['id']}", user=auditor))) == 1
    assert items(call("GET", "/api/v1/consensus?human_approved=true", user=auditor)) == []
    assert len(items(call("GET", "/api/v1/providers?is_enabled=true", user=auditor))) == 1
    assert items(call("GET", "/api/v1/providers?is_enabled=false", user=auditor)) == []
    assert len(items(call("GET", "/api/v1/snapshots?snapshot_date=2026-11-01", user=auditor))) == 2
    assert items(call("GET", "/api/v1/snapshots?snapshot_date=2026-11-02", user=auditor)) == []


@pytest.mark.parametrize(
    "address",
    ["snapshots?snapshot_date=soon", "jobs?subject_id=mine", "providers?is_enabled=maybe", "drafts?repository=x"],
)
def test_a_filter_that_cannot_be_read_is_a_problem_and_never_left_out(call, world, auditor, address):
    refused = call("GET", f"/api/v1/{address}", user=auditor)
    assert refused.status_code in {400, 404}
    assert refused["Content-Type"] == "application/problem+json"


def test_a_count_is_given_when_asked_for(call, world, auditor):
    world.grow()
    assert "count" not in call("GET", "/api/v1/requests", user=auditor).json()
    answer = call("GET", "/api/v1/requests?count=true&first=1", user=auditor).json()
    assert (answer["count"], len(answer["items"])) == (2, 1)


class TestBlindness:
    """Until a reviewer has voted, nothing tells them who wrote what or how others voted."""

    @pytest.fixture
    def open_request(self, world):
        return world.grow(status="in_review")

    @pytest.fixture
    def reviewer(self, person):
        return person("ravi", Role.REVIEWER)

    PATHS = (
        "/api/v1/candidates?request={id}",
        "/api/v1/artifacts?request={id}",
        "/api/v1/consensus?request={id}",
        "/api/v1/model-calls?subject_id={id}",
        "/api/v1/jobs?subject_id={id}",
        "/api/v1/job-events",
    )

    @pytest.mark.bar(5)
    def test_no_answer_names_the_model_before_the_vote(self, call, world, open_request, reviewer):
        Job.objects.update(progress={"model": "qwen"})
        CodeGenerationRequest.objects.exclude(pk=open_request.pk).update(status="in_review")
        for path in self.PATHS:
            answer = call("GET", path.format(id=open_request.pk), user=reviewer)
            assert answer.status_code == 200, answer.content
            assert "qwen" not in answer.content.decode(), path
        artifact = GeneratedCodeArtifact.objects.get(request=open_request)
        assert call("GET", f"/api/v1/artifacts/{artifact.pk}", user=reviewer).status_code == 404

    def test_after_the_vote_and_after_the_decision_it_is_told(self, call, world, open_request, reviewer, scope):
        Ballot.objects.create(
            subject_kind="request",
            subject_id=open_request.pk,
            subject_digest="d",
            scope=scope,
            voter=reviewer,
            verdict="approve",
        )
        rows = items(call("GET", f"/api/v1/candidates?request={open_request.pk}", user=reviewer))
        assert rows[0]["model_id"] == "qwen"
        other = items(call("GET", "/api/v1/candidates", user=reviewer))
        assert all(row["model_id"] == "qwen" for row in other)

    def test_others_see_it(self, call, world, open_request, auditor):
        rows = items(call("GET", f"/api/v1/candidates?request={open_request.pk}", user=auditor))
        assert rows[0]["model_id"] == "qwen"

    @pytest.mark.bar(5)
    def test_others_verdicts_appear_after_ones_own(self, call, world, open_request, reviewer, scope):
        path = f"/api/v1/ballots?subject_id={open_request.pk}"
        assert items(call("GET", path, user=reviewer)) == []
        Ballot.objects.create(
            subject_kind="request",
            subject_id=open_request.pk,
            subject_digest="d",
            scope=scope,
            voter=reviewer,
            verdict="approve",
        )
        assert len(items(call("GET", path, user=reviewer))) == 2


def test_engineers_read_their_own_audit_entries_only(call, world, owner, person):
    colleague = person("cora", Role.ENGINEER)
    assert {row["actor_id"] for row in items(call("GET", "/api/v1/audit-events", user=owner))} == {str(owner.pk)}
    assert items(call("GET", "/api/v1/audit-events", user=colleague)) == []


def test_entries_about_no_repository_are_for_those_who_audit_the_organisation(call, world, auditor, person, scope):
    audit_record(action="platform", object_kind="x", object_id=1, actor=None)
    above = scope_create(organisation="Acme", created_by=None)
    chief = person("chief")
    RoleAssignment.objects.create(user=chief, scope=above, role=Role.AUDITOR.value)
    path = "/api/v1/audit-events?action=platform"
    assert items(call("GET", path, user=auditor)) == []
    assert len(items(call("GET", path, user=chief))) == 1
