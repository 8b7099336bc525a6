"""An organisation is renamed by its administrators, and the admin site writes places and owners down as pages do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.errors import NotAllowed, NotInteractive
from apps.governance.models import Absence, AuditEvent, CodeOwner, Organisation, RoleAssignment, Scope, User
from apps.governance.selectors import roster_of
from apps.governance.services import scope_create
from apps.governance.services.organisations import organisation_rename
from apps.governance.types import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(person, organisation):
    return person("opal", Role.ADMIN, where=organisation)


@pytest.fixture
def acme(organisation):
    return organisation.organisation


def send(client, user, organisation, name):
    client.force_login(user)
    url = reverse("governance:organisation-rename", args=[organisation.pk])
    return client.post(url, {f"{organisation.pk}-name": name})


class TestRenaming:
    def test_an_administrator_renames_and_the_chain_says_from_what_to_what(self, client, admin, acme, scope):
        assert "Organisation" in client_of_settings(client, admin)
        answer = send(client, admin, acme, "  Acme   Works ")
        assert (answer.status_code, answer["Location"]) == (302, "/governance/organisations")
        assert 'value="Acme Works"' in client.get("/governance/organisations").content.decode()
        scope.refresh_from_db()
        assert str(scope) == "Acme Works/shop"
        event = AuditEvent.objects.get(action="organisation.rename")
        assert (event.actor_id, event.detail) == (str(admin.pk), {"before": "Acme", "after": "Acme Works"})

    def test_roles_stay_where_they_were(self, client, admin, acme, scope, person):
        reviewer = person("ravi", Role.REVIEWER)
        send(client, admin, acme, "Another")
        assert [member.user_id for member in roster_of(scope).members if member.name == "ravi"] == [reviewer.pk]

    def test_the_same_name_changes_nothing(self, client, admin, acme):
        send(client, admin, acme, "Acme")
        assert not AuditEvent.objects.filter(action="organisation.rename").exists()

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("", "This field is required."),
            ("   ", "This field is required."),
            ("a" * 121, "at most 120 characters"),
            ("Acme/shop", "no slash and no star"),
            ("*", "no slash and no star"),
            ("Ac\u202eme", "can be printed"),
            ("other works", "Another organisation has this name."),
        ],
    )
    def test_a_name_that_is_none_is_refused_and_shown_again(self, client, admin, acme, name, words):
        scope_create(organisation="Other Works", created_by=None)
        answer = send(client, admin, acme, name)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        acme.refresh_from_db()
        assert acme.name == "Acme"

    def test_an_administrator_of_a_repository_does_not_rename_the_whole(self, client, person, acme, scope):
        local = person("lars", Role.ADMIN)
        assert "governance/organisations" not in client_of_settings(client, local)
        assert send(client, local, acme, "Mine").status_code in {403, 404}
        acme.refresh_from_db()
        assert acme.name == "Acme"

    @pytest.mark.parametrize("role", [Role.ENGINEER, Role.CHAIR, Role.AUDITOR])
    def test_nobody_else_renames_it_and_who_tried_is_written_down(self, client, person, acme, organisation, role):
        user = person("eve", role, where=organisation)
        with pytest.raises(NotAllowed):
            organisation_rename(organisation_id=acme.pk, name="Mine", actor=user, is_interactive=True)
        assert send(client, user, acme, "Mine").status_code == 403
        assert AuditEvent.objects.filter(action="organisation.rename", outcome="denied").exists()
        assert client.get("/governance/organisations").status_code == 403

    def test_strangers_learn_nothing_and_programs_rename_nothing(self, person, admin, acme):
        stranger = User.objects.create_user("stranger")
        for organisation_id in (acme.pk, 10**6):
            with pytest.raises(NotFound):
                organisation_rename(organisation_id=organisation_id, name="x", actor=stranger, is_interactive=True)
        with pytest.raises(NotInteractive):
            organisation_rename(organisation_id=acme.pk, name="x", actor=admin, is_interactive=False)


class TestAdminSite:
    @pytest.fixture
    def root(self, client, db):
        user = User.objects.create_superuser("root", password="correct horse battery")
        client.force_login(user)
        return user

    def test_an_organisation_is_made_with_its_place_and_renamed_by_the_service(self, client, root):
        assert client.post("/admin/governance/organisation/add/", {"name": "Acme"}).status_code == 302
        acme = Organisation.objects.get()
        assert Scope.objects.get().organisation == acme
        url = f"/admin/governance/organisation/{acme.pk}/change/"
        assert client.post(url, {"name": "Works"}).status_code == 302
        assert b"no slash" in client.post(url, {"name": "a/b"}).content
        actions = AuditEvent.objects.order_by("sequence").values_list("action", flat=True)
        assert list(actions)[-2:] == ["scope.create", "organisation.rename"]
        assert client.post(f"/admin/governance/organisation/{acme.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_a_place_is_made_and_never_changed_nor_made_a_pilot(self, client, root, acme):
        form = {"organisation": acme.pk, "repository": "shop", "is_pilot": "on"}
        assert client.post("/admin/governance/scope/add/", form).status_code == 302
        place = Scope.objects.get(repository="shop")
        assert not place.is_pilot
        assert AuditEvent.objects.get(action="scope.create", object_id=str(place.pk)).actor_id == str(root.pk)
        url = f"/admin/governance/scope/{place.pk}/change/"
        assert client.post(url, {**form, "repository": "another"}).status_code == 403

    def test_an_owner_is_named_and_taken_back_in_the_chain(self, client, root, scope, person):
        ada = person("ada", Role.REVIEWER)
        form = {"user": ada.pk, "scope": scope.pk, "pattern": "src/*"}
        assert client.post("/admin/governance/codeowner/add/", form).status_code == 302
        owner = CodeOwner.objects.get()
        chosen = {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"}
        client.post("/admin/governance/codeowner/", chosen)
        assert not CodeOwner.objects.exists()
        events = AuditEvent.objects.filter(action__startswith="owner.").order_by("sequence")
        assert [(event.action, event.detail) for event in events] == [
            ("owner.assign", {"pattern": "src/*"}),
            ("owner.remove", {"pattern": "src/*"}),
        ]

    def test_a_role_is_given_by_the_service(self, client, root, scope, person):
        ada = person("ada")
        client.post("/admin/governance/roleassignment/add/", {"user": ada.pk, "scope": scope.pk, "role": "engineer"})
        assert RoleAssignment.objects.get(user=ada).granted_by == root
        assert AuditEvent.objects.get(action="role.assign").detail == {"role": "engineer"}

    def test_a_password_that_somebody_else_gives_is_written_down(self, client, root, person):
        ada = person("ada")
        form = {"password1": "another good password", "password2": "another good password", "usable_password": "true"}
        assert client.post(f"/admin/governance/user/{ada.pk}/password/", form).status_code == 302
        event = AuditEvent.objects.get(action="person.password")
        assert (event.actor_id, event.object_id) == (str(root.pk), str(ada.pk))

    def test_whoever_was_erased_is_not_opened_again(self, client, root, person):
        gone = person("gone")
        User.objects.filter(pk=gone.pk).update(username=f"erased-{gone.pk}", is_active=False)
        url = f"/admin/governance/user/{gone.pk}/change/"
        assert client.post(url, {"username": "gone", "is_active": "on"}).status_code == 403
        gone.refresh_from_db()
        assert not gone.is_active


def test_whoever_is_away_is_away_in_all_of_their_accounts(person, scope):
    first = person("ada", Role.REVIEWER, person_key="sso|ada")
    second = person("ada.two", Role.ARCHITECT, person_key="sso|ada")
    other, nobody = person("grace", Role.REVIEWER, person_key="sso|grace"), person("local", Role.REVIEWER)
    today = now().date()
    Absence.objects.create(user=second, starts_on=today, ends_on=today + timedelta(days=1))
    absent = {member.user_id: member.is_absent for member in roster_of(scope).members}
    assert absent == {first.pk: True, second.pk: True, other.pk: False, nobody.pk: False}


def client_of_settings(client, user):
    client.force_login(user)
    return client.get("/settings").content.decode()
