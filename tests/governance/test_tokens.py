"""The page of API tokens, and how far a token reaches."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.core.clock import now
from apps.governance.models import ApiToken, AuditEvent, RoleAssignment
from apps.governance.services import (
    TOKEN_SCOPES,
    NotAllowed,
    TokenInvalid,
    scope_create,
    token_authenticate,
    token_issue,
    token_rotate,
)
from apps.governance.types import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def erin(client, person):
    user = person("erin", Role.ENGINEER)
    client.force_login(user)
    return user


def issue(user, **changes):
    given = {"name": "build", "scopes": ["governance:read"], "lifetime": timedelta(days=30), "issued_by": user}
    return token_issue(user=user, **{**given, **changes})


def ask(secret, path="/api/v1/scopes", address="192.0.2.7"):
    return Client().get(path, headers={"Authorization": f"Bearer {secret}"}, REMOTE_ADDR=address)


class TestPage:
    def test_a_new_token_is_shown_once_and_then_never_again(self, client, erin, scope):
        form = {"name": "build", "scopes": ["governance:read"], "days": 30, "networks": "192.0.2.0/24"}
        page = client.post("/profile/tokens/new", {**form, "repositories": [scope.pk]}).content.decode()
        secret = re.search(r"nofx_pat_[\w-]+", page)[0]
        answer = ask(secret)
        assert answer.status_code == 200
        assert [row["repository"] for row in answer.json()["items"]] == ["shop"]
        page = client.get("/profile/tokens").content.decode()
        assert "build" in page
        assert "Acme/shop" in page
        assert "192.0.2.0/24" in page
        assert secret not in page

    def test_the_form_says_each_scope_in_words_and_offers_none_that_approves(self, client, erin):
        page = client.get("/profile/tokens/new").content.decode()
        for words in TOKEN_SCOPES.values():
            assert words.split("'")[0] in page
        assert not re.search(r"approve|vote|sign", " ".join(TOKEN_SCOPES))

    @pytest.mark.parametrize(
        "change",
        [
            {"days": 366},
            {"days": 0},
            {"scopes": []},
            {"scopes": ["verdicts:write"]},
            {"name": ""},
            {"networks": "home"},
        ],
    )
    def test_a_token_that_cannot_be_is_told_why(self, client, erin, change):
        form = {"name": "build", "scopes": ["governance:read"], "days": 30, **change}
        assert client.post("/profile/tokens/new", form).status_code == 422
        assert not ApiToken.objects.exists()

    def test_a_repository_that_one_does_not_read_is_not_offered(self, client, erin, other_scope):
        form = {"name": "b", "scopes": ["governance:read"], "days": 30, "repositories": [other_scope.pk]}
        assert client.post("/profile/tokens/new", form).status_code == 422
        with pytest.raises(TokenInvalid):
            issue(erin, repositories=[other_scope])

    def test_others_tokens_are_neither_seen_nor_ended(self, client, erin, person):
        token, secret = issue(person("grace", Role.ENGINEER), name="hers")
        assert "hers" not in client.get("/profile/tokens").content.decode()
        for verb in ("renew", "end"):
            assert client.post(f"/profile/tokens/{token.pk}/{verb}", {"overlap": 0}).status_code == 404
        assert ask(secret).status_code == 200

    def test_machines_have_theirs_from_an_administrator(self, client, admin_client, erin, person):
        bot = person("bot", Role.SERVICE, is_service=True)
        address = f"/profile/tokens/new?account={bot.pk}"
        form = {"name": "ci", "scopes": ["governance:read"], "days": 30}
        assert client.post(address, form).status_code == 404
        page = admin_client.post(address, form).content.decode()
        assert "nofx_svc_" in page
        assert "bot" in admin_client.get("/profile/tokens").content.decode()
        assert "ci" in admin_client.get(f"/profile/tokens?account={bot.pk}").content.decode()
        assert AuditEvent.objects.get(action="token.issue").on_behalf_of == str(bot.pk)
        assert admin_client.get(f"/profile/tokens?account={erin.pk}").status_code == 404

    def test_nobody_makes_a_token_in_anothers_name(self, erin, person, admin_user):
        for by in (person("grace"), admin_user):
            with pytest.raises(NotAllowed):
                issue(erin, issued_by=by)

    def test_making_one_takes_somebody_who_confirmed(self, client, erin):
        session = client.session
        session["nofx_authenticated"] = 0
        session.save()
        assert client.get("/profile/tokens/new")["Location"].startswith("/confirm?for=")

    def test_a_page_of_many_costs_as_much_as_one(self, client, erin, scope, django_assert_num_queries):
        issue(erin, repositories=[scope])
        client.get("/profile/tokens")
        queries = []
        with connection.execute_wrapper(lambda run, *rest: queries.append(1) or run(*rest)):
            client.get("/profile/tokens")
        for _ in range(19):
            issue(erin, repositories=[scope])
        with django_assert_num_queries(len(queries)):
            client.get("/profile/tokens")


class TestReach:
    def test_a_token_ends_at_its_repositories(self, erin, scope, other_scope):
        RoleAssignment.objects.create(user=erin, scope=other_scope, role=Role.ENGINEER.value)
        _, everywhere = issue(erin)
        _, here = issue(erin, repositories=[scope])
        assert {row["repository"] for row in ask(everywhere).json()["items"]} == {"shop", "billing"}
        assert [row["repository"] for row in ask(here).json()["items"]] == ["shop"]
        assert ask(here, f"/api/v1/scopes/scope_{other_scope.pk}").status_code == 404

    def test_a_role_in_the_organisation_does_not_widen_it(self, person, organisation, scope, other_scope):
        olga = person("olga", Role.ENGINEER, where=organisation)
        _, secret = issue(olga, repositories=[scope])
        assert [row["repository"] for row in ask(secret).json()["items"]] == ["shop"]

    def test_an_administrators_token_is_held_too(self, admin_user, scope, other_scope):
        _, secret = issue(admin_user, repositories=[scope])
        assert [row["repository"] for row in ask(secret).json()["items"]] == ["shop"]

    def test_an_organisation_reaches_its_repositories_also_later_ones(self, person, organisation, scope):
        olga = person("olga", Role.ENGINEER, where=organisation)
        _, secret = issue(olga, repositories=[organisation])
        scope_create(organisation="Acme", repository="later", created_by=None)
        assert {row["repository"] for row in ask(secret).json()["items"]} == {"", "shop", "later"}

    def test_a_repository_that_one_no_longer_reads_leaves_nothing(self, erin, other_scope, person, scope):
        RoleAssignment.objects.create(user=erin, scope=other_scope, role=Role.ENGINEER.value)
        _, secret = issue(erin, repositories=[other_scope])
        RoleAssignment.objects.filter(scope=other_scope).delete()
        assert ask(secret).json()["items"] == []

    @pytest.mark.parametrize(
        ("networks", "address", "status"),
        [
            (["192.0.2.0/24"], "192.0.2.7", 200),
            (["192.0.2.0/24"], "198.51.100.1", 403),
            (["192.0.2.7"], "::ffff:192.0.2.7", 200),
            (["2001:db8::/32"], "2001:db8::1", 200),
            (["2001:db8::/32"], "192.0.2.7", 403),
            (["192.0.2.0/24"], "", 403),
        ],
    )
    def test_a_token_works_from_its_networks_only(self, erin, networks, address, status):
        _, secret = issue(erin, networks=networks)
        answer = ask(secret, address=address)
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["code"] == "token.elsewhere"
            assert AuditEvent.objects.filter(action="token.use", outcome="denied").count() == 1
            assert ApiToken.objects.get().last_used_at is None

    def test_an_address_that_the_caller_made_up_does_not_help(self, erin):
        _, secret = issue(erin, networks=["192.0.2.0/24"])
        headers = {"Authorization": f"Bearer {secret}", "X-Forwarded-For": "192.0.2.7"}
        assert Client().get("/api/v1/scopes", headers=headers).status_code == 403

    def test_the_token_of_a_closed_account_is_good_for_nothing(self, erin):
        _, secret = issue(erin)
        erin.is_active = False
        erin.save()
        assert ask(secret).status_code == 401

    def test_a_token_begins_no_session(self, erin):
        _, secret = issue(erin)
        before = Session.objects.count()
        assert "sessionid" not in ask(secret).cookies
        assert Session.objects.count() == before


class TestRenewal:
    def test_two_work_beside_one_another_until_the_old_one_ends(self, client, erin, scope):
        old, secret = issue(erin, repositories=[scope], networks=["192.0.2.0/24"])
        page = client.post(f"/profile/tokens/{old.pk}/renew", {"overlap": 24}).content.decode()
        new_secret = re.search(r"nofx_pat_[\w-]+", page)[0]
        assert ask(secret).status_code == ask(new_secret).status_code == 200
        new, old = ApiToken.objects.get(replaces=old), ApiToken.objects.get(pk=old.pk)
        assert (new.scopes, new.repositories, new.networks) == (old.scopes, old.repositories, old.networks)
        assert round((old.expires_at - now()) / timedelta(hours=1)) == 24
        assert round((new.expires_at - now()) / timedelta(days=1)) == 30

    def test_without_an_overlap_the_old_one_ends_at_once(self, client, erin):
        old, secret = issue(erin)
        client.post(f"/profile/tokens/{old.pk}/renew", {"overlap": 0})
        assert ask(secret).status_code == 401

    def test_a_token_that_ended_is_not_renewed(self, client, erin):
        token, _ = issue(erin)
        client.post(f"/profile/tokens/{token.pk}/end")
        with pytest.raises(TokenInvalid):
            token_rotate(token_id=token.pk, overlap=timedelta(0), rotated_by=erin)

    def test_a_longer_overlap_is_refused(self, erin):
        token, _ = issue(erin)
        with pytest.raises(TokenInvalid):
            token_rotate(token_id=token.pk, overlap=timedelta(days=8), rotated_by=erin)


class TestDatabase:
    @pytest.mark.parametrize(
        "change",
        [
            {"scopes": ["audit:read"]},
            {"repositories": []},
            {"networks": []},
            {"digest": "0" * 64},
            {"expires_at": now() + timedelta(days=90)},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_no_token_grows(self, erin, scope, change):
        issue(erin, repositories=[scope], networks=["192.0.2.0/24"])
        with pytest.raises(DatabaseError), transaction.atomic():
            ApiToken.objects.update(**change)

    def test_what_is_revoked_stays_so(self, client, erin):
        token, secret = issue(erin)
        client.post(f"/profile/tokens/{token.pk}/end")
        with pytest.raises(DatabaseError), transaction.atomic():
            ApiToken.objects.update(revoked_at=None)
        assert ask(secret).status_code == 401

    def test_no_token_lives_for_more_than_a_year(self, erin):
        with pytest.raises(DatabaseError), transaction.atomic():
            ApiToken.objects.create(user=erin, name="x", digest="1", expires_at=now() + timedelta(days=400))


def test_authenticating_costs_one_query_and_one_more_with_repositories(erin, scope, django_assert_num_queries):
    _, plain = issue(erin)
    _, limited = issue(erin, repositories=[scope])
    for secret in (plain, limited):
        token_authenticate(secret=secret)
    for secret, queries in ((plain, 1), (limited, 2)):
        with django_assert_num_queries(queries):
            token_authenticate(secret=secret)
