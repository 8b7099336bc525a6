"""What candidates and the pattern library know of each other: uses that are counted, anti-patterns that are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.generation.models import (
    Candidate,
    CodeGenerationRequest,
    GeneratedCodeArtifact,
    GenerationRun,
    PatternUse,
    PullRequest,
)
from apps.generation.selectors import pattern_outcomes
from apps.generation.services.delivery import pull_request_merge
from apps.generation.services.pattern_uses import uses_record
from apps.generation.services.reverts import reverts_record
from apps.generation.services.review_subject import selected_candidate
from apps.generation.services.reviews import selection_change
from apps.governance.models import AuditEvent, User
from apps.governance.types import Verdict
from apps.knowledge.engine.instantiation import instantiate
from apps.knowledge.gateways.library import patterns
from apps.knowledge.types import PatternOutcome
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.generation.test_review import vote
from tests.git import git
from tests.kept import Keep
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
CARELESS = """```python
def clamp(value: int, low: int, high: int) -> int:
    try:
        return max(low, min(value, high))
    except:
        return low
```"""


@pytest.fixture
def patterns_provider(db: None) -> Provider:
    return Provider.objects.create(
        pk=uuid5(NAMESPACE_OID, "patterns"),
        name="patterns",
        kind=Provider.Kind.BUILTIN,
        model_id="patterns",
        samples=1,
    )


@pytest.fixture
def run(kept: Keep, submit: Submit, patterns_provider: Provider) -> GenerationRun:
    """A request in review whose one candidate is a pattern."""

    def begin() -> UUID:
        request = submit(CLAMP, title="Keep values in range")
        work_off(request)
        return request.pk

    return GenerationRun.objects.select_related("request").get(pk=kept("from a pattern", begin))


def test_a_pattern_is_counted_once_people_have_decided(run: GenerationRun, reviewer: User, owner: User) -> None:
    assert selected_candidate(run=run).model_id == "patterns/clamp"
    vote(run, reviewer)
    assert pattern_outcomes(owner) == []
    vote(run, owner)
    (counted,) = pattern_outcomes(owner)
    assert counted == PatternOutcome("clamp", proposed=1, approved=1, rejected=0, provided=1)
    assert counted.passed_over == 0


def test_a_rejected_pattern_is_counted_as_such(run: GenerationRun, owner: User) -> None:
    vote(run, owner, Verdict.BLOCK, rationale="No.")
    assert pattern_outcomes(owner) == [PatternOutcome("clamp", proposed=1, approved=0, rejected=1, provided=1)]


@pytest.mark.slow
def test_a_pattern_that_was_not_chosen_is_passed_over(
    submit: Submit, provider: Provider, patterns_provider: Provider, server: FaultServer, reviewer: User, owner: User
) -> None:
    server.answers([RIGHT])
    request = submit(CLAMP)
    work_off(request)
    run = GenerationRun.objects.select_related("request").get(pk=request.pk)
    other = Candidate.objects.get(request=request, provider=provider, duplicate_of=None)
    if selected_candidate(run=run) != other:
        selection_change(request_id=run.pk, actor=owner, candidate_id=other.pk, reason="Shorter.")
    vote(run, reviewer)
    vote(run, owner)
    (counted,) = pattern_outcomes(owner)
    assert (counted.proposed, counted.passed_over) == (1, 1)


def test_who_cannot_read_the_repository_sees_no_use(run: GenerationRun, owner: User, client: Client) -> None:
    vote(run, owner, Verdict.BLOCK, rationale="No.")
    assert pattern_outcomes(User.objects.create_user("stranger")) == []
    client.force_login(owner)
    page = client.get("/knowledge/patterns/clamp").content.decode()
    assert 'n = <span class="num">1</span> decided proposal in' in page
    assert "not used yet" in client.get("/knowledge/patterns/slugify").content.decode()


def test_the_library_takes_one_query_for_the_use_of_one_pattern_and_of_many(
    run: GenerationRun, owner: User, client: Client
) -> None:
    vote(run, owner, Verdict.BLOCK, rationale="No.")
    client.force_login(owner)
    client.get("/knowledge")
    before = queries(client)
    original = Candidate.objects.get(request=run.request)
    for number in range(1, 20):
        artifact = GeneratedCodeArtifact.objects.create(
            request=run.request, model_id="patterns/x", code_type="implementation", generated_code="x = 1\n"
        )
        candidate = Candidate.objects.create(
            request=run.request,
            provider=original.provider,
            sample_index=number,
            ordinal=number,
            model_id=f"patterns/{patterns()[number].name}",
            implementation=artifact,
        )
        uses_record(candidate, run)
        uses_record(candidate, run)
    assert queries(client) == before
    assert len(pattern_outcomes(owner)) >= 19
    assert PatternUse.objects.count() == 20


def test_a_pattern_that_a_model_wrote_is_a_use_and_says_whether_it_was_shown(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    clamp = instantiate(next(one for one in patterns() if one.slug == "clamp"), {})
    server.answers([f"```python\n{clamp}\n```"])
    Provider.objects.filter(pk=provider.pk).update(samples=1)
    for names, how in ((["clamp"], "context"), ([], "own")):
        request = submit(CLAMP)
        request.context_snapshot["patterns"] = [{"title": name, "text": ""} for name in names]
        request.save(update_fields=["context_snapshot"])
        work_off(request)
        (use,) = PatternUse.objects.filter(request=request)
        assert (use.pattern, use.how, use.candidate.model_id) == ("clamp", how, "test-model")


@pytest.mark.slow
def test_a_merge_that_was_taken_back_is_counted_once_somebody_asks_again(
    submit: Submit, run: GenerationRun, reviewer: User, owner: User, repository: Repository, code: Path, client: Client
) -> None:
    vote(run, reviewer)
    vote(run, owner)
    work_off(CodeGenerationRequest.objects.get(pk=run.pk))
    merged = pull_request_merge(request_id=run.pk, actor=owner, is_interactive=True)
    assert reverts_record(repository=repository) == 0
    git(code, "revert", "--no-edit", "--mainline", "1", merged.merge_sha)
    work_off(submit("Write `def double(value: int) -> int`.\n\n>>> double(2)\n4\n"))
    pull_request = PullRequest.objects.get(request_id=run.pk)
    assert pull_request.revert_sha == git(code, "rev-parse", "main")
    assert reverts_record(repository=repository) == 0
    assert AuditEvent.objects.filter(action="request.reverted").count() == 1
    assert [one.reverted for one in pattern_outcomes(owner) if one.pattern == "clamp"] == [1]
    client.force_login(owner)
    page = client.get("/knowledge/patterns/clamp").content.decode()
    assert '<span class="num">1</span> was merged and taken back' in page


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/knowledge").status_code == 200
    return len(captured)


def test_the_antipatterns_of_a_candidate_stand_among_its_checks(
    submit: Submit, provider: Provider, server: FaultServer, owner: User, client: Client
) -> None:
    server.answers([CARELESS])
    request = submit(CLAMP)
    work_off(request)
    candidate = Candidate.objects.filter(request=request, duplicate_of=None).get()
    (check,) = [one for one in candidate.checks if one["tool"] == "antipatterns"]
    assert check["status"] == "failed"
    (finding,) = check["findings"]
    assert (finding["rule"], finding["severity"]) == ("bare-except", "high")
    assert "Name the exception" in finding["message"]
    client.force_login(owner)
    page = client.get(reverse("generation:review", args=[request.pk])).content.decode()
    assert "Anti-patterns" in page


def test_a_candidate_without_antipatterns_passes(run: GenerationRun) -> None:
    (check,) = [one for one in selected_candidate(run=run).checks if one["tool"] == "antipatterns"]
    assert (check["status"], check["findings"]) == ("passed", [])
