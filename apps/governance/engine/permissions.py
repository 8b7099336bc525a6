"""
Which role may do what: one table, and deny by default.

The table is the product's permission matrix. A cell is ``ALWAYS`` or the one condition under which the role may act;
an absent cell is a no.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is in one repository or organisation. The values are those of ``RoleAssignment.Role``."""

    ENGINEER = "engineer"
    REVIEWER = "reviewer"
    QUALITY_LEAD = "quality_lead"
    ARCHITECT = "architect"
    DOCUMENTATION_OWNER = "documentation_owner"
    COMMITTEE = "committee"
    CHAIR = "chair"
    AUDITOR = "auditor"
    SERVICE = "service"
    ADMIN = "admin"


class Action(StrEnum):
    """Everything that asks for permission."""

    REQUEST_READ = "request.read"
    SPEC_WRITE = "spec.write"
    REQUEST_GUIDE = "request.guide"
    REQUEST_STOP = "request.stop"
    VERDICT_VOTE = "verdict.vote"
    CANDIDATE_BLOCK = "candidate.block"
    CHECK_OVERRIDE = "check.override"
    DELIVERY_MERGE = "delivery.merge"
    QUALITY_MEASURE = "quality.measure"
    THRESHOLD_EDIT = "threshold.edit"
    TEST_QUARANTINE = "test.quarantine"
    ARCHITECTURE_ANALYSE = "architecture.analyse"
    ARCHITECTURE_PLAN = "architecture.plan"
    DOCS_GENERATE = "docs.generate"
    GATE_MANAGE = "gate.manage"
    GATE_VOTE = "gate.vote"
    GENERATION_SUSPEND = "generation.suspend"
    INCIDENT_OPEN = "incident.open"
    INCIDENT_CLOSE = "incident.close"
    PEOPLE_MANAGE = "people.manage"
    MODELS_MANAGE = "models.manage"
    BUDGET_MANAGE = "budget.manage"
    POLICY_MANAGE = "policy.manage"
    REPOSITORY_MANAGE = "repository.manage"
    WEBHOOK_MANAGE = "webhook.manage"
    AUDIT_READ = "audit.read"
    PERSON_ERASE = "person.erase"


class Condition(StrEnum):
    """What has to hold for a permission that is not unconditional."""

    ALWAYS = "always"
    OWN = "own"
    SECURITY_SEAT = "security_seat"
    SECOND_PERSON = "second_person"


_ALWAYS, _OWN = Condition.ALWAYS, Condition.OWN
_ENGINEERING = (Role.ENGINEER, Role.REVIEWER, Role.QUALITY_LEAD, Role.ARCHITECT, Role.DOCUMENTATION_OWNER)


def _always(*roles: Role) -> dict[Role, Condition]:
    return dict.fromkeys(roles, _ALWAYS)


