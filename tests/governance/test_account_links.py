"""Which accounts are one person's: two people sign, nobody else changes it, and open ballots are void."""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse

from apps.core.clock import now
from apps.governance.models import AccountLink, AuditEvent, Ballot, RoleAssignment, User
from apps.governance.selectors import accounts_of, approval_prospect
from apps.governance.services import (
    NotAllowed,
    NotInteractive,
    RecordsClosed,
    RecordsInvalid,
    RoleConflict,
    account_link_ask,
    account_link_confirm,
    account_link_withdraw,
    generation_suspend,
    role_assign,
)
from apps.governance.types import DEFAULT_POLICIES, Role
from tests.linked import linked

AT_THE_PAGE = {"reason": "A second account of the same employee.", "is_interactive": True}


@pytest.fixture
def admin(person, organisation):
    return person("alex", Role.ADMIN, where=organisation)


@pytest.fixture
def chair(person, organisation):
    return person("chris", Role.CHAIR, where=organisation)


@pytest.fixture
def two(person):
    return person("grace", Role.REVIEWER), person("grace-2", Role.ARCHITECT)


def ask(two, actor, **changes):
    return account_link_ask(account=two[1], other=two[0], actor=actor, **{**AT_THE_PAGE, **changes})


def confirm(link, actor):
    return account_link_confirm(link_id=link.pk, actor=actor, is_interactive=True)


def keys(*accounts):
    return [User.objects.get(pk=one.pk).person_key for one in accounts]


def test_two_people_link_accounts_and_part_them_again(two, admin, chair):
    link = ask(two, admin)
    assert keys(*two) == ["", ""]
    confirm(link, chair)
    assert keys(*two) == [f"linked|{link.pk}"] * 2
    assert sorted(accounts_of(User.objects.get(pk=two[0].pk))) == [one.pk for one in two]
    parted = account_link_ask(account=User.objects.get(pk=two[1].pk), other=None, actor=admin, **AT_THE_PAGE)
    confirm(parted, chair)
    assert keys(*two) == [f"linked|{link.pk}", ""]


def test_the_audit_chain_says_what_was_and_what_became_by_digest(two, admin, chair):
    confirm(ask(two, admin), chair)
    asked, signed = AuditEvent.objects.filter(action__startswith="accounts.").order_by("sequence")
    assert (asked.action, asked.actor_id, signed.action, signed.actor_id) == (
        "accounts.ask",
        str(admin.pk),
        "accounts.confirm",
        str(chair.pk),
    )
    assert signed.before_digest != signed.after_digest
    assert signed.detail == {"account": two[1].pk, "other": two[0].pk, "ballots": 0}


def test_nobody_signs_twice_for_themselves_or_without_the_role(two, admin, chair, person, organisation):
    with pytest.raises(NotAllowed):
        ask(two, chair)
    with pytest.raises(NotInteractive):
        ask(two, admin, is_interactive=False)
    with pytest.raises(RecordsInvalid, match="about themselves"):
        ask((two[0], admin), admin)
    with pytest.raises(RecordsInvalid, match="Say why"):
        ask(two, admin, reason=" ")
    link = ask(two, admin)
    with pytest.raises(RecordsClosed, match="already"):
        ask(two, admin)
    with pytest.raises(NotAllowed):
        confirm(link, admin)
    account_link_withdraw(link_id=link.pk, actor=chair, is_interactive=True)
    with pytest.raises(RecordsClosed):
        confirm(link, chair)
    assert keys(*two) == ["", ""]


def test_what_cannot_be_is_refused(two, admin, person):
    with pytest.raises(RecordsInvalid, match="nobody else's already"):
        account_link_ask(account=two[0], other=None, actor=admin, **AT_THE_PAGE)
    with pytest.raises(RecordsInvalid, match="machine"):
        ask((two[0], person("bot", is_service=True)), admin)
    linked(*two)
    with pytest.raises(RecordsInvalid, match="one person's already"):
        ask(two, admin)
    with pytest.raises(RecordsInvalid, match="Part one of them first"):
        ask((two[0], person("sso", person_key="https://issuer.example|7")), admin)


