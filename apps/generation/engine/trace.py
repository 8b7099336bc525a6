"""Which requirement is carried by which evidence: examples, candidates, tests, documents, review and audit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.generation.engine.inputs import input_key
from apps.generation.engine.specification import SpecExample, Specification
from apps.generation.engine.specification.prose import REQUIREMENT_ID
from apps.generation.engine.testgen import criteria_shown_by, example_input
from apps.generation.engine.values import Unrepresentable

_ID = re.compile(rf"(?<![\w-]){REQUIREMENT_ID}(?!\w)")
# The beginning of a test: a function of pytest, or a call of test or it with a title.
_TEST = re.compile(r"(?m)^[ \t]*(?:(?:async )?def (test_\w*)|(?:test|it)\(([\"'`])(.*?)\2)")
HEADER = (
    "id",
    "requirement",
    "examples",
    "candidates",
    "candidates_that_meet_it",
    "tests",
    "documents",
    "review",
    "audit",
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """
    A candidate, as the matrix needs it.

    ``met`` holds the keys of the example inputs that it gave the expected outcome on (``inputs.input_key``); None when
    it was not run. ``tests`` and ``document`` are the texts that belong to it.
    """

    met: frozenset[str] | None
    tests: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """
    One requirement and what carries it.

    ``examples`` show it. Of the ``candidates`` that were run, ``met_by`` do right on all of these. ``tests`` are the
    names of tests that name it, ``documents`` counts documents that do, ``reviews`` verdicts whose words do, ``audit``
    are actions whose entry in the chain does. None: this kind of evidence cannot exist yet, or may not be read.
    """

    id: str
    text: str
    examples: int
    candidates: int
    met_by: int
    tests: tuple[str, ...]
    documents: int | None
    reviews: int | None
    audit: tuple[str, ...] | None

    @property
    def holes(self) -> tuple[str, ...]:
        """What is missing, of what could exist: "examples", "candidates", "tests", "documents", "review", "audit"."""
        missing = {
            "examples": not self.examples,
            "candidates": bool(self.candidates and self.examples) and not self.met_by,
            "tests": bool(self.candidates) and not self.tests,
            "documents": self.documents == 0,
            "review": self.reviews == 0,
            "audit": self.audit == (),
        }
        return tuple(name for name, is_missing in missing.items() if is_missing)

    def cells(self) -> tuple[object, ...]:
        """Return the row as :data:`HEADER` names it."""
        return (
            *(self.id, self.text, self.examples, self.candidates, self.met_by, " ".join(self.tests), self.documents),
            *(self.reviews, None if self.audit is None else " ".join(self.audit)),
        )


def ids_in(text: str) -> frozenset[str]:
    """Return the requirement ids that a text names."""
    return frozenset(_ID.findall(text))


def trace_matrix(
    specification: Specification,
    carriers: Sequence[Carrier],
    *,
    verdicts: Sequence[str] | None,
    audit: Iterable[tuple[str, Sequence[str]]] | None,
) -> tuple[TraceRow, ...]:
    """
    Return a row for each acceptance criterion, in their order.

    A candidate meets a requirement when it does right on every example that shows it; a requirement that no example
    shows is met by nobody, because nothing tells.

    :param verdicts: the words of the people who decided, None before anybody may.
    :param audit: (action, ids) of the entries of the audit chain, None for whoever may not read them.
    """
    shown = examples_by_criterion(specification)
    run = [carrier.met for carrier in carriers if carrier.met is not None]
    tests = named_tests([carrier.tests for carrier in carriers])
    documents = [ids_in(carrier.document) for carrier in carriers if carrier.document]
    spoken = None if verdicts is None else [ids_in(words) for words in verdicts]
    entries = None if audit is None else list(audit)
    return tuple(
        TraceRow(
            id=one.id,
            text=one.text,
            examples=len(shown[one.id]),
            candidates=len(run),
            met_by=sum(shown[one.id].keys() <= met for met in run) if shown[one.id] else 0,
            tests=tuple(name for name, ids in tests if one.id in ids),
            documents=sum(one.id in ids for ids in documents) if documents else None,
            reviews=None if spoken is None else sum(one.id in ids for ids in spoken),
            audit=None if entries is None else tuple(dict.fromkeys(name for name, ids in entries if one.id in ids)),
        )
        for one in specification.criteria
    )


def examples_by_criterion(specification: Specification) -> dict[str, dict[str, SpecExample]]:
    """Return the examples that show each criterion, by the key of their input, under the criterion's id."""
    shown: dict[str, dict[str, SpecExample]] = {one.id: {} for one in specification.criteria}
    for example in specification.examples:
        try:
            key = input_key(example_input(example, specification))
        except Unrepresentable:
            continue
        for criterion in criteria_shown_by(example, specification.criteria):
            shown[criterion.id].setdefault(key, example)
    return shown


def named_tests(modules: Sequence[str]) -> list[tuple[str, frozenset[str]]]:
    """Return the tests of all modules by name, each once, with the ids that it names."""
    found: dict[str, frozenset[str]] = {}
    for module in dict.fromkeys(modules):
        begins = list(_TEST.finditer(module))
        ends = [*(one.start() for one in begins[1:]), len(module)]
        for one, end in zip(begins, ends, strict=False):
            name = one[1] or one[3]
            found[name] = found.get(name, frozenset()) | ids_in(module[one.start() : end])
    return list(found.items())
