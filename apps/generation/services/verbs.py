"""Work that needs no repository: tests for a text, a refactoring that is proved, a vote on given code."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.checks.services import safe_fixes
from apps.checks.types import Fix
from apps.core.errors import NofxError
from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput, decide_consensus
from apps.generation.engine.inputs import fuzz_inputs
from apps.generation.engine.outcomes import outcomes_agree
from apps.generation.engine.source import Unparsable, normalised_digest, parse_candidate, unified_patch
from apps.generation.engine.specification import FunctionSignature, Specification, analyse
from apps.generation.engine.testgen import example_inputs, tests_from_specification
from apps.generation.models import GeneratedCodeArtifact
from apps.generation.services.candidates import PLATFORM_AUTHOR
from apps.generation.services.consensus import decision_details
from apps.generation.services.execution import Program, observe, one_kind_after_the_other
from apps.generation.types import CodeType

PROOF_INPUTS = 60
REFACTORER = "nofx/safe-fixes"


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


def tests_write(*, title: str, text: str, module: str) -> GeneratedCodeArtifact:
    """
    Write a pytest module for the examples of a specification and keep it.

    :raises NothingToTest: the text has no example that can be checked.
    """
    specification = analyse(text, title=title)
    source = tests_from_specification(specification, module)
    if not source.strip() or not specification.examples:
        raise NothingToTest(
            "The specification has no example that a test could check.", remedy="Add one, such as f(2) -> 3."
        )
    return GeneratedCodeArtifact.objects.create(
        model_id=PLATFORM_AUTHOR,
        code_type=CodeType.TEST,
        generated_code=source,
        performance_metrics={"examples": len(specification.examples), "criteria": len(specification.criteria)},
    )


def refactoring_suggest(*, code: str) -> Refactoring | None:
    """
    Return the linter's safe simplifications of *code* when they behave the same, else None.

    Every public function is run before and after on the same fuzzed inputs, in the sandbox.

    :raises CodeUnreadable: the code does not parse.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
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
    artifact = GeneratedCodeArtifact.objects.create(
        model_id=REFACTORER,
        code_type=CodeType.IMPLEMENTATION,
        generated_code=fixed.source,
        performance_metrics={"equal_on_inputs": tried, "functions": [one.name for one in signatures]},
    )
    patch = unified_patch({"code.py": code}, {"code.py": fixed.source})
    return Refactoring(artifact, patch, fixed.fixes, tried, tuple(one.name for one in signatures))


def vote_take(*, title: str, text: str, sources: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """
    Run the given sources (name, code) on the examples of a specification and on fuzzed inputs, and return the vote.

    :raises CodeUnreadable: one of the sources does not parse or lacks the entry.
    :raises NothingToTest: nothing in the specification can be run.
    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    specification = analyse(text, title=title)
    if not specification.is_executable or specification.entry is None:
        raise NothingToTest(
            "Nothing in the specification can be run.", remedy="Name a function and give an example, such as f(2) -> 3."
        )
    for name, code in sources:
        parsed = parse_candidate(code, specification.entry)
        if isinstance(parsed, Unparsable):
            raise CodeUnreadable(f"{name}: {parsed.reason}")
    inputs = _inputs(specification)
    observations = observe([Program(code) for _, code in sources], inputs, entry=specification.entry)
    pool = [
        PoolEntry(id=name, model_id=name, normalised_digest=normalised_digest(code), outcomes=tuple(one.outcomes))
        for (name, code), one in zip(sources, observations, strict=True)
    ]
    return decision_details(decide_consensus(pool, inputs), inputs, entry=specification.entry, pool=len(pool))


def _inputs(specification: Specification) -> list[PoolInput]:
    fuzzed = fuzz_inputs(specification.entry_signature, specification.examples, seed=1, count=PROOF_INPUTS)
    return one_kind_after_the_other(
        [*example_inputs(specification), *(PoolInput(call, InputOrigin.FUZZ) for call in fuzzed)]
    )


def _signatures(code: str) -> list[FunctionSignature]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise CodeUnreadable(f"The code does not parse: {error}.", remedy="Send a Python module.") from error
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    outline = "\n".join(
        f"def {node.name}({ast.unparse(node.args)})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    )
    return [one for one in analyse(outline).functions if one.name in names]
