"""Versions of what a gate asks for, and what the newest gates would look like under one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.engine.gates import TEMPLATES, UNDECIDED, GateDefinition, definition_read
from apps.governance.engine.gates.changes import Kept, Tried, definition_try
from apps.governance.measures import measures_all
from apps.governance.models import Gate, GateDefinitionVersion, GateReading, GateSeat, Scope, User
from apps.governance.selectors import display_name
from apps.governance.selectors.gates import definitions_readable, gates_readable
from apps.governance.services.gates.access import definition_of
from apps.governance.services.gates.evidence import frozen_readings, reading_of
from apps.governance.services.gates.freezing import newest_readings

GATES_TRIED = 5


def definition_get(user: User, version_id: UUID) -> GateDefinitionVersion:
    """
    Return a version that *user* may see, with its organisation and people.

    :raises NotFound: there is none.
    """
    versions = definitions_readable(user).select_related("scope__organisation", "proposed_by", "published_by")
    version = versions.filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version of a definition that you can read.", remedy="Check the address.")
    return version


def definition_before(version: GateDefinitionVersion) -> tuple[GateDefinitionVersion | None, GateDefinition]:
    """Return what rules without *version*, or ruled before it, None for the built-in one; one query."""
    earlier = GateDefinitionVersion.objects.filter(
        scope=version.scope_id, name=version.name, published_at__isnull=False, number__lt=version.number
    )
    found = earlier.order_by("-number").first()
    return found, definition_read(found.content) if found else TEMPLATES[version.name]


@dataclass(frozen=True)
class Edited:
    """A version of what a gate asks for that was published within the window of its evidence, with its people."""

    version: GateDefinitionVersion
    proposer: str
    publisher: str
    seated: tuple[str, ...]


def definition_edits(gate: Gate) -> list[Edited]:
    """
    Return the versions that *gate* is held against, or that led to it, and that came within the longest window of its
    evidence; with who of their people sits on it. Three queries, none where it is held against the built-in one.
    """
    if gate.definition is None:
        return []
    window = timedelta(days=max(one.window_days for one in definition_of(gate).criteria))
    versions = GateDefinitionVersion.objects.filter(
        scope=gate.scope_id,
        name=gate.definition.name,
        number__lte=gate.definition.number,
        published_at__gt=gate.requested_at - window,
    )
    seated = set(GateSeat.objects.filter(gate=gate).values_list("user", flat=True))
    return [
        Edited(
            one,
            display_name(one.proposed_by),
            display_name(one.published_by) if one.published_by else "",
            tuple(
                display_name(person)
                for person in (one.proposed_by, one.published_by)
                if person is not None and person.pk in seated
            ),
        )
        for one in versions.select_related("proposed_by", "published_by").order_by("-number")
    ]


@dataclass(frozen=True)
class GateTrial:
    """What the rows of one gate would be under another definition."""

    gate: Gate
    rows: tuple[Tried, ...]

    @property
    def changed(self) -> tuple[Tried, ...]:
        """The rows whose state would be another one."""
        return tuple(row for row in self.rows if row.is_changed)


def definition_trials(user: User, scope: Scope, before: GateDefinition, after: GateDefinition) -> list[GateTrial]:
    """
    Return what the newest gates of an organisation would look like under *after*, beside *before*.

    Each is tried on what was frozen, else on what was read last; a decided one as of its decision. Three queries for
    each of at most :data:`GATES_TRIED` gates; measures are not read.
    """
    gates = gates_readable(user).filter(scope=scope, evidence_batch__gt=0).order_by("-requested_at", "id")
    measures = {measure.key: measure for measure in measures_all()}
    trials = []
    for gate in gates[:GATES_TRIED]:
        moment = now() if gate.state in UNDECIDED else (gate.closed_at or now())
        readings = list(frozen_readings(gate).values()) or newest_readings(gate)
        kept = tuple(_kept(one) for one in sorted(readings, key=lambda one: one.position))
        trials.append(GateTrial(gate, definition_try(before, after, kept, measures, moment)))
    return trials


def _kept(one: GateReading) -> Kept:
    return Kept(
        key=one.key,
        criterion=one.criterion,
        measure=one.measure,
        window=one.window_end - one.window_start,
        is_of_flagship=one.place_id is not None,
        reading=reading_of(one),
        error=one.error,
    )
