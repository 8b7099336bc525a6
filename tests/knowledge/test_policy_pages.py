"""Policies as people write them: who may, what is kept, and what comes back with its words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.governance.models import AuditEvent, RoleAssignment, Scope, User
from apps.governance.services import NotAllowed, scope_create
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.services.policies import policy_save
from apps.repositories.models import Repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def scope() -> Scope:
    return scope_create(organisation="Acme", repository="shop", created_by=None)


@pytest.fixture
def repository(scope: Scope) -> Repository:
    return Repository.objects.create(scope=scope, name="shop", path="/srv/shop")


@pytest.fixture
def person(scope: Scope) -> Callable[..., User]:
    def make(name: str, *roles: str) -> User:
        user = User.objects.create_user(name, password="correct horse battery staple")
        RoleAssignment.objects.bulk_create(RoleAssignment(user=user, scope=scope, role=role) for role in roles)
        return user

    return make


@pytest.fixture
def lead(person: Callable[..., User]) -> User:
    return person("quinn", "quality_lead")


def save(repository: Repository, actor: User, version: int = 0, reason: str = "A start.", **lists: list[str]):
    return policy_save(repository=repository, actor=actor, lists=lists, seen_version=version, reason=reason)


def page(client: Client) -> str:
    return client.get(reverse("knowledge:policy-detail", args=["shop"])).content.decode()


def post(client: Client, **values: str):
    form = {"version": "0", "reason": "A start.", **values}
    return client.post(reverse("knowledge:policy-save", args=["shop"]), form)


def test_each_version_is_kept_with_who_when_and_why(repository: Repository, lead: User, client: Client) -> None:
    client.force_login(lead)
    assert "This repository has no code rules" in page(client)
    assert post(client, forbidden_patterns="clamp\n", licences_denied="gplv3").status_code == 302
    assert post(client, version="1", reason="Clamp is fine.", licences_denied="GPL-3.0-only").status_code == 302
    first, second = RepositoryPolicy.objects.order_by("version")
    assert (first.version, second.version) == (1, 2)
    assert first.content["forbidden_patterns"] == ["clamp"]
    text = page(client)
    assert "− Forbidden patterns and anti-patterns: clamp" in text and "Clamp is fine." in text
    assert "GPL-3.0-only" in text
    events = list(AuditEvent.objects.filter(action="policy.save").order_by("sequence"))
    assert [event.detail["version"] for event in events] == [1, 2]
    assert events[1].before_digest == first.content_digest and events[1].after_digest == second.content_digest


def test_a_policy_that_says_the_same_is_no_new_version(repository: Repository, lead: User) -> None:
    save(repository, lead, dependencies_denied=["numpy"])
    assert save(repository, lead, 1, dependencies_denied=["NumPy"]).version == 1


@pytest.mark.parametrize("role", ["engineer", "reviewer", "architect", "documentation_owner", "auditor", "admin"])
def test_only_a_quality_lead_or_the_chair_writes(
    repository: Repository, person: Callable[..., User], client: Client, role: str
) -> None:
    user = person("sam", role)
    client.force_login(user)
    assert "Write the next version" not in page(client)
    assert post(client).status_code == 403
    assert AuditEvent.objects.filter(action="policy.save", outcome="denied", actor_id=str(user.pk)).exists()
    assert not RepositoryPolicy.objects.exists()


def test_the_chair_writes_and_a_machine_does_not(repository: Repository, person: Callable[..., User]) -> None:
    assert save(repository, person("chris", "chair"), dependencies_denied=["numpy"]).version == 1
    robot = person("robot", "quality_lead")
    robot.is_service = True
    with pytest.raises(NotAllowed):
        save(repository, robot, 1)


def test_what_cannot_be_saved_comes_back_with_its_words(repository: Repository, lead: User, client: Client) -> None:
    client.force_login(lead)
    answer = post(client, required_patterns="clmp\nslugify", forbidden_patterns="slugify", reason="Why not.")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "There is no pattern clmp. Did you mean clamp?" in text
    assert "slugify is required and forbidden at once." in text
    assert "clmp\nslugify" in text and "Why not." in text
    assert post(client, reason=" ").status_code == 422
    assert not RepositoryPolicy.objects.exists()


def test_two_people_at_once_lose_nothing(repository: Repository, lead: User, client: Client) -> None:
    client.force_login(lead)
    save(repository, lead, dependencies_denied=["numpy"])
    answer = post(client, version="0", dependencies_denied="pandas")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Somebody saved another version" in text and "pandas</textarea>" in text
    assert 'name="version" value="1"' in text
    assert RepositoryPolicy.objects.count() == 1


def test_the_database_keeps_every_version(repository: Repository, lead: User) -> None:
    policy = save(repository, lead, dependencies_denied=["numpy"])
    for change in (lambda rows: rows.update(reason="Another."), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
            change(RepositoryPolicy.objects.filter(pk=policy.pk))


def test_a_stranger_finds_neither_list_nor_policy(repository: Repository, client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", password="correct horse battery staple"))
    assert client.get(reverse("knowledge:policy-list")).status_code in {403, 404}
    assert client.get(reverse("knowledge:policy-detail", args=["shop"])).status_code == 404
    assert post(client).status_code == 404


def test_the_list_takes_the_same_queries_for_many_repositories(
    repository: Repository, lead: User, client: Client
) -> None:
    client.force_login(lead)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("knowledge:policy-list")).status_code == 200
        return len(captured)

    save(repository, lead, dependencies_denied=["numpy"])
    queries()
    before = queries()
    for number in range(8):
        scope = scope_create(organisation="Acme", repository=f"r{number}", created_by=None)
        RoleAssignment.objects.create(user=lead, scope=scope, role="quality_lead")
        save(
            Repository.objects.create(scope=scope, name=f"r{number}", path=f"/srv/r{number}"),
            lead,
            dependencies_denied=["numpy"],
        )
    assert queries() == before


def test_code_rules_and_approval_policies_are_told_apart_and_lead_to_each_other(
    client: Client, repository: Repository, lead: User
) -> None:
    client.force_login(lead)
    rules, policies = reverse("knowledge:policy-list"), reverse("governance:policy-list")
    for url, title, other in (
        (rules, "Code rules · Knowledge", policies),
        (reverse("knowledge:policy-detail", args=["shop"]), "Code rules of shop", policies),
        (policies, "Approval policies", rules),
    ):
        page = client.get(url).content.decode()
        assert f"<title>{title}" in page
        assert f'href="{other}"' in page.partition("<main")[2]
