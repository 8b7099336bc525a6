"""A refactoring that is shown to behave the same, part by part, or none."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.checks.services import safe_fixes
from apps.checks.types import Fix, FixedSource
from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import OutcomeKind
from apps.generation.engine.refactoring import (
    LINES_ENTRY,
    MODULE,
    Definition,
    Hunk,
    Trial,
    assembled,
    definitions_of,
    hunks_between,
    line_calls,
    lines_driver,
    lines_to_run,
    lost_names,
    shown_hunks,
    trial_inputs,
    why_not_run,
)
from apps.generation.engine.source import unified_patch
from apps.generation.gateways.observing import Observation, Program, observe
from apps.generation.models import DirectArtifact, GeneratedCodeArtifact
from apps.generation.services.direct import CodeUnreadable, artifact_keep, require_storable
from apps.generation.types import CodeType
from apps.governance.models import User

PROOF_INPUTS = 60
MOST_RUN = 100  # definitions of one module, those that change first
REFACTORER = "nofx/safe-fixes"
CODE_PATH = "code.py"
NOTHING = "Nothing to simplify was found that could be shown to behave the same."


@dataclass(frozen=True)
class Refactoring:
    """
    A change that behaved the same on every input it was tried on.

    ``inputs`` has, by function, on how many its changed lines ran; ``left_out`` why other changes were not taken.
    """

    artifact: GeneratedCodeArtifact
    patch: str
    fixes: tuple[Fix, ...]
    inputs: Mapping[str, int]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class NothingShown:
    """No change was found, or none that could be shown to behave the same: by function, why."""

    left_out: Mapping[str, str]


def refactoring_suggest(*, code: str, requested_by: User, title: str = "") -> Refactoring | NothingShown:
    """
    Keep those of the linter's safe simplifications that behave the same; where none does, keep nothing.

    Functions and methods are run before and after on the same fuzzed inputs, in the sandbox. A change is taken only
    where its lines ran and the outcomes could be compared. Only ``requested_by`` sees what is kept; the caller has
    decided that they may ask.

    :raises CodeUnreadable: the code does not parse, is too long, or holds what cannot be stored.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    require_storable(title, code)
    definitions = _definitions(code)
    fixed = safe_fixes(code)
    hunks = hunks_between(code, fixed.source) if fixed.source != code else []
    if not hunks:
        return NothingShown({})
    run = _to_run(definitions, hunks)
    inputs = {one.name: trial_inputs(one, seed=1, count=PROOF_INPUTS) for one in run}
    trials = _trials(code, fixed.source, inputs)
    shown, left_out = shown_hunks(hunks, definitions, trials)
    counts = {name: trial.equal_on(frozenset(range(1, code.count("\n") + 2))) for name, trial in trials.items()}
    shown = _with_module(code, fixed.source, shown, has_run=any(counts.values()))
    source = assembled(code, fixed.source, shown)
    if not shown or not _behaves_the_same(source, fixed.source, inputs, trials):
        return NothingShown(left_out)
    changed = {name: _equal_on(definitions[name], shown, trials[name]) for name in trials if _touches(shown, name)}
    is_of_module = any(MODULE in hunk.names for hunk in shown)
    proved = {name: n for name, n in ({**counts, **changed} if is_of_module else changed).items() if n}
    return _kept(code, source, _fixes_of(fixed, hunks, shown), proved, left_out, title, requested_by)


def _definitions(code: str) -> dict[str, Definition]:
    try:
        tree = ast.parse(code)
        ast.unparse(tree)  # what is nested too deeply to be written is too deep for whatever comes
    except (SyntaxError, ValueError) as error:
        raise CodeUnreadable(f"The code does not parse: {error}.", remedy="Send a Python module.") from error
    except (MemoryError, RecursionError) as error:
        raise CodeUnreadable("The code is nested too deeply to read.", remedy="Send a simpler module.") from error
    return {one.name: one for one in definitions_of(tree)}


