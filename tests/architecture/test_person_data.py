"""Whatever names an account is taken care of when its person is erased, or stays for a reason that stands here."""

from __future__ import annotations

from django.apps import apps

from apps.governance.models import User
from apps.governance.records import person_data

OFFICE = "Who did it in office: the number of an account, which says nothing once its name is gone."
SAID = "Who said it in a review, by number: what was decided rests on it."
WORK = "Whose work it was, by number: authors never approve their own, and that has to stay provable."

STAYS = {
    "console.Baseline.imported_by": OFFICE,
    "generation.Answer.answered_by": WORK,
    "generation.CanarySetting.set_by": OFFICE,
    "generation.Candidate.grafted_by": WORK,
    "generation.Contribution.user": WORK,
    "generation.GenerationRun.requester": WORK,
    "generation.Guidance.given_by": WORK,
    "generation.PullRequest.merged_by": OFFICE,
    "generation.ReviewComment.author": SAID,
    "generation.ReviewThread.author": SAID,
    "generation.ReviewThread.confirmed_by": SAID,
    "generation.ReviewThread.resolved_by": SAID,
    "governance.AccountLink.account": WORK,
    "governance.AccountLink.asked_by": OFFICE,
    "governance.AccountLink.confirmed_by": OFFICE,
    "governance.AccountLink.other": WORK,
    "governance.AccountLink.withdrawn_by": OFFICE,
    "governance.ApprovalPolicyVersion.proposed_by": OFFICE,
    "governance.ApprovalPolicyVersion.published_by": OFFICE,
    "governance.Ballot.voter": "What was decided stays decided by as many people; its person gets a pseudonym.",
    "governance.CodeOwner.user": "Which paths an account owned, by number; a closed account owns nothing in a roster.",
    "governance.Erasure.asked_by": OFFICE,
    "governance.Erasure.confirmed_by": OFFICE,
    "governance.Erasure.person": "That the account was erased, by number.",
    "governance.Erasure.withdrawn_by": OFFICE,
    "governance.EvidencePack.requested_by": OFFICE,
    "governance.Gate.closed_by": OFFICE,
    "governance.Gate.opened_by": OFFICE,
    "governance.Gate.requested_by": OFFICE,
    "governance.GateDecision.decided_by": OFFICE,
    "governance.GateDefinitionVersion.proposed_by": OFFICE,
    "governance.GateDefinitionVersion.published_by": OFFICE,
    "governance.GateFreeze.frozen_by": OFFICE,
    "governance.GateSeat.assigned_by": OFFICE,
    "governance.GateSeat.user": OFFICE,
    "governance.GateWaiver.asked_by": OFFICE,
    "governance.GateWaiver.confirmed_by": OFFICE,
    "governance.GateWaiver.withdrawn_by": OFFICE,
    "governance.Incident.closed_by": OFFICE,
    "governance.Incident.opened_by": OFFICE,
    "governance.LegalHold.person": "Nobody under a hold is erased; a hold that was released names a number.",
    "governance.LegalHold.placed_by": OFFICE,
    "governance.LegalHold.release_asked_by": OFFICE,
    "governance.LegalHold.released_by": OFFICE,
    "governance.Override.asked_by": OFFICE,
    "governance.Override.confirmed_by": OFFICE,
    "governance.Override.withdrawn_by": OFFICE,
    "governance.PolicyVersion.proposed_by": OFFICE,
    "governance.PolicyVersion.published_by": OFFICE,
    "governance.RetentionSetting.asked_by": OFFICE,
    "governance.RetentionSetting.confirmed_by": OFFICE,
    "governance.RetentionSetting.withdrawn_by": OFFICE,
    "governance.RoleAssignment.granted_by": OFFICE,
    "governance.RoleAssignment.user": "Which roles a closed account had, by number; rosters leave closed accounts out.",
    "governance.Rung.ended_by": OFFICE,
    "governance.Suspension.suspended_by": OFFICE,
    "governance.User.password_given_by": OFFICE,
    "governance.User.votes_confirmed_by": OFFICE,
    "governance.User_groups.user": "Groups grant nothing here.",
    "governance.User_user_permissions.user": "Permissions grant nothing here.",
    "jobs.Job.requested_by": WORK,
    "jobs.WebhookEndpoint.created_by": OFFICE,
    "knowledge.MinedPattern.decided_by": OFFICE,
    "knowledge.RepositoryPolicy.written_by": OFFICE,
    "providers.Budget.set_by": OFFICE,
    "providers.Provider.approved_by": OFFICE,
    "providers.Provider.registered_by": OFFICE,
    "quality.CoverageReport.uploaded_by": WORK,
    "quality.Defect.reported_by": OFFICE,
    "quality.DefectReport.sent_by": OFFICE,
    "quality.MutationRun.requested_by": OFFICE,
    "quality.ProposalBranch.applied_by": WORK,
    "quality.Quarantine.lifted_by": OFFICE,
    "quality.Quarantine.owner": OFFICE,
    "quality.Quarantine.set_by": OFFICE,
    "quality.SuiteRun.uploaded_by": WORK,
}


def named() -> set[str]:
    """Return every column that leads to an account, of every table that is installed."""
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in (*model._meta.fields, *model._meta.many_to_many)
        if field.is_relation and field.related_model is User
    }


def erased() -> set[str]:
    return {field for data in person_data() for field in data.fields}


def test_each_column_that_names_an_account_is_erased_or_stays_for_a_reason():
    assert sorted(named() - erased() - STAYS.keys()) == [], "register them with person_data_register, or say why not"


def test_nothing_is_listed_that_is_not_there_or_is_erased_after_all():
    assert sorted((erased() | STAYS.keys()) - named()) == []
    assert sorted(erased() & STAYS.keys()) == []


def test_each_reason_is_a_sentence():
    assert all(reason.endswith(".") and len(reason) > 20 for reason in STAYS.values())
