"""Work that needs no repository: tests for a text, and a vote on given code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.core.errors import NofxError
from apps.generation.engine.class_uses import class_use_of
from apps.generation.engine.consensus import (
    InputOrigin,
    PoolEntry,
    PoolInput,
    Standing,
    decide_consensus,
    shows_behaviour,
)
from apps.generation.engine.inputs import fuzz_inputs
from apps.generation.engine.languages import Language
from apps.generation.engine.outcomes import NOT_RUN, Outcome
from apps.generation.engine.specification import Specification, analyse
from apps.generation.engine.testgen import example_inputs
from apps.generation.gateways.observing import NodeProgram, Observation, Program, observe
from apps.generation.models import DirectArtifact, GeneratedCodeArtifact
from apps.generation.services.calibration import calibration_here
from apps.generation.services.candidates import PLATFORM_AUTHOR
from apps.generation.services.consensus import decision_details, with_reduced
from apps.generation.services.direct import artifact_keep, require_storable
from apps.generation.services.execution import javascript_program, one_kind_after_the_other
from apps.generation.services.languages import SUFFIX_OF, language_require
from apps.generation.services.reduction import input_reduced
from apps.generation.types import CodeType
from apps.governance.models import User

PROOF_INPUTS = 60
TEST_PATH = "tests.mjs"  # at the root, where the dotted name of a module begins

_FAILURES = {
    "SystemExit": "the code fails while it is imported, or ends the process",
    "Unrepresentable": "what it returns cannot be compared",
}


class NothingToTest(NofxError):
    """There is nothing in the text that a test could check."""

    code = "tests.nothing_to_test"
    status = 422


def tests_write(*, title: str, text: str, module: str, requested_by: User) -> GeneratedCodeArtifact:
    """
    Write a file of tests for the examples of a specification and keep it, for ``requested_by`` alone to see.

    It is for pytest, or for node where the text asks for JavaScript or TypeScript.

    The caller has decided that ``requested_by`` may ask.

    :raises NothingToTest: the text has no example that can be checked.
    :raises SpecificationRefused: the text asks for a language that cannot be generated.
    :raises CodeUnreadable: the text is too long, or holds what cannot be stored.
    """
    require_storable(title, text)
    specification = analyse(text, title=title)
    language = language_require(specification)
    target = f"{module.replace('.', '/')}{SUFFIX_OF[language.name]}"
    source = language.tests(specification, target, TEST_PATH)
    if not source.strip() or not specification.examples:
        raise NothingToTest(
            "The specification has no example that a test could check.", remedy="Add one, such as f(2) -> 3."
        )
    return artifact_keep(
        GeneratedCodeArtifact(
            model_id=PLATFORM_AUTHOR,
            code_type=CodeType.TEST,
            generated_code=source,
            performance_metrics={"examples": len(specification.examples), "criteria": len(specification.criteria)},
        ),
        kind=DirectArtifact.Kind.TESTS,
        title=title or specification.entry or module,
        source=text,
        evidence={"module": module, "language": language.name},
        requested_by=requested_by,
    )


def vote_take(*, title: str, text: str, sources: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """
    Run the given sources (name, code) on the examples of a specification and on fuzzed inputs, and return the vote.

    One that does not parse, lacks the entry or works on no input is among the ``failed`` with its reason and has no
    vote. Nothing is selected where no behaviour could be compared.

    :raises NothingToTest: nothing in the specification can be run.
    :raises SpecificationRefused: the specification asks for a language that cannot be generated.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    specification = analyse(text, title=title)
    entry = specification.entry
    if not specification.is_executable or entry is None:
        raise NothingToTest(
            "Nothing in the specification can be run.", remedy="Name a function and give an example, such as f(2) -> 3."
        )
    language = language_require(specification)
    inputs = _inputs(specification)
    attempts = _attempts(sources, inputs, entry, language)
    voting = [one for one in attempts if not one.failure] or attempts
    pool = [PoolEntry(one.name, one.name, language.digest(one.code), one.outcomes) for one in voting]
    decision = decide_consensus(pool, inputs)
    if decision.standing in (Standing.FAILED, Standing.NOT_COMPARED):
        nobody: dict[str, str | None] = dict.fromkeys(decision.selectors)
        decision = replace(decision, selected=None, clusters=(), distinguishing=None, selectors=nobody)
    details = decision_details(
        decision, inputs, entry=entry, pool=len(pool), calibration=calibration_here(), language=language
    )
    ran = {one.name: one.observation for one in voting if one.observation}
    reduced = input_reduced(details, ran, inputs, entry=entry)
    if reduced:
        details = with_reduced(details, reduced, entry, language)
    return {**details, "failed": [{"name": one.name, "reason": one.failure} for one in attempts if one.failure]}


@dataclass(frozen=True)
class _Attempt:
    """A given source with what it did; ``failure`` says why it has no vote."""

    name: str
    code: str
    outcomes: tuple[Outcome, ...]
    failure: str = ""
    observation: Observation | None = None


def _attempts(
    sources: Sequence[tuple[str, str]], inputs: Sequence[PoolInput], entry: str, language: Language
) -> list[_Attempt]:
    """Run what can be run; the order is that of *sources*."""
    programs = [_program(code, entry, language) for _, code in sources]
    runnable = [program for program in programs if not isinstance(program, str)]
    observed = iter(observe(runnable, inputs, entry=entry))
    attempts = []
    for (name, code), program in zip(sources, programs, strict=True):
        if isinstance(program, str):
            attempts.append(_Attempt(name, code, (NOT_RUN,) * len(inputs), program))
            continue
        one = next(observed)
        failure = one.refused or _failure(one.outcomes, inputs)
        attempts.append(_Attempt(name, code, tuple(one.outcomes), failure, one))
    return attempts


def _failure(outcomes: Sequence[Outcome], inputs: Sequence[PoolInput]) -> str:
    """Return why a program that was run has no vote, "" where it has."""
    if shows_behaviour(outcomes, inputs):
        return ""
    errors = Counter(one.error for one in outcomes if one.error)
    if not errors:
        return "It works on no input: none ended in time."
    often = max(errors, key=lambda error: (errors[error], error))
    return f"It works on no input: {_FAILURES.get(often, f'most often it ends in {often}')}."


def _program(code: str, entry: str, language: Language) -> Program | NodeProgram | str:
    """Return what is to be run, or the sentence that says why nothing can be."""
    fault = language.unparsable(code, entry)
    if fault is not None:
        return fault.reason
    if language.name == "python":
        return Program(code)
    path = f"candidate{SUFFIX_OF[language.name]}"
    try:
        return javascript_program(path, {path: language.merged(path, code, [entry], {})})
    except (SyntaxError, ValueError, RecursionError) as error:
        return f"The code cannot be read: {error}."


def _inputs(specification: Specification) -> list[PoolInput]:
    fuzzed = fuzz_inputs(
        specification.entry_signature,
        specification.examples,
        seed=1,
        count=PROOF_INPUTS,
        use=class_use_of(specification),
    )
    return one_kind_after_the_other(
        [*example_inputs(specification), *(PoolInput(call, InputOrigin.FUZZ) for call in fuzzed)]
    )
