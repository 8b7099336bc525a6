"""A person who is erased is named nowhere any more, and what was decided stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import Error, connection, transaction
from django.test import Client

from apps.governance.errors import NotAllowed, NotInteractive, RecordsClosed, RecordsInvalid, TokenRefused
from apps.governance.models import AuditEvent, Ballot, Erasure, User
from apps.governance.selectors.records import erasure_plan
from apps.governance.services import (
    audit_record,
    audit_verify,
    erasure_ask,
    erasure_confirm,
    erasure_withdraw,
    hold_place,
    token_authenticate,
    token_issue,
)
from apps.governance.types import Role

AT_THE_PAGE = {"is_interactive": True, "reason": "Asked for by letter."}
NAMES = ("olga", "ortega")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.NOFX_AUDIT_ANCHORS = tmp_path / "anchors"


@pytest.fixture
def admin(person, organisation):
    return person("opal", Role.ADMIN, where=organisation)


@pytest.fixture
def chair(person, organisation):
    return person("carl", Role.CHAIR, where=organisation)


@pytest.fixture
def olga(person):
    return person(
        "olga",
        Role.REVIEWER,
        first_name="Olga",
        last_name="Ortega",
        email="olga@ortega.example",
        person_key="sso|olga",
    )


@pytest.fixture
def erased(admin, chair, olga):
    asked = erasure_ask(person=olga, actor=admin, **AT_THE_PAGE)
    return lambda: erasure_confirm(erasure_id=asked.pk, actor=chair, is_interactive=True)


def places_with_a_name() -> list[str]:
    """Return every text column of every table in which one of the names stands."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text ~* %s', ["|".join(NAMES)])  # noqa: S608  the models' own names
            if cursor.fetchone()[0]:
                found.append(table)
    return sorted(found)


def test_nothing_names_the_person_any_more_and_the_chain_is_whole(erased, olga, scope, admin):
    client = Client()
    client.force_login(olga)
    token_issue(user=olga, name="olga's laptop", scopes=[], lifetime=timedelta(days=1), issued_by=olga)
    audit_record(action="request.submit", object_kind="request", object_id=1, actor=olga, scope=scope)
    accounts = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=admin, content_type=accounts, object_id=str(olga.pk), object_repr="olga", action_flag=CHANGE
    )
    SocialAccount.objects.create(user=olga, provider="sso", uid="olga", extra_data={"name": "Olga Ortega"})
    EmailAddress.objects.create(user=olga, email=olga.email)
    before = list(AuditEvent.objects.order_by("sequence").values_list("hash", flat=True))
    erased()
    # What a token was called when it was issued is in the chain, which nobody changes; docs/records.md says so.
    assert places_with_a_name() == ["governance_auditevent"]
    named = AuditEvent.objects.extra(where=["governance_auditevent::text ~* 'olga|ortega'"])
    assert list(named.values_list("action", flat=True)) == ["token.issue"]
    assert list(AuditEvent.objects.order_by("sequence").values_list("hash", flat=True))[: len(before)] == before
    assert audit_verify().ok


def test_the_account_is_closed_with_its_sessions_and_tokens(erased, olga):
    client = Client()
    client.force_login(olga)
    _, secret = token_issue(user=olga, name="t", scopes=[], lifetime=timedelta(days=1), issued_by=olga)
    assert client.get("/governance").status_code == 200
    erasure = erased()
    assert client.get("/governance").status_code == 302
    with pytest.raises(TokenRefused):
        token_authenticate(secret=secret)
    olga.refresh_from_db()
    assert (olga.username, olga.person_key, olga.is_active) == (f"erased-{olga.pk}", f"erased-{olga.pk}", False)
    assert not olga.has_usable_password()
    done = {
        name: count for name, count in erasure.counts.items() if name in {"accounts", "admin_log", "sessions", "tokens"}
    }
    assert done == {"accounts": 1, "admin_log": 0, "sessions": 1, "tokens": 1}