# A service account acts through a token only; the token's scopes narrow further what its role allows here.
MATRIX: Mapping[Action, Mapping[Role, Condition]] = {
    Action.REQUEST_READ: _always(*Role),
    Action.SPEC_WRITE: _always(*_ENGINEERING, Role.SERVICE),
    Action.REQUEST_GUIDE: {Role.ENGINEER: _OWN},
    Action.REQUEST_STOP: {
        Role.ENGINEER: _OWN,
        **_always(Role.REVIEWER, Role.QUALITY_LEAD, Role.CHAIR, Role.ADMIN),
    },
    Action.VERDICT_VOTE: _always(Role.REVIEWER),
    Action.CANDIDATE_BLOCK: _always(Role.REVIEWER, Role.QUALITY_LEAD, Role.ARCHITECT),
    Action.CHECK_OVERRIDE: {
        **_always(Role.QUALITY_LEAD, Role.ARCHITECT),
        Role.CHAIR: Condition.SECOND_PERSON,
    },
    # Whoever has a part in a request does not merge it, whatever their role: nobody takes their own code in.
    Action.DELIVERY_MERGE: _always(Role.REVIEWER, Role.QUALITY_LEAD, Role.ARCHITECT),
    Action.QUALITY_MEASURE: _always(*_ENGINEERING, Role.SERVICE),
    Action.THRESHOLD_EDIT: _always(Role.QUALITY_LEAD, Role.CHAIR),
    Action.TEST_QUARANTINE: {Role.REVIEWER: _OWN, Role.QUALITY_LEAD: _ALWAYS},
    Action.ARCHITECTURE_ANALYSE: _always(*_ENGINEERING, Role.SERVICE),
    Action.ARCHITECTURE_PLAN: _always(Role.ARCHITECT),
    Action.DOCS_GENERATE: _always(*_ENGINEERING, Role.SERVICE),
    Action.GATE_MANAGE: _always(Role.CHAIR),
    Action.GATE_VOTE: _always(Role.COMMITTEE, Role.CHAIR),
    Action.GENERATION_SUSPEND: {
        Role.COMMITTEE: Condition.SECURITY_SEAT,
        **_always(Role.QUALITY_LEAD, Role.CHAIR, Role.ADMIN),
    },
    # Whoever sees that something went wrong says so; who answers for quality says that it is over.
    Action.INCIDENT_OPEN: _always(*_ENGINEERING, Role.COMMITTEE, Role.CHAIR, Role.ADMIN),
    Action.INCIDENT_CLOSE: _always(Role.QUALITY_LEAD, Role.CHAIR),
    Action.PEOPLE_MANAGE: _always(Role.ADMIN),
    Action.MODELS_MANAGE: _always(Role.ADMIN),
    Action.BUDGET_MANAGE: _always(Role.ADMIN, Role.CHAIR),
    # One proposes and another one publishes; either may be either.
    Action.POLICY_MANAGE: _always(Role.ADMIN, Role.CHAIR),
    Action.REPOSITORY_MANAGE: _always(Role.ADMIN),
    Action.WEBHOOK_MANAGE: _always(Role.ADMIN),
    Action.AUDIT_READ: {
        Role.ENGINEER: _OWN,
        Role.REVIEWER: _OWN,
        **_always(
            Role.QUALITY_LEAD,
            Role.ARCHITECT,
            Role.DOCUMENTATION_OWNER,
            Role.COMMITTEE,
            Role.CHAIR,
            Role.AUDITOR,
            Role.SERVICE,
            Role.ADMIN,
        ),
    },
    Action.PERSON_ERASE: {Role.ADMIN: _ALWAYS, Role.CHAIR: Condition.SECOND_PERSON},
}

# Whoever administers or acts for a machine has no vote, whatever other role they hold.
VOTES = frozenset({Action.VERDICT_VOTE, Action.CANDIDATE_BLOCK, Action.GATE_VOTE})
VOTELESS = frozenset({Role.ADMIN, Role.SERVICE})


def allowed(roles: Collection[Role], action: Action, *, met: Collection[Condition] = ()) -> bool:
    """
    Return whether someone with *roles* may do *action*.

    *met* names the conditions that hold for the object at hand, for example ``Condition.OWN``.
    """
    if action in VOTES and not VOTELESS.isdisjoint(roles):
        return False
    cells = MATRIX.get(action, {})
    return any(role in cells and (cells[role] is Condition.ALWAYS or cells[role] in met) for role in roles)


def conflict(roles: Iterable[Role]) -> str:
    """Return why one person must not hold all of *roles* at once, as a sentence; empty when they may."""
    held = frozenset(roles)
    if Role.ADMIN in held and held & {Role.COMMITTEE, Role.CHAIR}:
        return "An administrator cannot sit on the committee."
    if Role.AUDITOR in held and len(held) > 1:
        return "An auditor holds no other role."
    if Role.SERVICE in held and len(held) > 1:
        return "A service user holds no other role."
    return ""
