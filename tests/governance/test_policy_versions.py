"""Code rules, budgets and providers change as approval policies do: by two people, and the database holds it."""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.console.flows.notifications import entry_tell
from apps.core.clock import now
from apps.governance.models import AuditEvent, PolicyVersion
from apps.governance.services import NotAllowed, NotEligible, NotInteractive, PolicyClosed, PolicyInvalid
from apps.governance.services.policy_versions import version_propose, version_publish, version_simulate
from apps.governance.types import Role
from apps.jobs.models import Notification
from tests.linked import linked
from tests.people import signed_in
from tests.policies import kind_named, version_proposed, version_ruled, version_signed

EVERYONE = {"allowed": None}


@pytest.fixture
def admin(person):
    return person("adam", Role.ADMIN)


@pytest.fixture
def chair(person):
    return person("chloe", Role.CHAIR)


@pytest.fixture
def version(scope, admin):
    return version_proposed("providers", scope, EVERYONE, admin)


def publish(version, actor, **options):
    given = {"digest": version.content_digest, "is_interactive": True, **options}
    return version_publish(kind_named(version.kind), version_id=version.pk, actor=actor, **given)


def test_a_version_rules_once_a_second_person_published_it(scope, version, admin, chair, person):
    kind = kind_named("providers")
    with pytest.raises(PolicyClosed, match="not simulated"):
        publish(version, chair)
    version_simulate(kind, version_id=version.pk, actor=admin, is_interactive=True)
    with pytest.raises(NotEligible, match="another person publishes"):
        publish(version, admin)
    twin = person("adam2", Role.ADMIN)
    linked(admin, twin)
    with pytest.raises(NotEligible):
        publish(version, twin)
    with pytest.raises(PolicyClosed, match="not the version you looked at"):
        publish(version, chair, digest="0" * 64)
    assert kind.ruling_in(scope) is None
    publish(version, chair)
    assert kind.ruling_in(scope) == version
    event = AuditEvent.objects.get(action="policy_version.publish", outcome="done")
    assert (event.actor_id, event.after_digest) == (str(chair.pk), version.content_digest)
    assert event.detail == {"what": "the allowed providers", "version": 1}
    with pytest.raises(PolicyClosed, match="published before"):
        publish(version, chair)
    with pytest.raises(PolicyInvalid, match="rules already"):
        version_proposed("providers", scope, EVERYONE, admin)


def test_only_people_with_the_right_at_the_page_change_it(scope, version, person, admin):
    reviewer, kind = person("ravi", Role.REVIEWER), kind_named("providers")
    with pytest.raises(NotAllowed):
        version_proposed("providers", scope, EVERYONE, reviewer)
    draft = PolicyVersion(kind="providers", scope=scope, content=EVERYONE, reason="r")
    with pytest.raises(NotInteractive):
        version_propose(kind, draft, actor=admin, is_interactive=False)
    with pytest.raises(PolicyInvalid, match="Say why"):
        version_proposed("providers", scope, EVERYONE, admin, reason=" ")
    for refused, actor, options in ((NotAllowed, reviewer, {}), (NotInteractive, admin, {"is_interactive": False})):
        with pytest.raises(refused):
            publish(version, actor, **options)


def test_the_second_person_is_told_and_the_page_leads_there(scope, version, admin, chair):
    entry_tell(AuditEvent.objects.get(action="policy_version.propose"))
    told = Notification.objects.get(subject_kind="policy_version", subject_id=str(version.pk), recipient=chair)
    assert told.title == "Providers of Acme/shop, version 1 waits for its second signature"
    client = signed_in(chair)
    assert client.get(told.url).status_code == 200
    version_simulate(kind_named("providers"), version_id=version.pk, actor=chair, is_interactive=True)
    page = client.get(told.url).content.decode()
    assert "Publish this version" in page
    form = {"digest": version.content_digest}
    answer = client.post(f"/governance/policies/versions/{version.pk}/publish", form, follow=True)
    assert "Published. It rules from now on." in answer.content.decode()


