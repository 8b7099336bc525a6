"""The job that tries a version of a policy on the past, and how long what it found holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.console.flows.policy_trials import TRIAL_JOB, trial_request
from apps.core.clock import now
from apps.governance.engine.trials import TRIAL_HOLDS, trial_is_old
from apps.governance.models import ApprovalPolicyVersion, AuditEvent, PolicyVersion, RoleAssignment
from apps.governance.services import (
    NotAllowed,
    NotInteractive,
    PolicyClosed,
    policy_propose,
    policy_publish,
    policy_simulate,
    scope_create,
)
from apps.governance.services.policy_versions import version_publish
from apps.governance.types import Policy, Role, Seat
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.jobs.selectors import job_is_readable
from apps.knowledge.engine.policy import policy_read
from apps.repositories.models import Repository
from tests.people import signed_in
from tests.policies import kind_named, version_proposed, version_signed

pytestmark = pytest.mark.django_db(transaction=True)

FOUND = {
    "things": "candidates",
    "outcome": "would have been refused",
    "seen": 0,
    "stopped": 0,
    "hits": [],
    "limits": [],
    "is_cut": False,
    "days": 90,
    "before": {},
}


@pytest.fixture
def lead(person):
    return person("quinn", Role.QUALITY_LEAD)


@pytest.fixture
def chair(person):
    return person("chloe", Role.CHAIR)


@pytest.fixture
def version(transactional_db, scope, lead):
    Repository.objects.create(scope=scope, name="shop", path="/srv/shop")
    return version_proposed("code_rules", scope, policy_read({"dependencies_denied": ["numpy"]}).as_json(), lead)


def simulate(user, version):
    return signed_in(user).post(reverse("console:version-simulate", args=[version.pk]))


def page_of(user, version):
    return signed_in(user).get(reverse("governance:version-detail", args=[version.pk])).content.decode()


def publish(version, actor):
    given = {"digest": version.content_digest, "actor": actor, "is_interactive": True}
    return version_publish(kind_named(version.kind), version_id=version.pk, **given)


def tried_days_ago(version, days):
    type(version).objects.filter(pk=version.pk).update(simulated_at=now() - timedelta(days=days), simulation=FOUND)


def test_asking_twice_tries_once_outside_of_the_request_and_the_page_follows_the_job(version, lead, chair):
    assert simulate(lead, version).status_code == 302
    assert simulate(chair, version).status_code == 302
    job = Job.objects.get(kind=TRIAL_JOB)
    version.refresh_from_db()
    assert version.simulated_at is None
    with pytest.raises(PolicyClosed, match="not simulated"):
        publish(version, chair)
    assert job_is_readable(chair, job)
    page = page_of(chair, version)
    assert f'data-live-job="{job.pk}"' in page
    assert "waiting for" in page and "Publish this version" not in page and ">Simulate<" not in page
    job_execute(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress["stage"], job.progress["seen"]) == ("succeeded", "tried", 0)
    page = page_of(chair, version)
    assert "There were no candidates here in the last 90 days" in page
    assert "data-live-job" not in page and "Publish this version" in page and "Simulate again" in page
    assert publish(version, chair).published_by == chair


def test_who_may_not_change_the_rules_has_nothing_tried(version, person, scope):
    reviewer = person("ravi", Role.REVIEWER)
    assert simulate(reviewer, version).status_code == 403
    assert AuditEvent.objects.get(action="policy_version.simulate").outcome == "denied"
    with pytest.raises(NotInteractive):
        trial_request(kind_named("code_rules"), version_id=version.pk, actor=version.proposed_by, is_interactive=False)
    elsewhere = scope_create(organisation="Beyond", repository="tills", created_by=None)
    stranger = person("olga", Role.QUALITY_LEAD, where=elsewhere)
    assert simulate(stranger, version).status_code == 404
    with pytest.raises(NotAllowed):
        trial_request(kind_named("code_rules"), version_id=version.pk, actor=stranger, is_interactive=True)
    assert not Job.objects.exists()


def test_a_trial_for_somebody_who_lost_the_right_meanwhile_fails_and_the_page_says_so(version, lead, chair):
    simulate(lead, version)
    job = Job.objects.get(kind=TRIAL_JOB)
    RoleAssignment.objects.filter(user=lead).delete()
    job_execute(job.pk)
    job.refresh_from_db()
    version.refresh_from_db()
    assert (job.state, version.simulation) == ("failed", None)
    page = page_of(chair, version)
    assert "Your role does not change policies here." in page
    assert ">Simulate<" in page and "data-live-job" not in page


def test_a_version_that_was_published_is_tried_no_more(version, lead, chair):
    simulate(lead, version)
    version_signed(version, chair)
    job = Job.objects.get(kind=TRIAL_JOB)
    before = PolicyVersion.objects.get().simulated_at
    job_execute(job.pk)
    job.refresh_from_db()
    assert (job.state, PolicyVersion.objects.get().simulated_at) == ("failed", before)
    assert simulate(lead, version).status_code == 409


def test_a_trial_holds_for_a_week():
    moment = now()
    assert not trial_is_old(None, moment)
    assert not trial_is_old(moment - TRIAL_HOLDS, moment)
    assert trial_is_old(moment - TRIAL_HOLDS - timedelta(seconds=1), moment)


def test_nothing_is_published_on_an_old_trial_and_the_page_says_from_when_it_is(version, chair):
    tried_days_ago(version, 9)
    with pytest.raises(PolicyClosed, match="tried on a past that ends on") as caught:
        publish(version, chair)
    assert caught.value.remedy == "Simulate it again: a trial holds for 7 days."
    page = page_of(chair, version)
    assert "Tried 9 d ago on the 90 days up to" in page
    assert "A trial holds for 7 days. Simulate it again before it is published." in page
    assert "Publish this version" not in page
    tried_days_ago(version, 6)
    assert "Publish this version" in page_of(chair, version)
    assert publish(version, chair).published_by == chair


def test_an_old_trial_publishes_no_approval_policy_either(scope, person):
    adam, chloe = person("adam", Role.ADMIN), person("chloe", Role.CHAIR)
    for name in ("ravi", "rosa"):
        person(name, Role.REVIEWER)
    policy = Policy("two", (Seat("a reviewer"), Seat("another reviewer")))
    version = policy_propose(
        scope=scope, risk_tier="low", policy=policy, reason="More eyes.", actor=adam, is_interactive=True
    )
    policy_simulate(version_id=version.pk, actor=adam, is_interactive=True)
    ApprovalPolicyVersion.objects.filter(pk=version.pk).update(simulated_at=now() - timedelta(days=9))
    with pytest.raises(PolicyClosed, match="tried on a past that ends on"):
        policy_publish(version_id=version.pk, digest=version.content_digest, actor=chloe, is_interactive=True)
    page = signed_in(chloe).get(f"/governance/policies/{version.pk}").content.decode()
    assert "Simulate it again before it is published." in page and "Publish this version" not in page