def test_open_ballots_of_both_are_void_and_recusals_stay(organisation, chair, admin, person):
    members = [person(name, Role.COMMITTEE, where=organisation) for name in ("mia", "mia-2", "max")]
    made = generation_suspend(kind="everything", scope=organisation, actor=chair, reason="r")
    given = {"subject_kind": "suspension", "subject_digest": made.content_digest, "scope": organisation}
    for voter, verdict in zip(members, ("approve", "recuse", "approve"), strict=True):
        Ballot.objects.create(subject_id=made.pk, voter=voter, verdict=verdict, rationale="r", **given)
    link = confirm(ask(members[:2], admin), chair)
    assert set(Ballot.objects.filter(voided_at=None).values_list("voter__username", flat=True)) == {"mia-2", "max"}
    assert AuditEvent.objects.get(action="accounts.confirm").detail["ballots"] == 1
    assert link.confirmed_by == chair


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE governance_user SET person_key = ''",
        "UPDATE governance_user SET person_key = 'another'",
        "UPDATE governance_user SET person_key = 'erased-1', is_active = false",
        "UPDATE governance_accountlink SET other_id = NULL",
        "UPDATE governance_accountlink SET confirmed_by_id = asked_by_id",
        "DELETE FROM governance_accountlink",
    ],
)
def test_no_statement_says_whose_an_account_is(two, statement):
    linked(*two)
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_no_statement_gives_a_person_an_account_that_was_nobodys(two, person):
    linked(*two)
    stranger = person("stranger")
    for key in (keys(two[0])[0], "fresh"):
        change = User.objects.filter(pk=stranger.pk)
        if key == "fresh":
            change.update(person_key=key)
        else:
            with pytest.raises(Error, match="changed by two people"), transaction.atomic():
                change.update(person_key=key)


def test_a_link_does_not_begin_signed_and_its_signers_are_not_of_it(two, admin, chair):
    with pytest.raises(Error, match="before it is signed"), transaction.atomic():
        AccountLink.objects.create(
            account=two[0], other=two[1], reason="r", asked_by=admin, confirmed_by=chair, confirmed_at=now()
        )
    link = AccountLink.objects.create(account=two[0], other=chair, reason="r", asked_by=admin)
    with pytest.raises(Error, match="their own accounts"), transaction.atomic():
        AccountLink.objects.filter(pk=link.pk).update(confirmed_by=chair, confirmed_at=now())


@pytest.mark.django_db
def test_the_admin_site_shows_the_person_and_changes_nothing_of_it(client, two, person):
    root = person("root", is_superuser=True, is_staff=True)
    linked(*two)
    before = keys(two[0])
    client.force_login(root)
    path = reverse("admin:governance_user_change", args=[two[0].pk])
    page = client.get(path).content.decode()
    assert 'name="person_key"' not in page
    client.post(path, {"username": "grace", "person_key": "", "is_active": "on"})
    assert keys(two[0]) == before


def test_two_people_sign_on_the_page(client, two, admin, chair):
    client.force_login(admin)
    page = reverse("governance:account-links")
    assert "Nothing was signed." in client.get(page).content.decode()
    wrong = client.post(
        reverse("governance:account-link-new"), {"account": "grace-2", "other": "nobody", "reason": "r"}
    )
    assert wrong.status_code == 422
    assert "There is no account of this name." in wrong.content.decode()
    given = {"account": "grace-2", "other": "grace", "reason": "A second account."}
    assert client.post(reverse("governance:account-link-new"), given).status_code == 302
    link = AccountLink.objects.get()
    assert "waits for the chair" in client.get(page).content.decode()
    client.force_login(chair)
    assert "Sign second" in client.get(page).content.decode()
    assert client.post(reverse("governance:account-link-sign", args=[link.pk])).status_code == 302
    assert len(set(keys(*two))) == 1


# --- Roles of one person ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "wanted"), [(Role.ADMIN, Role.COMMITTEE), (Role.CHAIR, Role.ADMIN), (Role.REVIEWER, Role.AUDITOR)]
)
def test_what_one_person_must_not_be_they_are_in_no_two_accounts(organisation, person, held, wanted):
    first, second = person("zoe", held, where=organisation), person("zoe-2")
    linked(first, second)
    with pytest.raises(RoleConflict):
        role_assign(user=second, scope=organisation, role=wanted, granted_by=None)
    assert not RoleAssignment.objects.filter(user=second).exists()


def test_a_superuser_has_no_account_on_the_committee(organisation, person):
    root, second = person("root", is_superuser=True), person("root-2")
    linked(root, second)
    with pytest.raises(RoleConflict, match="administrator"):
        role_assign(user=second, scope=organisation, role=Role.CHAIR, granted_by=None)


def test_accounts_whose_roles_do_not_go_together_are_not_linked(organisation, person, admin, chair):
    other = person("second", Role.ADMIN, where=organisation)
    with pytest.raises(RecordsInvalid, match="cannot sit on the committee"):
        ask((other, person("mia", Role.COMMITTEE, where=organisation)), admin)


def test_a_reviewer_who_is_a_superuser_in_another_account_fills_no_seat(scope, person):
    first, second = person("bea", Role.REVIEWER), person("rosa", Role.REVIEWER)
    assert approval_prospect(policy=DEFAULT_POLICIES["low"], scope=scope, barred={})[1] == 2
    linked(second, person("root", is_superuser=True))
    assert approval_prospect(policy=DEFAULT_POLICIES["low"], scope=scope, barred={})[1] == 1
    assert first.person_key == ""
