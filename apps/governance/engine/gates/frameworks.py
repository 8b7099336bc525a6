"""
Which control frameworks the rows and rules of a gate speak to.

From the NIST AI Risk Management Framework 1.0 (GOVERN), ISO/IEC 42001:2023 (clauses) and Regulation (EU) 2024/1689, the
AI Act (articles). A row that speaks to a control is evidence for whoever judges it, and no statement that it is met.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.governance.engine.gates.definition import GateDefinition


@dataclass(frozen=True)
class Control:
    """
    One control, and what of a gate speaks to it.

    Criteria are matched by their measure, so that those which an organisation added count too. ``parts`` name what
    every gate has: seats, vote, tripwires, risks, audit.
    """

    framework: str
    reference: str
    about: str
    measures: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


_NIST, _ISO, _ACT = "NIST AI RMF", "ISO/IEC 42001", "EU AI Act"
_FIRST_RUN = ("generation.lint_pass", "generation.type_pass", "generation.test_pass")
_APPROVAL = ("generation.approval_rate", "generation.first_pass_approval", "generation.review_depth")
_COVERAGE = ("quality.coverage_line", "quality.coverage_branch", "quality.flake_rate", "quality.mutation_score")
_AFTER = ("generation.rework_rate", "generation.revert_rate", "governance.open_incidents")

CONTROLS = (
    Control(_NIST, "GOVERN 1.5", "Monitoring and review are planned", _AFTER, ("tripwires",)),
    Control(_NIST, "GOVERN 2.1", "Roles and responsibilities are clear", parts=("seats",)),
    Control(_NIST, "GOVERN 3.2", "People's oversight of AI is defined", _APPROVAL, ("vote",)),
    Control(_NIST, "GOVERN 4.3", "Testing and incidents are practised", (*_FIRST_RUN, *_COVERAGE, *_AFTER[2:])),
    Control(_ISO, "5.3", "Roles, responsibilities and authorities", parts=("seats",)),
    Control(_ISO, "6.1", "Actions to address risks", parts=("risks", "tripwires")),
    Control(_ISO, "7.5", "Documented information", ("docs.sync_cycle",), ("audit",)),
    Control(_ISO, "9.1", "Monitoring, measurement, analysis, evaluation", (*_FIRST_RUN, *_COVERAGE, *_AFTER)),
    Control(_ISO, "9.3", "Management review", parts=("vote",)),
    Control(_ACT, "Art. 9", "Risk management", _AFTER, ("risks", "tripwires")),
    Control(_ACT, "Art. 12", "Record-keeping", parts=("audit",)),
    Control(_ACT, "Art. 14", "Human oversight", _APPROVAL, ("vote",)),
    Control(_ACT, "Art. 15", "Accuracy, robustness, cybersecurity", (*_FIRST_RUN, *_COVERAGE)),
)


@dataclass(frozen=True)
class Spoken:
    """A control with the criteria of a definition, by key, and the parts of a gate that speak to it."""

    control: Control
    criteria: tuple[str, ...]
    parts: tuple[str, ...]


def framework_map(definition: GateDefinition) -> tuple[Spoken, ...]:
    """Return what of a gate speaks to which control, in the order of the frameworks; without what nothing speaks to."""
    found = (
        Spoken(one, tuple(row.key for row in definition.criteria if row.measure in one.measures), one.parts)
        for one in CONTROLS
    )
    return tuple(one for one in found if one.criteria or one.parts)