def test_all_accounts_of_a_person_go_together_and_stay_one_persons(erased, person, olga):
    other = person("o-second", person_key="sso|olga")
    erased()
    olga.refresh_from_db()
    other.refresh_from_db()
    assert other.username == f"erased-{other.pk}"
    assert olga.person_key == other.person_key == f"erased-{min(olga.pk, other.pk)}"


def test_what_they_decided_stands(erased, olga, scope):
    ballot = Ballot.objects.create(
        subject_kind="k",
        subject_id="0d9c2f6e-6b1d-4f6c-9e55-9f0f3a1c7b11",
        subject_digest="d",
        scope=scope,
        voter=olga,
        verdict="approve",
    )
    erased()
    ballot.refresh_from_db()
    assert (ballot.voter_id, ballot.voided_at) == (olga.pk, None)


def test_the_plan_says_before_what_will_happen(olga, person):
    person("o-second", person_key="sso|olga")
    token_issue(user=olga, name="t", scopes=[], lifetime=timedelta(days=1), issued_by=olga)
    plan = erasure_plan(olga)
    assert [account.username for account in plan.accounts] == ["olga", "o-second"]
    assert dict(plan.changes)["API tokens, which end and go"] == 1
    assert plan.refused == ""


class TestRefused:
    def test_while_a_hold_covers_the_person_also_when_it_came_after_the_first_signature(self, erased, olga, admin):
        hold_place(person=olga, actor=admin, **AT_THE_PAGE)
        with pytest.raises(RecordsClosed, match="covers this person"):
            erased()
        olga.refresh_from_db()
        assert olga.first_name == "Olga"
        assert erasure_plan(olga).refused

    def test_while_a_hold_covers_work_they_took_part_in(self, erased, olga, admin, scope):
        audit_record(action="a", object_kind="k", object_id=1, actor=olga, scope=scope)
        hold_place(scope=scope, actor=admin, **AT_THE_PAGE)
        with pytest.raises(RecordsClosed, match="took part"):
            erased()

    def test_to_one_person_alone_to_themselves_and_to_programs(self, admin, chair, olga):
        asked = erasure_ask(person=olga, actor=admin, **AT_THE_PAGE)
        with pytest.raises(NotAllowed):
            erasure_confirm(erasure_id=asked.pk, actor=admin, is_interactive=True)
        with pytest.raises(NotInteractive):
            erasure_confirm(erasure_id=asked.pk, actor=chair, is_interactive=False)
        with pytest.raises(NotAllowed):
            erasure_ask(person=admin, actor=chair, **AT_THE_PAGE)
        with pytest.raises(RecordsInvalid):
            erasure_ask(person=admin, actor=admin, **AT_THE_PAGE)
        of_the_chair = erasure_ask(person=chair, actor=admin, **AT_THE_PAGE)
        with pytest.raises(RecordsInvalid):
            erasure_confirm(erasure_id=of_the_chair.pk, actor=chair, is_interactive=True)

    def test_twice_and_after_it_was_withdrawn(self, admin, chair, olga):
        asked = erasure_ask(person=olga, actor=admin, **AT_THE_PAGE)
        with pytest.raises(RecordsClosed):
            erasure_ask(person=olga, actor=admin, **AT_THE_PAGE)
        erasure_withdraw(erasure_id=asked.pk, actor=admin, is_interactive=True)
        with pytest.raises(RecordsClosed):
            erasure_confirm(erasure_id=asked.pk, actor=chair, is_interactive=True)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE governance_erasure SET confirmed_by_id = asked_by_id, confirmed_at = now()",
            "UPDATE governance_erasure SET reason = 'x'",
            "DELETE FROM governance_erasure",
        ],
    )
    def test_by_the_database_too(self, admin, olga, statement):
        erasure_ask(person=olga, actor=admin, **AT_THE_PAGE)
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert Erasure.objects.count() == 1
