"""Who may do what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from apps.governance.engine.chain import ActorType, Outcome
from apps.governance.engine.decisions import Verdict
from apps.governance.engine.permissions import MATRIX, VOTELESS, VOTES, allowed, conflict
from apps.governance.models import AuditEvent, Ballot, RoleAssignment
from apps.governance.selectors import can, readable_scopes, role_holders, roles_of, scopes_where
from apps.governance.types import Action, Condition, Role


def test_the_engines_words_are_the_databases_words():
    assert {role.value for role in Role} == set(RoleAssignment.Role.values)
    assert {verdict.value for verdict in Verdict} == set(Ballot.Verdict.values)
    assert {outcome.value for outcome in Outcome} == set(AuditEvent.Outcome.values)
    assert {actor.value for actor in ActorType} == set(AuditEvent.ActorType.values)


def test_every_action_has_a_row_in_the_matrix():
    assert set(MATRIX) == set(Action)


def test_every_action_is_asked_for_somewhere():
    said = {"apps/governance/engine/permissions.py", "apps/governance/audit_words.py"}
    asked = set()
    for file in (Path(settings.BASE_DIR) / "apps").rglob("*.py"):
        if str(file.relative_to(settings.BASE_DIR)) not in said:
            asked |= set(re.findall(r"\bAction\.([A-Z_]+)\b", file.read_text()))
    assert {action.name for action in Action} - asked == set()


@pytest.mark.parametrize("action", Action)
def test_nobody_without_a_role_may_do_anything(action):
    assert not allowed(set(), action, met=set(Condition))


@pytest.mark.parametrize("role", sorted(VOTELESS))
@pytest.mark.parametrize("action", sorted(VOTES))
def test_administrators_and_service_users_never_vote_whatever_else_they_are(role, action):
    assert not allowed({role, *Role}, action, met=set(Condition))


def test_an_engineer_stops_only_their_own_run():
    assert not allowed({Role.ENGINEER}, Action.REQUEST_STOP)
    assert allowed({Role.ENGINEER}, Action.REQUEST_STOP, met={Condition.OWN})


def test_an_engineer_never_merges_not_even_their_own():
    assert not allowed({Role.ENGINEER}, Action.DELIVERY_MERGE, met=set(Condition))
    assert {role for role in Role if allowed({role}, Action.DELIVERY_MERGE)} == {
        Role.REVIEWER,
        Role.QUALITY_LEAD,
        Role.ARCHITECT,
    }
    assert Condition.OWN not in MATRIX[Action.DELIVERY_MERGE].values()


@pytest.mark.parametrize(
    "roles",
    [
        {Role.ADMIN, Role.COMMITTEE},
        {Role.ADMIN, Role.CHAIR},
        {Role.AUDITOR, Role.ENGINEER},
        {Role.SERVICE, Role.ENGINEER},
    ],
)
def test_conflicting_roles_are_named_in_a_sentence(roles):
    assert conflict(roles).endswith(".")


def test_the_other_roles_go_together():
    assert conflict({Role.ENGINEER, Role.REVIEWER, Role.ARCHITECT, Role.COMMITTEE}) == ""


def test_an_organisation_role_holds_in_its_repositories_only(person, scope, other_scope, organisation):
    engineer = person("erin", Role.ENGINEER, where=organisation)
    reviewer = person("ravi", Role.REVIEWER)
    assert can(engineer, Action.SPEC_WRITE, scope)
    assert can(engineer, Action.SPEC_WRITE, other_scope)
    assert can(engineer, Action.SPEC_WRITE, None)
    assert can(reviewer, Action.VERDICT_VOTE, scope)
    assert not can(reviewer, Action.VERDICT_VOTE, other_scope)
    assert not can(reviewer, Action.VERDICT_VOTE, None)


def test_anonymous_and_deactivated_people_may_do_nothing(person, scope):
    gone = person("gus", Role.ENGINEER, is_active=False)
    for user in (AnonymousUser(), gone):
        assert not can(user, Action.REQUEST_READ, scope)
        assert not readable_scopes(user).exists()
        assert roles_of(user, scope) == frozenset()


def test_a_superuser_administers_everywhere_and_votes_nowhere(person, scope):
    root = person("root", Role.REVIEWER, is_superuser=True)
    assert can(root, Action.PEOPLE_MANAGE, scope)
    assert can(root, Action.PEOPLE_MANAGE, None)
    assert not can(root, Action.VERDICT_VOTE, scope)
    assert scope in readable_scopes(root)
    assert not scopes_where(root, Action.VERDICT_VOTE).exists()


def test_readable_scopes_are_those_with_any_role(person, scope, other_scope, organisation):
    assert set(readable_scopes(person("ann", Role.AUDITOR))) == {scope}
    assert set(readable_scopes(person("ben", Role.AUDITOR, where=organisation))) == {organisation, scope, other_scope}
    assert not readable_scopes(person("cyd")).exists()


def test_an_administrator_of_one_repository_votes_in_another(person, scope, other_scope):
    both = person("bo", Role.REVIEWER, Role.ADMIN)
    RoleAssignment.objects.create(user=both, scope=other_scope, role=Role.REVIEWER.value)
    assert set(scopes_where(both, Action.VERDICT_VOTE)) == {other_scope}
    assert not can(both, Action.VERDICT_VOTE, scope)
    assert can(both, Action.VERDICT_VOTE, other_scope)


def test_asking_costs_one_query(person, scope, django_assert_num_queries):
    user = person("erin", Role.ENGINEER)
    with django_assert_num_queries(1):
        can(user, Action.SPEC_WRITE, scope)
    with django_assert_num_queries(1):
        list(readable_scopes(user))


def test_role_holders_are_active_people(person, scope, organisation):
    here = person("ravi", Role.REVIEWER)
    above = person("rosa", Role.REVIEWER, where=organisation)
    person("rex", Role.REVIEWER, is_active=False)
    assert set(role_holders(scope, Role.REVIEWER)) == {here, above}
