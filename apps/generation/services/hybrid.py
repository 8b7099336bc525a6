"""One more candidate, put together function by function, where that passes more examples than any that was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Max

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.hybrid import Plan, hybrid_module, hybrid_plan
from apps.generation.engine.inputs import input_key
from apps.generation.engine.outcomes import outcome_meets
from apps.generation.engine.testgen import example_functions
from apps.generation.engine.workspace import neighbours_setup
from apps.generation.gateways.observing import Observation, Program, observe
from apps.generation.models import Candidate
from apps.generation.services.candidates import Workspace, candidate_write
from apps.generation.services.checking import candidate_module, candidates_check
from apps.generation.services.execution import candidate_program

ASSEMBLER = "nofx/assembly"


def hybrid_add(
    *,
    workspace: Workspace,
    candidates: Sequence[Candidate],
    observations: Sequence[Observation],
    inputs: Sequence[PoolInput],
) -> tuple[Candidate, Observation] | None:
    """
    Write, check and run a module of the candidates' best functions; None where it would beat none of them.

    Modules of other languages than Python are not put together.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    if workspace.language.name != "python":
        return None
    functions = _functions_of(workspace, inputs)
    if len(set(functions.values())) < 2 or any(one.model_id == ASSEMBLER for one in candidates):
        return None
    passed = {
        str(candidate.pk): _passed(one, inputs, functions)
        for candidate, one in zip(candidates, observations, strict=True)
    }
    plan = hybrid_plan(passed)
    module = _module(plan, candidates, workspace) if plan else None
    if plan is None or module is None:
        return None
    entry = workspace.run.entry
    (tried,) = observe([_program(workspace, module)], inputs, entry=entry)
    if sum(_passed(tried, inputs, functions).values()) <= max(sum(one.values()) for one in passed.values()):
        return None
    candidate = _write(workspace, module, plan, candidates)
    candidates_check(run=workspace.run, workspace=workspace)
    candidate = Candidate.objects.select_related("implementation", "test", "provider").get(pk=candidate.pk)
    if candidate.state != Candidate.State.CHECKED:
        return None
    (one,) = observe([candidate_program(workspace, candidate)], inputs, entry=entry)
    return candidate, one


def _functions_of(workspace: Workspace, inputs: Sequence[PoolInput]) -> dict[int, str]:
    """Return, by the position of each of the person's examples, the function that it is an example of."""
    by_key = {input_key(one.call): name for one, name in example_functions(workspace.specification)}
    return {
        position: by_key[input_key(one.call)]
        for position, one in enumerate(inputs)
        if one.origin is InputOrigin.EXAMPLE and input_key(one.call) in by_key
    }


def _passed(one: Observation, inputs: Sequence[PoolInput], functions: Mapping[int, str]) -> dict[str, int]:
    found = Counter(dict.fromkeys(functions.values(), 0))
    for position, name in functions.items():
        expected = inputs[position].expected
        found[name] += expected is not None and outcome_meets(one.outcomes[position], expected)
    return dict(found)


def _module(plan: Plan, candidates: Sequence[Candidate], workspace: Workspace) -> str | None:
    modules = {str(one.pk): candidate_module(workspace, one) for one in candidates}
    try:
        return hybrid_module(plan, modules)
    except (SyntaxError, ValueError, RecursionError):
        return None  # what the candidates wrote does not fit together


def _program(workspace: Workspace, module: str) -> Program:
    path = workspace.run.target_path
    files = {name: text for name, text in workspace.files.items() if name.endswith(".py")} | {path: module}
    return Program(module, neighbours_setup(module, path, files))


@transaction.atomic
def _write(workspace: Workspace, module: str, plan: Plan, candidates: Sequence[Candidate]) -> Candidate:
    request = workspace.run.request
    last = Candidate.objects.filter(request=request).aggregate(last=Max("ordinal"))["last"]
    row = Candidate.objects.create(
        request=request,
        provider=None,
        model_id=ASSEMBLER,
        sample_index=0,
        guided_by=workspace.guidance,
        ordinal=last + 1,
    )
    candidate = candidate_write(
        candidate_id=row.pk, workspace=workspace, answer=f"```python\n{module}\n```", model_id=ASSEMBLER
    )
    authors = {str(one.pk): one.model_id for one in candidates}
    parts = ", ".join(f"{function} by {authors[donor]}" for function, donor in sorted(plan.donors.items()))
    candidate.reason = f"Put together function by function: begun by {authors[plan.base]}, {parts}."
    candidate.save(update_fields=["reason"])
    return candidate