def test_versions_of_places_that_somebody_does_not_read_are_not_there(version, other_scope, person):
    client = signed_in(person("olga", Role.REVIEWER, where=other_scope))
    assert client.get(f"/governance/policies/versions/{version.pk}").status_code == 404
    assert "Version 1" not in client.get("/governance/policies/providers").content.decode()
    assert client.get("/governance/policies/providers/new").status_code == 403
    assert client.get("/governance/policies/nothing").status_code == 404
    assert client.get("/api/v1/policy-versions").json()["items"] == []


def test_the_pages_cost_the_same_for_one_version_and_for_many(scope, version, admin):
    client = signed_in(admin)

    def queries():
        counts = []
        for path in ("/governance/policies/providers", f"/governance/policies/versions/{version.pk}"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            counts.append(len(captured))
        return counts

    queries()
    few = queries()
    for _ in range(10):
        version_proposed("providers", scope, EVERYONE, admin)
    assert queries() == few


# --- What the database holds by itself ------------------------------------------------------------------------------


def refuse(why, statement, *values):
    with pytest.raises(Error, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_sql_changes_no_version_and_publishes_none_alone(version, admin, chair, person):
    table = "UPDATE governance_policyversion SET"
    kept = "published once, and never changed otherwise"
    refuse(kept, f"{table} content = '{{}}'")
    refuse(kept, f"{table} kind = 'budgets'")
    refuse(kept, "DELETE FROM governance_policyversion")
    sign = f"{table} simulated_at = now(), published_at = now(), published_by_id = %s"
    refuse("another active person", sign, admin.pk)
    refuse("another active person", sign, person("gone", Role.ADMIN, is_active=False).pk)
    refuse("published by somebody whose role", sign, person("quinn", Role.QUALITY_LEAD).pk)
    refuse("published_by_somebody", f"{table} published_at = now(), published_by_id = %s", chair.pk)
    old = f"{table} simulated_at = now() - interval '8 days', published_at = now(), published_by_id = %s"
    refuse("governance_version_tried_lately", old, chair.pk)
    version_signed(version, chair)
    refuse(kept, f"{table} published_at = now()")


def test_sql_adds_no_published_version(version, chair):
    copy = (
        "INSERT INTO governance_policyversion (id, kind, scope_id, number, content, content_digest, reason,"
        " proposed_by_id, simulated_at, published_at, published_by_id)"
        " SELECT gen_random_uuid(), kind, scope_id, 9, content, content_digest, 'r', proposed_by_id, now(), %s, %s"
        " FROM governance_policyversion WHERE id = %s"
    )
    refuse("proposed before it is published", copy, now(), chair.pk, version.pk)


@pytest.mark.parametrize(
    ("kind", "where", "role"),
    [("providers", "here", Role.QUALITY_LEAD), ("code_rules", "here", Role.ADMIN), ("budgets", "platform", Role.CHAIR)],
)
def test_sql_proposes_nothing_for_somebody_whose_role_changes_no_such_rules(scope, person, kind, where, role):
    refuse(
        "proposed by somebody whose role",
        "INSERT INTO governance_policyversion (id, kind, scope_id, number, content, content_digest, reason,"
        " proposed_by_id)"
        " VALUES (gen_random_uuid(), %s, %s, 1, '{}', 'd', 'r', %s)",
        kind,
        scope.pk if where == "here" else None,
        person("other", role).pk,
    )


def test_a_later_version_replaces_an_earlier_one(scope, admin, chair):
    first = version_ruled("providers", scope, EVERYONE)
    assert kind_named("providers").ruling_in(scope) == first
    page = signed_in(admin).get("/governance/policies/providers").content.decode()
    assert "ruling" in page.lower()


@pytest.mark.parametrize("chosen", ["9" * 5_000, "9" * 19, "x", "-1"])
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/governance/policies/providers/new?scope=", 200),
        ("/governance/policies/new?scope=", 200),
        ("/governance/gates/definitions?scope=", 404),
        ("/profile/tokens?account=", 404),
        ("/api/v1/requests?first=", 400),
    ],
)
def test_an_address_with_a_number_that_is_none_is_answered_all_the_same(scope, chair, address, status, chosen):
    assert signed_in(chair).get(address + chosen).status_code == status
