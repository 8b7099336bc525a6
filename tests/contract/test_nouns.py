"""Every table has a noun, and none of them tells a secret."""

from __future__ import annotations

import pytest
from django.apps import apps

from apps.governance.models import RoleAssignment, User
from apps.governance.services import scope_create
from apps.governance.types import Role
from nofx.api.resources import RESOURCES
from tests.contract.world import World

SECRETS = {"password", "digest", "email", "response", "body_digest", "key_variable", "claim", "session_digest"}
# The names of columns that say nothing secret although a secret column of another table is called the same.
HARMLESS = {
    "measured-code": {"digest"},
    "code-symbols": {"digest"},
    "gates": {"digest"},
    "draft-attachments": {"digest"},
    "gate-freezes": {"digest"},
    "guidance": {"digest"},
    "reviewed-contents": {"digest"},
}


@pytest.fixture
def olga(person):
    return person("olga", Role.ENGINEER, first_name="Olga", last_name="Ortega")


@pytest.fixture
def world(scope, olga):
    made = World(scope, olga)
    made.grow(status="in_review")
    return made


def items(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def test_every_table_of_ours_is_a_noun():
    ours = {model for model in apps.get_models() if model.__module__.startswith("apps.")}
    assert sorted(model.__name__ for model in ours - {resource.model for resource in RESOURCES}) == []


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.noun)
def test_no_noun_has_a_column_that_holds_a_secret(resource):
    told = {resource.columns[name] or name for name in resource.columns}
    assert told & SECRETS <= HARMLESS.get(resource.noun, set())


@pytest.mark.django_db
class TestPeople:
    def test_colleagues_have_names_and_roles_and_nothing_else(self, call, world, olga, scope):
        rows = {row["username"]: row for row in items(call("GET", "/api/v1/users", user=olga))}
        assert rows["olga"] == {
            "id": f"user_{olga.pk}",
            "username": "olga",
            "display_name": "Olga Ortega",
            "is_service": False,
            "roles": [{"scope": f"scope_{scope.pk}", "role": "engineer"}],
        }
        assert rows["colleague-1"]["display_name"] == "colleague-1"

    def test_roles_elsewhere_are_not_told(self, call, world, olga):
        elsewhere = scope_create(organisation="Other", repository="far", created_by=None)
        RoleAssignment.objects.create(
            user=User.objects.get(username="colleague-1"), scope=elsewhere, role=Role.CHAIR.value
        )
        row = items(call("GET", "/api/v1/users?username=colleague-1", user=olga))[0]
        assert [role["role"] for role in row["roles"]] == ["engineer"]

    def test_a_person_without_a_role_here_is_not_found(self, call, world, olga, person):
        nemo = person("nemo")
        assert call("GET", f"/api/v1/users/user_{nemo.pk}", user=olga).status_code == 404

    def test_organisations_are_those_of_ones_repositories(self, call, world, olga):
        scope_create(organisation="Other", repository="far", created_by=None)
        assert [row["name"] for row in items(call("GET", "/api/v1/organisations", user=olga))] == ["Acme"]


@pytest.mark.django_db
class TestWhoSeesWhat:
    def test_a_key_is_its_senders_alone_and_comes_without_the_kept_answer(self, call, world, olga, person):
        rows = items(call("GET", "/api/v1/idempotency-keys", user=olga))
        assert [(row["key"], row["status"]) for row in rows] == [("key-1", 202)]
        assert "kept answer" not in call("GET", f"/api/v1/idempotency-keys/{rows[0]['id']}", user=olga).content.decode()
        admin = person("opal", Role.ADMIN)
        assert items(call("GET", "/api/v1/idempotency-keys", user=admin)) == []
        assert call("GET", f"/api/v1/idempotency-keys/{rows[0]['id']}", user=admin).status_code == 404

    def test_sandbox_days_are_for_administrators_of_an_organisation(self, call, world, olga, person):
        above = scope_create(organisation="Acme", created_by=None)
        readers = {
            "engineer": (olga, 0),
            "admin of one repository": (person("rita", Role.ADMIN), 0),
            "chair": (person("carl", Role.CHAIR, where=above), 0),
            "admin": (person("opal", Role.ADMIN, where=above), 1),
            "superuser": (person("root", is_superuser=True), 1),
        }
        seen = {name: len(items(call("GET", "/api/v1/sandbox-days", user=user))) for name, (user, _) in readers.items()}
        assert seen == {name: count for name, (_, count) in readers.items()}

    def test_the_seed_of_a_run_is_told_after_the_vote(self, call, world, olga, person):
        voter = person("ravi", Role.REVIEWER)
        seeds = [items(call("GET", "/api/v1/generation-runs", user=user))[0]["seed"] for user in (voter, olga)]
        assert seeds == [None, 1]
