"""What candidates cost on growing inputs, beside the code they replace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.context import symbols_of
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.profile import SIZES, Profile, grown
from apps.generation.engine.workspace import neighbours_setup
from apps.generation.gateways.observing import Program
from apps.generation.gateways.profiling import REPEATS, profile
from apps.generation.models import Candidate
from apps.generation.services.candidates import Workspace
from apps.generation.services.execution import candidate_program


def profiles_keep(*, candidates: Sequence[Candidate], inputs: Sequence[PoolInput], workspace: Workspace) -> None:
    """
    Measure each candidate, and the code it replaces, on one input made larger; store it with the implementation.

    Nothing is stored where no input can be made larger, nor for another language than Python. Candidates that were
    measured are not measured again.

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    waiting = [one for one in candidates if one.implementation and one.implementation.performance_metrics is None]
    call = _call_to_grow(inputs)
    if call is None or not waiting or workspace.language.name != "python":
        return
    before = _before(workspace)
    written = [candidate_program(workspace, one) for one in waiting] + ([before] if before else [])
    programs = [one for one in written if isinstance(one, Program)]
    found = profile(programs, call, entry=workspace.run.entry)
    replaced = found[len(waiting)] if before else None
    with transaction.atomic():
        for candidate, one in zip(waiting, found, strict=False):
            if candidate.implementation is not None:
                candidate.implementation.performance_metrics = {
                    "call": call.text(workspace.run.entry)[:400],
                    "repeats": REPEATS,
                    **_measured(one),
                    "replaces": _measured(replaced) if replaced else None,
                    "ratio": _ratio(one, replaced) if replaced else None,
                }
                candidate.implementation.save(update_fields=["performance_metrics"])


def _call_to_grow(inputs: Sequence[PoolInput]) -> CallInput | None:
    """The person's examples come first: what is made larger should be something that somebody meant."""
    ordered = sorted(inputs, key=lambda one: one.origin is not InputOrigin.EXAMPLE)
    return next((one.call for one in ordered if grown(one.call, SIZES[0]) is not None), None)


def _before(workspace: Workspace) -> Program | None:
    """Return the target file as it is, when it defines what is to be written."""
    path = workspace.run.target_path
    source = workspace.files.get(path, "")
    if workspace.run.entry not in {symbol.name for symbol in symbols_of({path: source})}:
        return None
    files = {name: text for name, text in workspace.files.items() if name.endswith(".py")}
    return Program(source, neighbours_setup(source, path, files))


def _measured(one: Profile) -> dict[str, Any]:
    return {
        "points": [{"size": p.size, "ms": p.ms, "calls": p.calls, "kib": p.kib} for p in one.points],
        "exponent": one.exponent,
        "growth": one.words,
        "stopped_at": one.stopped_at,
    }


def _ratio(one: Profile, replaced: Profile) -> float | None:
    """Return the time of a call over that of the code before, at the largest size that both were measured at."""
    before = {point.size: point.ms for point in replaced.points if point.ms > 0}
    common = [point for point in one.points if point.size in before]
    return round(common[-1].ms / before[common[-1].size], 2) if common else None
