"""What is asked of a candidate stands in the way of its approval until it is met or two people let it pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun, PullRequest
from apps.generation.services import measuring, requirement_gates
from apps.generation.services.delivery import pull_request_merge
from apps.generation.services.gate_jobs import GATES_JOB
from apps.generation.services.overrides import candidate_sheet
from apps.generation.services.review_subject import selected_candidate
from apps.generation.services.reviews import RequirementsUnmet, selection_change
from apps.governance.models import Ballot, CodeOwner, Override, RoleAssignment, Scope, User
from apps.governance.services.policy_versions import version_simulate
from apps.governance.types import Verdict
from apps.jobs.models import Job
from apps.knowledge.engine.policy import policy_read
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.generation.test_review import status_of, vote
from tests.kept import Keep
from tests.policies import code_rules_ruled, kind_named, version_proposed
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Status = CodeGenerationRequest.Status
BRANCHY = (
    "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    if value < low:\n        return low\n"
    "    if value > high:\n        return high\n    return value\n```"
)
SIMPLE = "- Cyclomatic complexity must be at most 1.\n"
TYPED = "- The code must be strictly typed.\n"
UNTYPED = "```python\ndef clamp(value, low, high):\n    return max(low, min(high, value))\n```"
COVERED = "- Test coverage must be at least 50 %.\n"
MUTATED = "- The mutation score must be at least 80 %.\n"


@pytest.fixture
def reviewed(
    kept: Keep, submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> Callable[..., GenerationRun]:
    def make(text: str, *answers: str) -> GenerationRun:
        def begin() -> UUID:
            server.answers(list(answers))
            Provider.objects.filter(pk=provider.pk).update(samples=len(answers))
            request = submit(text, title="Keep values in range", target_path="shop/ranges.py")
            work_off(request)
            return request.pk

        pk = kept(repr((text, answers)), begin)
        return GenerationRun.objects.select_related("request", "repository__scope").get(pk=pk)

    return make


def gate_of(run: GenerationRun, name: str) -> dict[str, object]:
    return next(gate for gate in selected_candidate(run=run).gates if gate["gate"] == name)


def test_an_unmet_requirement_is_not_approvable_and_the_page_says_by_how_much(
    reviewed: Callable[..., GenerationRun], reviewer: User, client: Client
) -> None:
    run = reviewed(CLAMP + SIMPLE, BRANCHY)
    with pytest.raises(RequirementsUnmet, match="complexity did not pass"):
        vote(run, reviewer)
    assert not Ballot.objects.exists()
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "clamp has a cyclomatic complexity of 3, 2 more than asked for." in page
    assert "A cannot be approved: complexity did not pass." in page
    form = {"preference": "A", "verdict": "approve", "rationale": "Fine by me."}
    answer = client.post(
        reverse("generation:verdict", args=[run.pk]),
        form | {"digest": client.get(reverse("generation:review", args=[run.pk])).context["digest"]},
    )
    assert answer.status_code == 409
    assert "Fine by me." in answer.content.decode() and "or let two people override" in answer.content.decode()
    assert status_of(run) == Status.IN_REVIEW


def test_a_refusal_needs_no_requirement_to_be_met(reviewed: Callable[..., GenerationRun], owner: User) -> None:
    run = reviewed(CLAMP + SIMPLE, BRANCHY)
    vote(run, owner, Verdict.BLOCK, rationale="Too branchy.")
    assert status_of(run) == Status.REJECTED


@pytest.mark.slow
def test_a_met_requirement_is_measured_once_and_taken_over_at_the_merge(
    reviewed: Callable[..., GenerationRun], reviewer: User, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = reviewed(CLAMP + COVERED, RIGHT)
    measured = gate_of(run, "coverage")
    assert measured["status"] == "passed"
    monkeypatch.setattr(requirement_gates, "python_quality_gates", lambda *_, **__: pytest.fail("measured again"))
    vote(run, reviewer)
    vote(run, owner)
    work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    gates = {gate["gate"]: gate for gate in PullRequest.objects.get(request_id=run.pk).gates}
    assert gates["coverage"] == measured
    assert list(gates) == ["lint", "types", "security", "tests", "coverage"]


def test_an_untyped_function_cannot_be_approved_where_types_are_asked_for_and_a_typed_one_can(
    reviewed: Callable[..., GenerationRun], reviewer: User, client: Client
) -> None:
    run = reviewed(CLAMP + TYPED, UNTYPED, RIGHT)
    untyped, typed = Candidate.objects.filter(request=run.request).order_by("ordinal")[:2]
    assert [gate["status"] for one in (untyped, typed) for gate in one.gates] == ["failed", "passed"]
    if selected_candidate(run=run).pk != untyped.pk:
        selection_change(request_id=run.pk, actor=reviewer, candidate_id=untyped.pk, reason="Shorter.")
    with pytest.raises(RequirementsUnmet, match="typing did not pass"):
        vote(run, reviewer)
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "mypy --strict finds 1 error on the lines that were written or changed." in page
    assert "Function is missing a type annotation" in page
    selection_change(request_id=run.pk, actor=reviewer, candidate_id=typed.pk, reason="It has types.")
    vote(run, reviewer)
    assert Ballot.objects.get().verdict == "approve"


@pytest.mark.slow
def test_types_that_were_not_measured_wait_for_a_job(reviewed: Callable[..., GenerationRun], reviewer: User) -> None:
    run = reviewed(CLAMP + SIMPLE.replace("1", "9") + TYPED, RIGHT)
    chosen = selected_candidate(run=run)
    chosen.gates = [gate for gate in chosen.gates if gate["gate"] != "typing"]
    chosen.save(update_fields=["gates"])
    assert not requirement_gates.is_measured_at_once(run)
    with pytest.raises(RequirementsUnmet, match="requirements did not pass"):
        vote(run, reviewer)
    measuring.gates_ask(request_id=run.pk, actor=reviewer)
    work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    assert gate_of(run, "typing")["status"] == "passed"
    vote(run, reviewer)


@pytest.mark.slow
def test_another_choice_is_measured_before_it_can_be_approved(
    reviewed: Callable[..., GenerationRun], reviewer: User, client: Client
) -> None:
    run = reviewed(CLAMP + COVERED, RIGHT, BRANCHY)
    other = Candidate.objects.filter(request=run.request).exclude(pk=selected_candidate(run=run).pk).get()
    selection_change(request_id=run.pk, actor=reviewer, candidate_id=other.pk, reason="Easier to read.")
    with pytest.raises(RequirementsUnmet, match="requirements did not pass"):
        vote(run, reviewer)
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "has not been measured on it as it is now" in page and "Measuring</a>" in page
    vote(run, reviewer, Verdict.ABSTAIN)
    job = work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    assert (job.kind, job.state) == (GATES_JOB, Job.State.SUCCEEDED)
    assert Ballot.objects.get().void_reason == measuring.VOID_REASON
    assert gate_of(run, "coverage")["status"] == "passed"
    vote(run, reviewer)


@pytest.mark.slow
def test_the_other_candidates_are_measured_on_demand_and_that_voids_what_was_cast(
    reviewed: Callable[..., GenerationRun], reviewer: User, client: Client
) -> None:
    run = reviewed(CLAMP + COVERED, RIGHT, BRANCHY)
    others = Candidate.objects.filter(request=run.request).exclude(pk=selected_candidate(run=run).pk)
    assert [[gate["gate"] for gate in one.gates] for one in others] == [[]]
    vote(run, reviewer)
    client.force_login(reviewer)
    address = reverse("generation:review", args=[run.pk])
    page = client.get(address).content.decode()
    assert "Its tests were not run" in page
    assert "Measure the others" in page
    client.post(reverse("generation:review-measure", args=[run.pk]), {"everyone": "1"})
    assert work_off(run.request).state == Job.State.SUCCEEDED
    assert [one.gates[0]["status"] for one in others.all()] == ["passed"]
    assert "% of the statements" in others.get().gates[0]["detail"]
    page = client.get(address).content.decode()
    assert "Measure the others" not in page
    ballot = Ballot.objects.get(voter=reviewer)
    assert "measured again" in ballot.void_reason


@pytest.mark.slow
def test_a_patch_that_changed_counts_as_not_measured(reviewed: Callable[..., GenerationRun], reviewer: User) -> None:
    run = reviewed(CLAMP + MUTATED.replace("mutation score", "coverage"), RIGHT)
    candidate = selected_candidate(run=run)
    Candidate.objects.filter(pk=candidate.pk).update(patch=candidate.patch + "\n")
    with pytest.raises(RequirementsUnmet):
        vote(run, reviewer)


def sign(run: GenerationRun, gate: str, lead: User, chair: User, client: Client) -> Override:
    address = reverse("generation:review", args=[run.pk])
    client.force_login(lead)
    page = client.get(address)
    digest = next(one["digest"] for one in page.context["gates"] if one["gate"] == gate)
    last = page.context["override_last"].isoformat()
    form = {"gate": gate, "digest": digest, "reason": "Mutation testing comes next month.", "until": last}
    post = reverse("generation:review-override", args=[run.pk])
    refused = client.post(post, form | {"until": "2999-01-01"})
    assert refused.status_code == 422 and "Mutation testing comes" in refused.content.decode()
    assert client.post(post, form).status_code == 302
    override = Override.objects.get(subject_id=run.pk, withdrawn_at=None)
    client.force_login(chair)
    assert reverse("generation:review", args=[run.pk]) in client.get(reverse("console:home")).content.decode()
    assert "Sign the override" in client.get(address).content.decode()
    client.post(reverse("generation:override-confirm", args=[run.pk, override.pk]))
    return override


@pytest.mark.slow
def test_two_people_let_it_pass_once_for_the_approval_and_the_merge(
    reviewed: Callable[..., GenerationRun],
    person: Callable[..., User],
    reviewer: User,
    owner: User,
    client: Client,
) -> None:
    run = reviewed(CLAMP + MUTATED, RIGHT)
    with pytest.raises(RequirementsUnmet, match="mutation"):
        vote(run, reviewer)
    override = sign(run, "mutation", person("quinn", "quality_lead"), person("chris", "chair"), client)
    assert candidate_sheet(run, selected_candidate(run=run)).blocking() == []
    vote(run, reviewer)
    vote(run, owner)
    assert status_of(run) == Status.APPROVED
    work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    pull_request_merge(request_id=run.pk, actor=owner, is_interactive=True)
    assert status_of(run) == Status.OBSERVED
    assert Override.objects.get() == override


@pytest.mark.slow
def test_an_override_that_was_withdrawn_holds_the_last_verdict_up(
    reviewed: Callable[..., GenerationRun],
    person: Callable[..., User],
    scope: Scope,
    reviewer: User,
    owner: User,
    client: Client,
) -> None:
    run = reviewed(CLAMP + MUTATED, RIGHT)
    chair = person("chris", "chair")
    override = sign(run, "mutation", person("quinn", "quality_lead"), chair, client)
    vote(run, reviewer)
    client.post(reverse("generation:override-withdraw", args=[run.pk, override.pk]))
    with pytest.raises(RequirementsUnmet):
        vote(run, owner)
    third = person("thea", "reviewer")
    RoleAssignment.objects.filter(user=owner).delete()
    CodeOwner.objects.create(scope=scope, user=reviewer)
    vote(run, third, Verdict.ABSTAIN)
    assert status_of(run) == Status.IN_REVIEW
    assert [one.verdict for one in Ballot.objects.order_by("cast_at")] == ["approve", "abstain"]


def test_people_with_no_part_in_it_cannot_have_it_measured(
    reviewed: Callable[..., GenerationRun], person: Callable[..., User], client: Client
) -> None:
    run = reviewed(CLAMP, RIGHT)
    client.force_login(person("aud", "auditor"))
    assert client.post(reverse("generation:review-measure", args=[run.pk])).status_code == 403
    assert not Job.objects.filter(kind=GATES_JOB).exists()


def test_without_a_requirement_the_page_says_nothing_of_one(
    reviewed: Callable[..., GenerationRun], reviewer: User, client: Client
) -> None:
    run = reviewed(CLAMP, RIGHT)
    client.force_login(reviewer)
    assert "What is asked of" not in client.get(reverse("generation:review", args=[run.pk])).content.decode()


BRINGS = (
    "```python\n# SPDX-License-Identifier: GPL-3.0-only\nimport numpy\nimport clampkit\n\n\n"
    "def clamp(value: int, low: int, high: int) -> int:\n"
    "    return int(numpy.clip(value, low, high)) or clampkit.nothing()\n```"
)


@pytest.mark.slow
def test_what_a_candidate_brings_in_is_told_with_its_licence_and_counts(
    reviewed: Callable[..., GenerationRun], reviewer: User, client: Client
) -> None:
    run = reviewed(CLAMP + "- It must not use numpy.\n", BRINGS)
    candidate = selected_candidate(run=run)
    check = next(check for check in candidate.checks if check["tool"] == "dependencies")
    assert check["status"] == "failed"
    assert sorted((one["rule"], one["severity"]) for one in check["findings"]) == [
        ("copied-licence", "high"),
        ("undeclared-package", "medium"),
        ("unknown-package", "high"),
    ]
    assert [one["distribution"] for one in check["packages"]] == ["numpy", ""]
    assert candidate.implementation is not None and candidate.implementation.security_score == Decimal("0.50")
    gate = gate_of(run, "dependencies")
    assert gate["status"] == "failed"
    with pytest.raises(RequirementsUnmet, match="dependencies"):
        vote(run, reviewer)
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "numpy is imported. The specification says: It must not use numpy." in page
    assert "Nothing installed or declared here provides clampkit." in page
    assert "What A brings in" in page


def test_a_candidate_that_brings_nothing_in_passes(reviewed: Callable[..., GenerationRun]) -> None:
    run = reviewed(CLAMP + "- Only the standard library may be used, no external libraries.\n", RIGHT)
    assert gate_of(run, "dependencies")["status"] == "passed"


@pytest.mark.slow
def test_a_policy_is_a_gate_and_a_new_version_has_to_be_held_against(
    reviewed: Callable[..., GenerationRun],
    reviewer: User,
    owner: User,
    repository: Repository,
    client: Client,
) -> None:
    lists = {"forbidden_patterns": ["clamp"], "dependencies_denied": ["numpy"], "licences_allowed": ["MIT"]}
    code_rules_ruled(repository, lists)
    run = reviewed(CLAMP, BRINGS)
    gate = gate_of(run, "policy")
    assert (gate["status"], gate["policy_version"]) == ("failed", 1)
    assert [(one["rule"], one["subject"]) for one in gate["findings"]] == [
        ("denied-dependency", "numpy"),
        ("licence-not-allowed", "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0"),
        ("licence-not-allowed", "not known"),
    ]
    with pytest.raises(RequirementsUnmet, match="policy"):
        vote(run, reviewer)
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "numpy is denied. Rule denied-dependency numpy of the code rules of shop, version 1." in page

    code_rules_ruled(repository)
    with pytest.raises(RequirementsUnmet, match="requirements"):
        vote(run, reviewer)
    job = work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    assert (job.kind, job.state, job.error) == (GATES_JOB, Job.State.SUCCEEDED, "")
    assert gate_of(run, "policy")["policy_version"] == 2
    vote(run, reviewer)
    vote(run, owner)
    assert status_of(run) == Status.APPROVED


def test_a_first_policy_reaches_what_waits_for_reviewers(
    reviewed: Callable[..., GenerationRun], reviewer: User
) -> None:
    run = reviewed(CLAMP, RIGHT)
    vote(run, reviewer)
    code_rules_ruled(run.repository, {"forbidden_patterns": ["clamp"]})
    work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    assert Ballot.objects.get().void_reason == measuring.VOID_REASON
    assert gate_of(run, "policy")["policy_version"] == 1


@pytest.mark.slow
def test_rules_are_tried_on_the_candidates_of_ninety_days_before_they_count(
    reviewed: Callable[..., GenerationRun], repository: Repository, person: Callable[..., User]
) -> None:
    run = reviewed(CLAMP, BRINGS)
    lead, chair = person("quinn", "quality_lead"), person("carl", "chair")
    candidate = selected_candidate(run=run)
    lists = {"forbidden_patterns": ["slugify"], "dependencies_denied": ["flask", "numpy"], "licences_denied": ["MIT"]}
    version = version_proposed("code_rules", repository.scope, policy_read(lists).as_json(), lead)
    rules = kind_named("code_rules")
    found = version_simulate(rules, version_id=version.pk, actor=chair, is_interactive=True).simulation
    assert (found["things"], found["seen"], found["stopped"]) == ("candidates", 1, 1)
    assert [(hit["rule"], hit["count"], hit["ids"]) for hit in found["hits"]] == [
        ("Rule 3, denied distribution: numpy", 1, [str(candidate.pk)]),
        ("Rule 4, denied licence: MIT", 1, [str(candidate.pk)]),
    ]
    assert [gate for gate in candidate.gates if gate["gate"] == "policy"] == []

    kept = policy_read({"dependencies_denied": ["flask"]}).as_json()
    version = version_proposed("code_rules", repository.scope, kept, lead)
    found = version_simulate(rules, version_id=version.pk, actor=chair, is_interactive=True).simulation
    assert (found["seen"], found["stopped"], found["hits"]) == (1, 0, [])

    CodeGenerationRequest.objects.filter(pk=run.pk).update(created_at=now() - timedelta(days=91))
    found = version_simulate(rules, version_id=version.pk, actor=chair, is_interactive=True).simulation
    assert found["seen"] == 0


def test_a_candidate_whose_commit_is_gone_is_neither_kept_nor_refused_by_a_trial(
    reviewed: Callable[..., GenerationRun], repository: Repository, person: Callable[..., User]
) -> None:
    run = reviewed(CLAMP, RIGHT)
    GenerationRun.objects.filter(pk=run.pk).update(base_sha="0" * 40)
    lead = person("quinn", "quality_lead")
    rules = policy_read({"forbidden_patterns": ["clamp"]}).as_json()
    version = version_proposed("code_rules", repository.scope, rules, lead)
    tried = version_simulate(kind_named("code_rules"), version_id=version.pk, actor=lead, is_interactive=True)
    found = tried.simulation
    assert (found["seen"], found["stopped"]) == (1, 0)
    assert found["hits"][0]["rule"] == "not known, since its commit cannot be read any more"
