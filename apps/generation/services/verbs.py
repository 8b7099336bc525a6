"""Work that needs no repository: tests for a text, a refactoring that is proved, a vote on given code."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from apps.checks.services import safe_fixes
from apps.checks.types import Fix, plain_text
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
from apps.generation.engine.outcomes import NOT_RUN, Outcome, outcomes_agree
from apps.generation.engine.source import unified_patch
from apps.generation.engine.specification import FunctionSignature, Specification, analyse
from apps.generation.engine.testgen import example_inputs
from apps.generation.gateways.observing import NodeProgram, Program, observe
from apps.generation.models import DirectArtifact, GeneratedCodeArtifact
from apps.generation.services.calibration import calibration_here
from apps.generation.services.candidates import PLATFORM_AUTHOR
from apps.generation.services.consensus import decision_details
from apps.generation.services.execution import javascript_program, one_kind_after_the_other
from apps.generation.services.languages import SUFFIX_OF, language_require
from apps.generation.types import CodeType
from apps.governance.models import User

PROOF_INPUTS = 60
REFACTORER = "nofx/safe-fixes"
CODE_PATH = "code.py"
TEST_PATH = "tests.mjs"  # at the root, where the dotted name of a module begins
MAX_TEXT = 200_000

_FAILURES = {
    "SystemExit": "the code fails while it is imported, or ends the process",
    "Unrepresentable": "what it returns cannot be compared",
}


class NothingToTest(NofxError):
    """There is nothing in the text that a test could check."""

    code = "tests.nothing_to_test"
    status = 422


class CodeUnreadable(NofxError):
    """The code does not parse or lacks what was asked for."""

    code = "code.unreadable"
    status = 422


@dataclass(frozen=True)
class Refactoring:
    """A change that behaved the same on every input it was tried on: how many inputs, on which functions."""

    artifact: GeneratedCodeArtifact
    patch: str
    fixes: tuple[Fix, ...]
    inputs: int
    functions: tuple[str, ...]


def tests_write(*, title: str, text: str, module: str, requested_by: User) -> GeneratedCodeArtifact:
    """
    Write a file of tests for the examples of a specification and keep it, for ``requested_by`` alone to see.

    It is for pytest, or for node where the text asks for JavaScript or TypeScript.

    The caller has decided that ``requested_by`` may ask.

    :raises NothingToTest: the text has no example that can be checked.
    :raises SpecificationRefused: the text asks for a language that cannot be generated.
    :raises CodeUnreadable: the text is too long, or holds what cannot be stored.
    """
    _require_storable(title, text)
    specification = analyse(text, title=title)
    language = language_require(specification)
    target = f"{module.replace('.', '/')}{SUFFIX_OF[language.name]}"
    source = language.tests(specification, target, TEST_PATH)
    if not source.strip() or not specification.examples:
        raise NothingToTest(
            "The specification has no example that a test could check.", remedy="Add one, such as f(2) -> 3."
        )
    return _keep(
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


def refactoring_suggest(*, code: str, requested_by: User, title: str = "") -> Refactoring | None:
    """
    Keep the linter's safe simplifications of *code* when they behave the same, else return None and keep nothing.

    Every public function is run before and after on the same fuzzed inputs, in the sandbox. Only ``requested_by`` sees
    what is kept; the caller has decided that they may ask.

    :raises CodeUnreadable: the code does not parse, is too long, or holds what cannot be stored.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    _require_storable(title, code)
    signatures = _signatures(code)
    fixed = safe_fixes(code)
    if fixed.source == code or not signatures:
        return None
    tried = 0
    for signature in signatures:
        inputs = [PoolInput(call, InputOrigin.FUZZ) for call in fuzz_inputs(signature, (), seed=1, count=PROOF_INPUTS)]
        before, after = observe([Program(code), Program(fixed.source)], inputs, entry=signature.name)
        pairs = list(zip(before.outcomes, after.outcomes, strict=True))
        if before.refused or after.refused or not all(outcomes_agree(left, right) for left, right in pairs):
            return None
        tried += sum(left.is_comparable for left, _ in pairs)
    if not tried:
        return None
    names = tuple(one.name for one in signatures)
    patch = unified_patch({CODE_PATH: code}, {CODE_PATH: fixed.source})
    artifact = _keep(
        GeneratedCodeArtifact(
            model_id=REFACTORER,
            code_type=CodeType.IMPLEMENTATION,
            generated_code=fixed.source,
            performance_metrics={"equal_on_inputs": tried, "functions": list(names)},
        ),
        kind=DirectArtifact.Kind.REFACTORING,
        title=title or ", ".join(names),
        source=code,
        evidence={"patch": patch, "fixes": [fix.as_json() for fix in fixed.fixes]},
        requested_by=requested_by,
    )
    return Refactoring(artifact, patch, fixed.fixes, tried, names)


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
    return {**details, "failed": [{"name": one.name, "reason": one.failure} for one in attempts if one.failure]}


@dataclass(frozen=True)
class _Attempt:
    """A given source with what it did; ``failure`` says why it has no vote."""

    name: str
    code: str
    outcomes: tuple[Outcome, ...]
    failure: str = ""


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
        attempts.append(_Attempt(name, code, tuple(one.outcomes), one.refused or _failure(one.outcomes, inputs)))
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


@transaction.atomic
def _keep(
    artifact: GeneratedCodeArtifact, *, kind: str, title: str, source: str, evidence: dict[str, Any], requested_by: User
) -> GeneratedCodeArtifact:
    """Store an artefact together with whose it is."""
    artifact.save(force_insert=True)
    DirectArtifact.objects.create(
        artifact=artifact,
        kind=kind,
        title=title[:200],
        submitted_by=requested_by,
        source=source,
        evidence=evidence,
    )
    return artifact


def _require_storable(title: str, text: str) -> None:
    if len(text) > MAX_TEXT:
        raise CodeUnreadable(f"The text has {len(text):,} characters; {MAX_TEXT:,} can be read.", remedy="Shorten it.")
    if plain_text(title + text) != title + text:
        raise CodeUnreadable("The text holds a character that cannot be stored, such as NUL.", remedy="Remove it.")


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


def _signatures(code: str) -> list[FunctionSignature]:
    try:
        return _public_functions(ast.parse(code))
    except (SyntaxError, ValueError) as error:
        raise CodeUnreadable(f"The code does not parse: {error}.", remedy="Send a Python module.") from error
    except (MemoryError, RecursionError) as error:
        raise CodeUnreadable("The code is nested too deeply to read.", remedy="Send a simpler module.") from error


def _public_functions(tree: ast.Module) -> list[FunctionSignature]:
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    outline = "\n".join(
        f"def {node.name}({ast.unparse(node.args)})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    )
    return [one for one in analyse(outline).functions if one.name in names]
