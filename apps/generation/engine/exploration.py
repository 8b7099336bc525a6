"""Inputs that nobody wrote: fuzzed ones near the examples, and probes further out, which have less to say."""

from __future__ import annotations

from collections.abc import Sequence

from apps.generation.engine.class_uses import ClassUse
from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput, call_input_of, fuzz_inputs, input_key, probe_inputs
from apps.generation.engine.specification.model import FunctionSignature, SpecExample

PROBE_WEIGHT = 0.5  # fewer of them are inputs that the code is for
MAX_STARTS = 10  # calls of tests that probes start from


def explored_inputs(
    signature: FunctionSignature | None,
    examples: Sequence[SpecExample],
    *,
    tests: Sequence[CallInput],
    landmarks: Sequence[object],
    seed: int,
    near: int,
    count: int,
    use: ClassUse | None = None,
) -> list[PoolInput]:
    """
    Return up to *count* inputs, *near* of them near the examples, the same ones for the same seed.

    Probes start from the examples and from calls of *tests* that models wrote, and use *landmarks*, the
    constants of the programs that are compared. For a class all are sessions, made of its *use*. None of them is an
    example or such a call.
    """
    written = {input_key(call) for call in tests}
    fuzzed = fuzz_inputs(signature, examples, seed=seed, count=near if use is None else count, use=use)
    starts = [*map(call_input_of, examples), *tests[:MAX_STARTS]]
    probes = probe_inputs(
        signature, starts, seed=seed, count=max(0, count - len(fuzzed)), landmarks=landmarks, besides=fuzzed
    )
    found = [PoolInput(call, InputOrigin.FUZZ) for call in fuzzed]
    found += [PoolInput(call, InputOrigin.FUZZ, weight=PROBE_WEIGHT) for call in probes]
    return [item for item in found if input_key(item.call) not in written]
