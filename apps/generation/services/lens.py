"""A request through one of its requirements: examples with what candidates did, and the tests that name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from apps.generation.engine.inputs import input_key, input_restored
from apps.generation.engine.languages import Language
from apps.generation.engine.lens import Signs, signs_of
from apps.generation.engine.outcomes import expected_restored, outcome_restored
from apps.generation.engine.trace import examples_by_criterion, named_tests
from apps.generation.models import Candidate, ObservedInput
from apps.generation.services.answers import expected_text
from apps.generation.services.candidates import Workspace
from apps.generation.services.checking import changed_files
from apps.generation.services.consensus import outcome_text
from apps.generation.services.trace import criteria_of, example_met, examples_observed


@dataclass(frozen=True, slots=True)
class Shown:
    """What one candidate did on one example: whether that is what its author expects (None: not run), in words."""

    is_met: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """An example that shows the requirement, and what each candidate did, in the order they were given."""

    call: str
    expected: str
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Lens:
    """One requirement and what belongs to it; ``tests`` are the names of each candidate's tests that name it."""

    id: str
    text: str
    signs: Signs
    examples: tuple[Example, ...]
    tests: tuple[tuple[str, ...], ...]


def lens_of(
    *, workspace: Workspace, requirement: str, candidates: Sequence[Candidate], are_authors_known: bool
) -> Lens | None:
    """
    Return what belongs to *requirement*, None when the specification has none with this id. Reads only, one query.

    The tests are those that come with a candidate's patch. Who else wrote tests of their own would say something about
    who wrote what, so that these are counted only when *are_authors_known*.
    """
    criteria = criteria_of(workspace.run)
    found = next((one for one in criteria if one.id == requirement), None)
    if found is None:
        return None
    shown = examples_by_criterion(replace(workspace.specification, criteria=criteria))[found.id]
    observed = {input_key(input_restored(one.call)): one for one in examples_observed(workspace.run)}
    return Lens(
        found.id,
        found.text,
        signs_of(found.text, list(shown.values())),
        tuple(_example(workspace, observed[key], candidates) for key in observed if key in shown),
        tuple(_tests(workspace, one, found.id, are_authors_known=are_authors_known) for one in candidates),
    )


def _example(workspace: Workspace, observed: ObservedInput, candidates: Sequence[Candidate]) -> Example:
    language = workspace.language
    expected = expected_text(expected_restored(observed.expected), language) if observed.expected is not None else ""
    return Example(
        input_restored(observed.call).text(workspace.run.entry, language.value),
        expected,
        tuple(_shown(candidate, observed, language) for candidate in candidates),
    )


def _shown(candidate: Candidate, observed: ObservedInput, language: Language) -> Shown:
    if candidate.state != Candidate.State.EXECUTED or observed.position >= len(candidate.outcomes):
        return Shown(None, "not run")
    if example_met(candidate, observed):
        return Shown(True, "met")
    return Shown(False, outcome_text(outcome_restored(candidate.outcomes[observed.position]), language))


def _tests(workspace: Workspace, candidate: Candidate, requirement: str, *, are_authors_known: bool) -> tuple[str, ...]:
    delivered: Mapping[str, str] = changed_files(workspace, candidate)
    modules = [delivered.get(workspace.test_path, "")]
    if are_authors_known and candidate.test is not None:
        modules.append(candidate.test.generated_code)
    return tuple(name for name, ids in named_tests(modules) if requirement in ids)
