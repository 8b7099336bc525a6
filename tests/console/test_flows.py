"""What one track finds, another one uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.console.flows.guidance import architecture_guidance
from apps.evolution.services import snapshot_take
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.services.delivery import pull_request_merge
from apps.generation.services.joined import figures_of
from apps.generation.services.measuring import gates_ask
from apps.generation.services.requirement_gates import gates_are_measured
from apps.generation.services.review_subject import review_digest, selected_candidate
from apps.generation.services.reviews import selection_change, verdict_cast
from apps.governance.models import User
from apps.governance.types import Verdict
from apps.jobs.models import Job
from apps.providers.models import Provider
from apps.quality.models import AiCodeReview, GeneratedTestSuite, MutationRun
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT, WRONG
from tests.git import git
from tests.shop import (
    code,
    engineer,
    home,
    owner,
    person,
    provider,
    repository,
    reviewer,
    scope,
    server,
    submit,
    work_off,
)
from tests.viewed import look_at

__all__ = [
    "code",
    "engineer",
    "home",
    "owner",
    "person",
    "provider",
    "repository",
    "reviewer",
    "scope",
    "server",
    "submit",
]

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
BRANCHY = (
    "```python\ndef clamp(value: int, low: int, high: int) -> int:\n    if value < low:\n        return low\n"
    "    return high if value > high else value\n```"
)
# Right on the examples, and it fails where the ends meet.
BRITTLE = """```python
def clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high)) if high % 7 else [][value]
```"""


@pytest.mark.slow
@pytest.mark.joined
def test_quality_reviews_and_tests_what_is_written_before_a_person_sees_it(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User
) -> None:
    server.answers([RIGHT, BRITTLE, WRONG])
    request = submit(CLAMP)
    work_off(request)
    assert request.status == "in_review"
    written = Candidate.objects.filter(request=request, implementation__isnull=False)
    checks = {
        code: {check["tool"]: check for check in found}
        for code, found in written.values_list("implementation__generated_code", "checks")
    }
    right, brittle, wrong = (
        next(found for text, found in checks.items() if text.strip().endswith(end))
        for end in ("min(value, high))", "[][value]", "return value")
    )
    assert brittle["property-tests"]["status"] == "failed"
    assert "IndexError" in brittle["property-tests"]["findings"][0]["message"]
    assert wrong["property-tests"]["status"] == "not_checked"
    assert right["quality-review"]["status"] in {"passed", "failed"}
    assert AiCodeReview.objects.count() == GeneratedTestSuite.objects.count() == 2
    run = GenerationRun.objects.get(pk=request.pk)
    assert run.review_digest == review_digest(run=run)


@pytest.mark.slow
@pytest.mark.joined
def test_the_tests_of_what_is_up_for_approval_are_tried_on_changes_of_it_before_people_see_it(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User, client: Client
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=1)
    server.answers([BRANCHY])
    request = submit(CLAMP + "- The mutation score must be at least 99 %.\n")
    work_off(request)
    run = GenerationRun.objects.get(pk=request.pk)
    candidate = selected_candidate(run=run)
    check = figures_of(candidate)["mutation"]
    kept = MutationRun.objects.get()
    assert (check["share"]["hits"], check["share"]["n"]) == (kept.noticed, kept.counted)
    assert kept.code_id == candidate.implementation_id and 0 < kept.survived < kept.counted
    gate = next(one for one in candidate.gates if one["gate"] == "mutation")
    assert gate["status"] == "failed" and "At least 99 % was asked for" in gate["detail"]
    assert run.review_digest == review_digest(run=run)
    client.force_login(reviewer)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert f"{kept.survived} change" in page and "No test notices" in page
    Candidate.objects.filter(pk=candidate.pk).update(patch=candidate.patch + "\n")
    assert figures_of(selected_candidate(run=run)) == {}


@pytest.mark.slow
@pytest.mark.joined
def test_the_tests_of_the_others_are_tried_on_demand_and_stand_when_one_is_chosen(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=2)
    server.answers([RIGHT, BRANCHY])
    request = submit(CLAMP + "- The mutation score must be at least 1 %.\n")
    work_off(request)
    run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=request.pk)
    other = Candidate.objects.filter(request=request).exclude(pk=selected_candidate(run=run).pk).get()
    assert figures_of(other) == {}
    gates_ask(request_id=run.pk, actor=reviewer, everyone=True)
    work_off(request)
    other.refresh_from_db()
    assert [gate["status"] for gate in other.gates if gate["gate"] == "mutation"] == ["passed"]
    selection_change(request_id=run.pk, actor=reviewer, candidate_id=other.pk, reason="Easier to read.")
    assert gates_are_measured(run, selected_candidate(run=run))


@pytest.mark.slow
@pytest.mark.joined
def test_a_figure_that_ended_in_an_error_is_measured_again_when_somebody_asks(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=1)
    server.answers([BRANCHY])
    request = submit(CLAMP + "- The mutation score must be at least 1 %.\n")
    work_off(request)
    run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=request.pk)
    candidate = selected_candidate(run=run)
    failed = [{**check, "status": "error"} if "patch" in check else check for check in candidate.checks]
    gates = [{**gate, "status": "error"} for gate in candidate.gates]
    Candidate.objects.filter(pk=candidate.pk).update(checks=failed, gates=gates)
    gates_ask(request_id=run.pk, actor=reviewer)
    work_off(request)
    assert [gate["status"] for gate in selected_candidate(run=run).gates] == ["passed"]


@pytest.mark.slow
def test_a_merge_refreshes_documentation_architecture_and_index(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User, owner: User, repository: Repository
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP)
    work_off(request)
    run = GenerationRun.objects.get(pk=request.pk)
    for voter in (reviewer, owner):
        look_at(run, voter)
        verdict_cast(
            request_id=run.pk,
            reviewer=voter,
            verdict=Verdict.APPROVE,
            digest=review_digest(run=run),
            is_interactive=True,
        )
    work_off(request)
    merged = pull_request_merge(request_id=run.pk, actor=owner, is_interactive=True)
    revision = revision_record(repository=repository, sha=merged.merge_sha)
    kinds = set(Job.objects.filter(subject_id=revision.pk).values_list("kind", flat=True))
    assert {"docs.generate", "evolution.analyse", "knowledge.mine", "repositories.index"} <= kinds


def test_models_are_told_which_import_a_module_is_to_give_up(code: Path, repository: Repository) -> None:
    (code / "shop" / "money.py").write_text("import shop.prices\n\nA = shop.prices\n")
    git(code, "commit", "--quiet", "-am", "Close a circle")
    snapshot_take(revision=revision_record(repository=repository, sha=head_sha(repository)), actor=None)
    (told,) = architecture_guidance(repository, "shop/money.py")
    assert "shop.money, shop.prices" in told["text"]
    assert architecture_guidance(repository, "shop/other.py") == []


def test_without_a_snapshot_there_is_nothing_to_tell(repository: Repository) -> None:
    assert architecture_guidance(repository, "shop/money.py") == []
