"""The trace matrix of a request, from what is stored about it. Reads only, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from apps.generation.engine.inputs import input_key, input_restored
from apps.generation.engine.outcomes import expected_restored, outcome_meets, outcome_restored
from apps.generation.engine.specification import Criterion, Span, analyse
from apps.generation.engine.trace import Carrier, TraceRow, trace_matrix
from apps.generation.models import Candidate, GenerationRun, ObservedInput
from apps.generation.services.guidance import as_asked
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import ballots_of, can
from apps.governance.selectors.audit import audit_search
from apps.governance.types import Action

BEFORE_VERDICTS = (Status.QUEUED, Status.GENERATING, Status.CHECKING, Status.CONSENSUS, Status.IN_REVIEW)


def trace_of(*, run: GenerationRun, user: User, candidates: Sequence[Candidate]) -> tuple[TraceRow, ...]:
    """
    Return the matrix of *run* as *user* may see it: the audit column only for those who may read the chain.

    :param candidates: all candidates of the run with their artefacts.
    """
    criteria = criteria_of(run)
    if not criteria:
        return ()
    read = replace(analyse(run.request.specification, title=run.title, target_path=run.target_path), criteria=criteria)
    specification = as_asked(read, run)
    examples = examples_observed(run)
    verdicts = None
    if run.request.status not in BEFORE_VERDICTS:
        verdicts = [one.rationale for one in ballots_of(SUBJECT_KIND, run.pk) if one.voided_at is None]
    return trace_matrix(
        specification,
        [_carrier(one, examples) for one in candidates],
        verdicts=verdicts,
        audit=_audit(run, user) if can(user, Action.AUDIT_READ, run.repository.scope) else None,
    )


def criteria_of(run: GenerationRun) -> tuple[Criterion, ...]:
    """Return the requirements of *run*, numbered as when the request was made."""
    return tuple(_criterion(stored) for stored in run.analysis.get("criteria", []))


def examples_observed(run: GenerationRun) -> list[ObservedInput]:
    """Return the person's examples as the candidates were run on them, in the order of the outcomes; one query."""
    return list(run.inputs.filter(origin=ObservedInput.Origin.EXAMPLE).order_by("position"))


def _criterion(stored: Mapping[str, Any]) -> Criterion:
    """The ids that were given when the request was made are those that everything else carries."""
    return Criterion(stored["id"], stored["text"], Span(0, 0), None, stored["is_testable"])


def _carrier(candidate: Candidate, examples: Sequence[ObservedInput]) -> Carrier:
    met = None
    if candidate.state == Candidate.State.EXECUTED:
        met = frozenset(input_key(input_restored(one.call)) for one in examples if example_met(candidate, one))
    return Carrier(
        met,
        candidate.test.generated_code if candidate.test else "",
        candidate.documentation.generated_code if candidate.documentation else "",
    )


def example_met(candidate: Candidate, example: ObservedInput) -> bool:
    """Return whether *candidate* was run on *example* and gave what its author expects."""
    if example.expected is None or example.position >= len(candidate.outcomes):
        return False
    return outcome_meets(outcome_restored(candidate.outcomes[example.position]), expected_restored(example.expected))


def _audit(run: GenerationRun, user: User) -> list[tuple[str, list[str]]]:
    events = audit_search(user, {"object_kind": SUBJECT_KIND, "object_id": str(run.pk)}).order_by("sequence")
    return [(event.action, event.detail.get("requirements", [])) for event in events]
