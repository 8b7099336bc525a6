"""What the candidates of a request are run on, and as what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from apps.core.javascript import CannotStrip
from apps.generation.engine.class_uses import class_use_of
from apps.generation.engine.consensus import InputOrigin, PoolInput
from apps.generation.engine.exploration import explored_inputs
from apps.generation.engine.inputs import input_key, input_restored
from apps.generation.engine.javascript.modules import is_javascript, runnable
from apps.generation.engine.outcomes import expected_restored
from apps.generation.engine.testgen import example_inputs
from apps.generation.engine.trusted_tests import trusting
from apps.generation.engine.workspace import neighbours_setup
from apps.generation.gateways.observing import NodeProgram, Program
from apps.generation.models import Candidate, ObservedInput
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.generation.services.weights import author_of, trust_in_tests
from apps.sandbox.types import NodeModule

MAX_TEST_INPUTS = 40
NEAR_INPUTS = 40
EXPLORED_INPUTS = 100


def pool_inputs(workspace: Workspace, candidates: Sequence[Candidate]) -> list[PoolInput]:
    """
    Return what every candidate is run on: the person's examples, the calls of generated tests, fuzzed inputs.

    What people were asked about before stays among them, whatever they answered.
    """
    specification = workspace.specification
    if not specification.is_executable:
        return []
    inputs = list(example_inputs(specification))
    seen = {input_key(one.call) for one in inputs}
    inputs += _unseen(_asked_about(workspace), seen)
    tests = _written_tests(workspace, candidates)
    inputs += _unseen(tests, seen)[:MAX_TEST_INPUTS]
    explored = explored_inputs(
        specification.entry_signature,
        specification.examples,
        tests=[one.call for one in tests],
        landmarks=workspace.language.landmarks(
            [one.implementation.generated_code for one in candidates if one.implementation]
        ),
        seed=workspace.run.seed,
        near=NEAR_INPUTS,
        count=EXPLORED_INPUTS,
        use=class_use_of(specification),
    )
    inputs += _unseen(explored, seen)
    return one_kind_after_the_other(inputs)


def _written_tests(workspace: Workspace, candidates: Sequence[Candidate]) -> list[PoolInput]:
    """Return the calls of tests that models wrote, each weighing what its author is trusted; at most one query."""
    entry = workspace.specification.entry
    found = [
        replace(one, author=author_of(candidate))
        for candidate in candidates
        if candidate.test is not None and candidate.test.model_id == candidate.model_id
        for one in workspace.language.calls(candidate.test.generated_code, entry)
    ]
    trust = trust_in_tests({one.author for one in found}) if found else {}
    return trusting(found, {author: known.mean for author, known in trust.items()})


def _asked_about(workspace: Workspace) -> list[PoolInput]:
    rows = ObservedInput.objects.filter(run=workspace.run, answers__isnull=False).distinct().order_by("position")
    return [
        PoolInput(
            input_restored(row.call),
            InputOrigin(row.origin),
            None if row.expected is None else expected_restored(row.expected),
            row.weight,
            row.author,
        )
        for row in rows
    ]


def one_kind_after_the_other(inputs: Sequence[PoolInput]) -> list[PoolInput]:
    """Return calls, then sessions: they are run apart, so that this order takes two runs of each program."""
    return sorted(inputs, key=lambda one: one.call.is_session)


def candidate_program(workspace: Workspace, candidate: Candidate) -> Program | NodeProgram:
    """Return the target file as *candidate* leaves it, with the rest of the repository importable."""
    path = workspace.run.target_path
    if is_javascript(path):
        return javascript_program(path, {**workspace.files, **changed_files(workspace, candidate)})
    files = {**_python(workspace.files), **_python(changed_files(workspace, candidate))}
    module = files.get(path, "")
    return Program(module, neighbours_setup(module, path, files))


def javascript_program(path: str, files: Mapping[str, str]) -> NodeProgram:
    """Return the file at *path* and what it imports as a program, or why it cannot be run."""
    try:
        found = runnable(path, files.get(path, ""), files)
    except CannotStrip as error:
        return NodeProgram({path: NodeModule("")}, path, refused=str(error))
    return NodeProgram({name: NodeModule(source, kind) for name, (source, kind) in found.items()}, path)


def _unseen(inputs: Sequence[PoolInput], seen: set[str]) -> list[PoolInput]:
    fresh = []
    for one in inputs:
        key = input_key(one.call)
        if key not in seen:
            seen.add(key)
            fresh.append(one)
    return fresh


def _python(files: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in files.items() if path.endswith(".py")}
