"""Requests whose candidates are written down as models' answers, without a model and without a sandbox."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.clock import now
from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, GenerationRun
from apps.generation.services.candidates import candidate_write
from apps.generation.services.pipeline import workspace_open
from apps.generation.services.review_subject import review_digest
from apps.generation.services.stages import status_change
from apps.generation.services.submission import request_submit
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.providers.models import Provider
from apps.repositories.models import Repository

THE_ENDS = """Write `def first(values: list[int]) -> int` that returns the smallest value and
`def last(values: list[int]) -> int` that returns the greatest one.

>>> first([3, 1, 2])
1
"""
ENDS = [
    f"```python\ndef first(values: list[int]) -> int:\n    return {first}\n\n\n"
    f"def last(values: list[int]) -> int:\n    return {last}\n```"
    for first, last in (("min(values)", "values[-1]"), ("values[0]", "max(values)"))
]


def written(
    requester: User, repository: Repository, text: str, answers: Sequence[str], *, to: Status
) -> tuple[CodeGenerationRequest, list[Candidate]]:
    """Submit *text* and put the request into the state *to* with what one model answered; the first one is chosen."""
    model = Provider.objects.create(
        name="model",
        kind=Provider.Kind.OPENAI,
        base_url="http://model.test",
        model_id="model",
        samples=len(answers),
        approved_by=User.objects.get_or_create(username="approver")[0],
        approved_at=now(),
    )
    request = request_submit(requester=requester, repository=repository, title="A change", text=text)
    run = GenerationRun.objects.select_related("request", "repository__scope").get(pk=request.pk)
    workspace = workspace_open(run)
    made = []
    for number, answer in enumerate(answers):
        row = Candidate.objects.create(
            request=request, provider=model, model_id=model.model_id, sample_index=number, ordinal=number
        )
        made.append(candidate_write(candidate_id=row.pk, workspace=workspace, answer=answer, model_id="model"))
    status_change(run=run, allowed=[Status.QUEUED], to=to)
    if to is Status.IN_REVIEW:
        Candidate.objects.filter(request=request).update(state=Candidate.State.EXECUTED)
        CodeGenerationConsensus.objects.create(request=request, selected_implementation=made[0].implementation)
        GenerationRun.objects.filter(pk=run.pk).update(review_digest=review_digest(run=run))
    return request, made
