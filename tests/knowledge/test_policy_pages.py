"""Code rules as people change them: proposed, tried, published by another, and kept by the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, Error, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.governance.models import AuditEvent, PolicyVersion, RoleAssignment, Scope, User
from apps.governance.services import NotAllowed, NotInteractive, PolicyInvalid, scope_create
from apps.knowledge.engine.policy import policy_read, policy_rules, rule_broken
from apps.knowledge.models import RepositoryPolicy
from apps.repositories.models import Repository
from tests.policies import code_rules_ruled, version_proposed, version_signed

pytestmark = pytest.mark.django_db
NEW = "/governance/policies/code-rules/new"


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


@pytest.fixture
def chair(person: Callable[..., User]) -> User:
    return person("chris", "chair")


def proposed(repository: Repository, actor: User, **lists: list[str]) -> PolicyVersion:
    return version_proposed("code_rules", repository.scope, policy_read(lists).as_json(), actor)


def page(client: Client) -> str:
    return client.get(reverse("knowledge:policy-detail", args=["shop"])).content.decode()


def post(client: Client, repository: Repository, **values: str) -> Any:
    return client.post(NEW, {"scope": str(repository.scope_id), "reason": "A start.", **values})


def test_beside_no_rules_a_version_only_adds(repository: Repository, lead: User, client: Client) -> None:
    client.force_login(lead)
    version = proposed(repository, lead, dependencies_denied=["requests"])
    shown = client.get(reverse("governance:version-detail", args=[version.pk])).context["difference"]
    assert [line.html for line in shown] == ["denied distribution: requests"]


def test_rules_count_once_another_person_published_them_and_each_version_is_kept(
    repository: Repository, lead: User, chair: User, client: Client
) -> None:
    client.force_login(lead)
    assert "This repository has no code rules" in page(client)
    assert post(client, repository, forbidden_patterns="clamp\n", licences_denied="gplv3").status_code == 302
    assert not RepositoryPolicy.objects.exists()
    version_signed(PolicyVersion.objects.get(), chair)
    version_signed(proposed(repository, chair, licences_denied=["GPL-3.0-only"]), lead)
    first, second = RepositoryPolicy.objects.order_by("version")
    assert (first.version, first.written_by, second.version, second.written_by) == (1, lead, 2, chair)
    assert first.content["forbidden_patterns"] == ["clamp"]
    text = page(client)
    assert "− Forbidden patterns and anti-patterns: clamp" in text and "A start." in text
    assert "GPL-3.0-only" in text
    events = list(AuditEvent.objects.filter(action="policy_version.publish").order_by("sequence"))
    assert [event.detail["version"] for event in events] == [1, 2]
    assert events[1].before_digest == first.content_digest and events[1].after_digest == second.content_digest


def test_rules_that_were_written_before_there_were_versions_go_on_counting(
    as_owner: None, repository: Repository, lead: User, chair: User, client: Client
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE knowledge_repositorypolicy DISABLE TRIGGER knowledge_policy_published")
        content = policy_read({"dependencies_denied": ["numpy"]}).as_json()
        given = {"content": content, "content_digest": "d", "reason": "Old.", "written_by": lead}
        RepositoryPolicy.objects.create(repository=repository, version=4, **given)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE knowledge_repositorypolicy ENABLE TRIGGER knowledge_policy_published")
    client.force_login(lead)
    assert "numpy</textarea>" in client.get(NEW, {"scope": repository.scope_id}).content.decode()
    version = version_signed(proposed(repository, lead, dependencies_denied=["pandas"]), chair)
    assert version.number == 5
    assert "numpy" in client.get(f"/governance/policies/versions/{version.pk}").content.decode()


@pytest.mark.parametrize("role", ["engineer", "reviewer", "architect", "documentation_owner", "auditor", "admin"])
def test_only_a_quality_lead_or_the_chair_proposes(
    repository: Repository, person: Callable[..., User], client: Client, role: str
) -> None:
    user = person("sam", role)
    client.force_login(user)
    assert "Propose the next version" not in page(client)
    assert post(client, repository).status_code == 403
    with pytest.raises(NotAllowed):
        proposed(repository, user, dependencies_denied=["numpy"])
    assert not PolicyVersion.objects.exists()


def test_a_machine_proposes_nothing(repository: Repository, person: Callable[..., User]) -> None:
    robot = person("robot", "quality_lead")
    robot.is_service = True
    with pytest.raises(NotInteractive):
        proposed(repository, robot)


def test_what_cannot_be_kept_comes_back_with_its_words(repository: Repository, lead: User, client: Client) -> None:
    client.force_login(lead)
    answer = post(
        client, repository, required_patterns="clmp\nslugify", forbidden_patterns="slugify", reason="Why not."
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "There is no pattern clmp. Did you mean clamp?" in text
    assert "slugify is required and forbidden at once." in text
    assert "clmp\nslugify" in text and "Why not." in text
    assert post(client, repository, reason=" ").status_code == 422
    with pytest.raises(PolicyInvalid, match="There is no pattern clmp"):
        proposed(repository, lead, required_patterns=["clmp"])
    assert not PolicyVersion.objects.exists()


def test_a_place_without_a_repository_has_no_rules(repository: Repository, lead: User) -> None:
    place = scope_create(organisation="Acme", repository="bare", created_by=None)
    RoleAssignment.objects.create(user=lead, scope=place, role="quality_lead")
    with pytest.raises(PolicyInvalid, match="There is no repository here"):
        version_proposed("code_rules", place, policy_read({}).as_json(), lead)


def test_two_people_who_propose_at_once_lose_nothing(repository: Repository, lead: User, chair: User) -> None:
    first = proposed(repository, lead, dependencies_denied=["numpy"])
    second = proposed(repository, chair, dependencies_denied=["pandas"])
    assert (first.number, second.number) == (1, 2)


def test_a_finding_leads_to_the_number_of_its_rule() -> None:
    lists = {
        "required_patterns": ["clamp in shop/*"],
        "dependencies_allowed": ["flask", "django"],
        "licences_denied": ["MIT"],
    }
    rules = policy_rules(policy_read(lists))
    assert [rule.number for rule in rules] == [1, 2, 3, 4]
    assert str(rule_broken(rules, "required-pattern", "clamp")) == "required pattern: clamp in shop/*"
    assert rule_broken(rules, "dependency-not-allowed", "numpy").number == 2
    assert rule_broken(rules, "denied-licence", "MIT AND 0BSD").number == 4


def test_the_database_keeps_every_version(repository: Repository) -> None:
    policy = code_rules_ruled(repository, {"dependencies_denied": ["numpy"]})
    for change in (lambda rows: rows.update(reason="Another."), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
            change(RepositoryPolicy.objects.filter(pk=policy.pk))


def test_sql_lets_no_rules_count_that_two_people_did_not_sign(repository: Repository, lead: User) -> None:
    version = proposed(repository, lead, dependencies_denied=["numpy"])
    signed = code_rules_ruled(repository, {"dependencies_denied": ["pandas"]})
    given = {"repository": repository, "reason": "r", "written_by": lead}
    for number, content, digest in (
        (version.number, version.content, version.content_digest),
        (signed.version + 1, signed.content, signed.content_digest),
        (signed.version + 1, version.content, signed.content_digest),
    ):
        with pytest.raises(Error, match="what the published version"), transaction.atomic():
            RepositoryPolicy.objects.create(version=number, content=content, content_digest=digest, **given)


def test_a_stranger_finds_neither_list_nor_policy(repository: Repository, client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", password="correct horse battery staple"))
    assert client.get(reverse("knowledge:policy-list")).status_code in {403, 404}
    assert client.get(reverse("knowledge:policy-detail", args=["shop"])).status_code == 404
    assert post(client, repository).status_code == 403


def test_the_list_takes_the_same_queries_for_many_repositories(
    repository: Repository, lead: User, client: Client
) -> None:
    client.force_login(lead)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("knowledge:policy-list")).status_code == 200
        return len(captured)

    code_rules_ruled(repository, {"dependencies_denied": ["numpy"]})
    queries()
    before = queries()
    for number in range(8):
        scope = scope_create(organisation="Acme", repository=f"r{number}", created_by=None)
        RoleAssignment.objects.create(user=lead, scope=scope, role="quality_lead")
        another = Repository.objects.create(scope=scope, name=f"r{number}", path=f"/srv/r{number}")
        code_rules_ruled(another, {"dependencies_denied": ["numpy"]})
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
