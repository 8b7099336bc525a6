"""Go on although a gate failed: two people sign for exactly the change and the results that they saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.checks.types import NOT_JUDGED, plain_text
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import Conflict, NotFound
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun, PullRequest
from apps.generation.services.requirement_gates import gates_of
from apps.generation.services.review_subject import SUBJECT_KIND, barred_people, selected_candidate
from apps.generation.types import RequestStatus as Status
from apps.governance.models import Override, User
from apps.governance.selectors import overrides_of, overrides_stand
from apps.governance.services import override_ask, override_confirm, override_withdraw
from apps.governance.types import OverrideState, Subject

_OPEN = frozenset({OverrideState.WAITING, OverrideState.STANDS})


class NothingToOverride(Conflict):
    """The gate did not fail, or it decides about nothing any more."""

    code = "gate.nothing_to_override"


@dataclass(frozen=True)
class GateSheet:
    """
    The gates that something has to pass, and for each of them the SHA-256 of what two people would sign for.

    What was measured on the candidate is signed for once: it lets the approval pass and the merge as well.
    """

    run: GenerationRun
    gates: Sequence[Mapping[str, Any]]
    digests: Mapping[str, str]

    def subject(self, gate: str) -> Subject:
        """Return what is signed for at *gate*, and who may not sign."""
        return Subject(SUBJECT_KIND, self.run.pk, self.digests.get(gate, ""), barred_people(self.run))

    def overrides(self) -> dict[str, tuple[Override, OverrideState]]:
        """Return the override of each gate that waits for a signature or stands; a query, and one for each digest."""
        given = list(overrides_of(SUBJECT_KIND, self.run.pk))
        found: dict[str, tuple[Override, OverrideState]] = {}
        for digest in sorted({self.digests[one.check_name] for one in given if one.check_name in self.digests}):
            mine = [one for one in given if self.digests.get(one.check_name) == digest]
            found |= {
                one.check_name: (one, state) for one, state in overrides_stand(mine, digest=digest) if state in _OPEN
            }
        return found

    def blocking(self, overrides: Mapping[str, tuple[Override, OverrideState]] | None = None) -> list[str]:
        """Return the gates that did not pass, without those that failed and are overridden; no error is ever passed."""
        failing = [gate for gate in self.gates if gate["status"] not in {"passed", *NOT_JUDGED}]
        if not failing:
            return []
        found = self.overrides() if overrides is None else overrides
        stand = {name for name, (_, state) in found.items() if state is OverrideState.STANDS}
        return [gate["gate"] for gate in failing if gate["status"] != "failed" or gate["gate"] not in stand]


def candidate_sheet(run: GenerationRun, candidate: Candidate) -> GateSheet:
    """Return what *candidate* has to pass before people can approve it."""
    gates = gates_of(run, candidate)
    return GateSheet(run, gates, _candidate_digests(candidate, gates))


def pull_request_sheet(pull_request: PullRequest) -> GateSheet:
    """Return what a pull request has to pass before it is merged: the commit's gates and the candidate's."""
    commit = sha256_hex(canonical_json({"head": pull_request.head_sha, "gates": pull_request.gates}))
    digests = dict.fromkeys((gate["gate"] for gate in pull_request.gates), commit)
    candidate = pull_request.candidate
    return GateSheet(
        pull_request.request.run, pull_request.gates, digests | _candidate_digests(candidate, candidate.gates)
    )


def _candidate_digests(candidate: Candidate, gates: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    digest = sha256_hex(canonical_json({"measured_on": candidate.gates_basis, "gates": gates}))
    return dict.fromkeys((gate["gate"] for gate in gates), digest)


@transaction.atomic
def gate_override_ask(
    *, request_id: UUID, gate: str, actor: User, digest: str, reason: str, ends_at: datetime, is_interactive: bool
) -> Override:
    """
    Sign first. See :func:`override_ask` for further refusals.

    :raises NothingToOverride: the gate did not fail, or neither a review nor a pull request is open.
    """
    sheet = _open(request_id)
    if gate not in {one["gate"] for one in sheet.gates if one["status"] == "failed"}:
        raise NothingToOverride(
            "This gate did not fail, so there is nothing to override.",
            remedy="A gate with an error has found nothing out: put right what hinders it.",
        )
    return override_ask(
        subject=sheet.subject(gate),
        scope=sheet.run.repository.scope,
        check_name=gate,
        actor=actor,
        digest=digest,
        reason=plain_text(reason),
        ends_at=ends_at,
        is_interactive=is_interactive,
    )


@transaction.atomic
def gate_override_confirm(*, request_id: UUID, override_id: UUID, actor: User, is_interactive: bool) -> Override:
    """
    Sign second. See :func:`override_confirm` for further refusals.

    :raises NothingToOverride: neither a review nor a pull request is open.
    """
    sheet = _open(request_id)
    subject = sheet.subject(_of(request_id, override_id).check_name)
    return override_confirm(override_id=override_id, subject=subject, actor=actor, is_interactive=is_interactive)


@transaction.atomic
def gate_override_withdraw(*, request_id: UUID, override_id: UUID, actor: User, is_interactive: bool) -> Override:
    """
    Take an override back. See :func:`override_withdraw` for refusals.

    :raises NothingToOverride: neither a review nor a pull request is open, so what was signed for has happened.
    """
    _open(request_id)
    _of(request_id, override_id)
    return override_withdraw(override_id=override_id, actor=actor, is_interactive=is_interactive)


def _open(request_id: UUID) -> GateSheet:
    request = CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    if request.status == Status.IN_REVIEW:
        run = GenerationRun.objects.select_related("request", "repository__scope__organisation").get(pk=request_id)
        return candidate_sheet(run, selected_candidate(run=run))
    pull_request = (
        PullRequest.objects.select_related("candidate", "request__run__repository__scope__organisation")
        .filter(request_id=request_id, state=PullRequest.State.OPEN)
        .first()
    )
    if pull_request is None:
        raise NothingToOverride("Nothing waits for these gates any more.", remedy="Reload the page.")
    return pull_request_sheet(pull_request)


def _of(request_id: UUID, override_id: UUID) -> Override:
    found = Override.objects.filter(pk=override_id, subject_kind=SUBJECT_KIND, subject_id=request_id).first()
    if found is None:
        raise NotFound("This request has no such override.")
    return found
