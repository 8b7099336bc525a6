"""Scopes, roles, owners and tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.models import ApiToken, AuditEvent, CodeOwner, RoleAssignment
from apps.governance.selectors import roster_of
from apps.governance.services import (
    RoleConflict,
    TokenInvalid,
    TokenRefused,
    code_owner_assign,
    role_assign,
    role_remove,
    scope_create,
    token_authenticate,
    token_issue,
    token_revoke,
)
from apps.governance.types import Role


def test_a_scope_is_made_once(db):
    first = scope_create(organisation="Acme", repository="shop", created_by=None)
    assert scope_create(organisation="Acme", repository="shop", created_by=None) == first
    assert AuditEvent.objects.filter(action="scope.create").count() == 1


def test_a_role_is_given_once_and_audited(scope, person):
    erin, admin = person("erin"), person("admin", is_superuser=True)
    role_assign(user=erin, scope=scope, role=Role.ENGINEER, granted_by=admin)
    role_assign(user=erin, scope=scope, role=Role.ENGINEER, granted_by=admin)
    event = AuditEvent.objects.get(action="role.assign")
    assert (event.actor_id, event.object_id, event.detail) == (str(admin.pk), str(erin.pk), {"role": "engineer"})


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (Role.COMMITTEE, Role.ADMIN),
        (Role.ADMIN, Role.CHAIR),
        (Role.AUDITOR, Role.REVIEWER),
        (Role.ENGINEER, Role.AUDITOR),
        (Role.ENGINEER, Role.SERVICE),
    ],
)
def test_conflicting_roles_are_refused_across_one_organisation(scope, other_scope, person, held, wanted):
    someone = person("sam", held, where=other_scope)
    with pytest.raises(RoleConflict):
        role_assign(user=someone, scope=scope, role=wanted, granted_by=None)
    assert not RoleAssignment.objects.filter(user=someone, scope=scope).exists()


def test_another_organisation_is_another_matter(scope, person):
    elsewhere = scope_create(organisation="Other", created_by=None)
    someone = person("sam", Role.COMMITTEE, where=elsewhere)
    role_assign(user=someone, scope=scope, role=Role.ADMIN, granted_by=None)


def test_a_superuser_gets_no_seat_on_the_committee(scope, person):
    with pytest.raises(RoleConflict):
        role_assign(user=person("root", is_superuser=True), scope=scope, role=Role.COMMITTEE, granted_by=None)


def test_a_machines_account_is_a_service_user_and_nothing_else(scope, person):
    bot = person("bot", is_service=True)
    with pytest.raises(RoleConflict):
        role_assign(user=bot, scope=scope, role=Role.ENGINEER, granted_by=None)
    role_assign(user=bot, scope=scope, role=Role.SERVICE, granted_by=None)


def test_a_role_is_taken_away_once(scope, person):
    admin = person("admin", is_superuser=True)
    assignment = role_assign(user=person("erin"), scope=scope, role=Role.ENGINEER, granted_by=admin)
    role_remove(assignment_id=assignment.pk, removed_by=admin)
    role_remove(assignment_id=assignment.pk, removed_by=admin)
    assert AuditEvent.objects.filter(action="role.remove").count() == 1


def test_the_roster_names_roles_owners_and_machines(scope, organisation, person):
    ravi = person("ravi", Role.REVIEWER)
    RoleAssignment.objects.create(user=ravi, scope=organisation, role=Role.ARCHITECT.value)
    person("bot", Role.SERVICE, is_service=True)
    code_owner_assign(user=ravi, scope=scope, pattern="src/*", granted_by=None)
    code_owner_assign(user=ravi, scope=scope, pattern="src/*", granted_by=None)
    assert CodeOwner.objects.count() == 1
    inside = roster_of(scope, path="src/a/b.py").find(ravi.pk)
    assert (inside.roles, inside.is_owner) == ({Role.REVIEWER, Role.ARCHITECT}, True)
    assert not roster_of(scope, path="docs/a.md").find(ravi.pk).is_owner
    assert not roster_of(scope).find(ravi.pk).is_owner
    assert [member.is_human for member in roster_of(scope).members] == [True, False]


def issue(user, **changes):
    given = {"name": "laptop", "scopes": ["specs:read"], "lifetime": timedelta(days=1), "issued_by": user, **changes}
    return token_issue(user=user, **given)


def test_a_tokens_secret_is_shown_once_and_kept_as_a_digest(person):
    token, secret = issue(person("erin"))
    assert secret.startswith("nofx_pat_")
    assert secret not in str(ApiToken.objects.values().get())
    assert token_authenticate(secret=secret) == token


def test_a_machines_token_has_a_prefix_of_its_own(person):
    assert issue(person("bot", is_service=True))[1].startswith("nofx_svc_")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "  "},
        {"scopes": ["verdicts:write"]},
        {"lifetime": timedelta(days=366)},
        {"lifetime": timedelta(0)},
    ],
)
def test_a_token_that_cannot_be_is_refused(person, changes):
    with pytest.raises(TokenInvalid):
        issue(person("erin"), **changes)


def test_a_closed_account_gets_no_token_and_its_tokens_end(person):
    erin = person("erin")
    _, secret = issue(erin)
    erin.is_active = False
    erin.save()
    with pytest.raises(TokenRefused):
        token_authenticate(secret=secret)
    with pytest.raises(TokenInvalid):
        issue(erin)


def test_an_expired_a_revoked_and_an_unknown_token_are_refused_alike(person):
    erin = person("erin")
    expired, revoked = issue(erin), issue(erin)
    ApiToken.objects.filter(pk=expired[0].pk).update(expires_at=now())
    token_revoke(token_id=revoked[0].pk, revoked_by=erin)
    token_revoke(token_id=revoked[0].pk, revoked_by=erin)
    said = set()
    for secret in (expired[1], revoked[1], "nofx_pat_unknown"):
        with pytest.raises(TokenRefused) as refusal:
            token_authenticate(secret=secret)
        said.add(refusal.value.message)
    assert len(said) == 1
    assert AuditEvent.objects.filter(action="token.revoke").count() == 1


def test_revoking_what_is_not_there_is_not_found(person):
    with pytest.raises(NotFound):
        token_revoke(token_id="00000000-0000-0000-0000-000000000000", revoked_by=person("erin"))