def _to_run(definitions: Mapping[str, Definition], hunks: Sequence[Hunk]) -> list[Definition]:
    """Return what changes, and every public function beside it, since one may call the other."""
    touched = {name for hunk in hunks for name in hunk.names}
    wanted = [one for one in definitions.values() if one.name in touched or one.is_public]
    can_run = [one for one in wanted if not why_not_run(one)]
    return sorted(can_run, key=lambda one: one.name not in touched)[:MOST_RUN]


def _observe(code: str, name: str, inputs: Sequence[CallInput]) -> Observation:
    pool = [PoolInput(call, InputOrigin.FUZZ) for call in inputs]
    return observe([Program(code)], pool, entry=name.rpartition(".")[2])[0]


def _trials(code: str, fixed: str, inputs: Mapping[str, Sequence[CallInput]]) -> dict[str, Trial]:
    trials = {}
    for name, calls in inputs.items():
        before, after = _observe(code, name, calls), _observe(fixed, name, calls)
        if calls and not before.refused and not after.refused:
            trials[name] = Trial(tuple(before.outcomes), tuple(after.outcomes), _lines(code, name, calls))
    return trials


def _lines(code: str, name: str, inputs: Sequence[CallInput]) -> tuple[frozenset[int], ...]:
    traced = f"{code}\n{lines_driver(inputs)}"
    pool = [PoolInput(call, InputOrigin.FUZZ) for call in line_calls(name, inputs)]
    seen = observe([Program(traced)], pool, entry=LINES_ENTRY)[0].outcomes
    return tuple(
        frozenset(one.value) if one.kind is OutcomeKind.VALUE and isinstance(one.value, list) else frozenset()
        for one in seen
    )


def _with_module(code: str, fixed: str, shown: list[Hunk], *, has_run: bool) -> list[Hunk]:
    """Leave out what changes the module itself where nothing was run, or where the rest still reads what it binds."""
    inner = [hunk for hunk in shown if MODULE not in hunk.names]
    return shown if has_run and not lost_names(code, assembled(code, fixed, shown)) else inner


def _behaves_the_same(
    source: str, fixed: str, inputs: Mapping[str, Sequence[CallInput]], trials: Mapping[str, Trial]
) -> bool:
    """Tell whether the parts that are taken behave the same without those that are left out."""
    for name, trial in trials.items():
        after = trial.after if source == fixed else tuple(_observe(source, name, inputs[name]).outcomes)
        if Trial(trial.before, after, trial.lines).differs:
            return False
    return True


def _touches(hunks: Sequence[Hunk], name: str) -> bool:
    return any(name in hunk.names for hunk in hunks)


def _equal_on(definition: Definition, hunks: Sequence[Hunk], trial: Trial) -> int:
    """Return on how many inputs the change that was reached least often ran."""
    return min(trial.equal_on(lines_to_run(hunk, definition)) for hunk in hunks if definition.name in hunk.names)


def _fixes_of(fixed: FixedSource, hunks: Sequence[Hunk], shown: Sequence[Hunk]) -> tuple[Fix, ...]:
    """Return the fixes that are taken: each belongs to the change that begins nearest to its line."""
    nearest = {fix: min(hunks, key=lambda hunk: abs(hunk.old[0] + 1 - fix.line)) for fix in fixed.fixes}
    return tuple(fix for fix in fixed.fixes if nearest[fix] in shown)


def _kept(
    code: str,
    source: str,
    fixes: tuple[Fix, ...],
    inputs: Mapping[str, int],
    left_out: Mapping[str, str],
    title: str,
    requested_by: User,
) -> Refactoring:
    patch = unified_patch({CODE_PATH: code}, {CODE_PATH: source})
    artifact = artifact_keep(
        GeneratedCodeArtifact(
            model_id=REFACTORER,
            code_type=CodeType.IMPLEMENTATION,
            generated_code=source,
            performance_metrics={
                "equal_on_inputs": sum(inputs.values()),
                "functions": list(inputs),
                "inputs_by_function": dict(inputs),
            },
        ),
        kind=DirectArtifact.Kind.REFACTORING,
        title=title or ", ".join(inputs),
        source=code,
        evidence={"patch": patch, "fixes": [fix.as_json() for fix in fixes], "left_out": dict(left_out)},
        requested_by=requested_by,
    )
    return Refactoring(artifact, patch, fixes, inputs, left_out)
