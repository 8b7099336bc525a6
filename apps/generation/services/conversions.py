"""Further candidates of the platform's own: answers that miss the examples by a container or an order, converted."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.conversions import Conversion, conversion_for, converted_module
from apps.generation.gateways.observing import Observation
from apps.generation.models import Candidate, CodeGenerationRequest
from apps.generation.services.candidates import Workspace, candidate_write, duplicates_mark
from apps.generation.services.checking import candidate_module, changed_files
from apps.generation.services.rounds import Trial, is_settled

CONVERTER = "nofx/conversion"
NOTE = "The program {miss}; the platform wrote {function}(...) around what it returns."


@transaction.atomic
def conversions_add(*, workspace: Workspace, trial: Trial) -> int:
    """
    Write a candidate for each program that a conversion brings to meet every example; return how many there are.

    Nothing is written where those that meet them convince already, for other languages than Python, nor twice for one
    program. What is written is checked and run as any other candidate.
    """
    request = workspace.run.request
    CodeGenerationRequest.objects.select_for_update().get(pk=request.pk)
    entry = workspace.specification.entry
    if workspace.language.name != "python" or not entry or is_settled(workspace, trial):
        return 0
    done = set(Candidate.objects.filter(request=request, model_id=CONVERTER).values_list("repairs_id", flat=True))
    written = 0
    for candidate, observation in zip(trial.candidates, trial.observations, strict=True):
        conversion = _conversion(observation, trial.inputs)
        if conversion is None or candidate.pk in done or candidate.provider is None:
            continue
        module = _module(workspace, candidate, entry, conversion)
        if module is not None:
            _write(workspace, candidate, module, conversion)
            written += 1
    return written - duplicates_mark(run=workspace.run) if written else 0


def _conversion(observation: Observation, inputs: Sequence[PoolInput]) -> Conversion | None:
    """Return what is missing; None where an example is more than a call of the function, for that shows not enough."""
    pairs = [
        (outcome, one)
        for outcome, one in zip(observation.outcomes, inputs, strict=True)
        if one.origin is InputOrigin.EXAMPLE and one.expected is not None
    ]
    if any(one.call.is_session for _, one in pairs):
        return None
    return conversion_for([outcome for outcome, _ in pairs], [one.expected for _, one in pairs if one.expected])


def _module(workspace: Workspace, candidate: Candidate, entry: str, conversion: Conversion) -> str | None:
    if set(changed_files(workspace, candidate)) - {
        workspace.run.target_path,
        workspace.test_path,
        workspace.documentation_path,
    }:
        return None  # the answer is a patch of several files
    try:
        return converted_module(candidate_module(workspace, candidate), entry, conversion)
    except (SyntaxError, ValueError, RecursionError):
        return None  # the function is written in a way that shows no values


def _write(workspace: Workspace, original: Candidate, module: str, conversion: Conversion) -> None:
    request = workspace.run.request
    own = Candidate.objects.filter(request=request)
    row = Candidate.objects.create(
        request=request,
        provider=None,
        model_id=CONVERTER,
        sample_index=own.filter(model_id=CONVERTER).count(),
        repairs=original,
        guided_by=original.guided_by,
        ordinal=(own.aggregate(last=Max("ordinal"))["last"] or 0) + 1,
    )
    candidate_write(
        candidate_id=row.pk,
        workspace=workspace,
        answer=f"```python\n{module}\n```",
        model_id=CONVERTER,
        note=NOTE.format(miss=conversion.miss, function=conversion.value),
    )
