"""What a gate asks for, in versions: one of {quality lead, chair} proposes, another one publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.governance.engine.gates import (
    TEMPLATES,
    GateDefinition,
    definition_content,
    definition_problem,
    definition_read,
)
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, GateClosed, GateInvalid, NotEligible
from apps.governance.measures import measures_all
from apps.governance.models import GateDefinitionVersion, Scope, User
from apps.governance.selectors import accounts_of
from apps.governance.services.audit import audit_record
from apps.governance.services.gates.access import require_person, require_role
from apps.governance.services.gates.requests import definition_ruling

KIND = "gate_definition"
WHO = "A quality lead or the chair of the committee"


@transaction.atomic
def gate_definition_propose(
    *, scope: Scope, template: str, definition: GateDefinition, reason: str, actor: User, is_interactive: bool
) -> GateDefinitionVersion:
    """
    Save the next version of a definition; gates are made with it once another person published it.

    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor's role does not edit definitions.
    :raises GateInvalid: it says what rules already, gives no reason, or could never be satisfied.
    """
    denial = Denial("gate_definition.propose", KIND, template, scope.pk)
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.THRESHOLD_EDIT, scope, denial, WHO)
    if not reason.strip():
        raise GateInvalid("Say why the definition shall change.", remedy="One sentence is enough.")
    if template not in TEMPLATES or scope.repository:
        raise GateInvalid("A definition is a version of a template, for an organisation.")
    definition_check(definition)
    content = definition_content(definition)
    ruling, ruling_content = definition_ruling(scope, template)
    _require_measured(definition, definition_read(ruling_content))
    if content == ruling_content:
        raise GateInvalid("This is what rules already.", remedy="Change something, or leave it as it is.")
    Scope.objects.select_for_update().get(pk=scope.pk)
    earlier = GateDefinitionVersion.objects.filter(scope=scope, name=template).order_by("-number")
    version = GateDefinitionVersion.objects.create(
        scope=scope,
        name=template,
        number=(earlier.values_list("number", flat=True).first() or 0) + 1,
        content=content,
        content_digest=sha256_hex(canonical_json(content)),
        reason=reason.strip(),
        proposed_by=actor,
    )
    version.refresh_from_db()
    _record("gate_definition.propose", version, actor, before=ruling.content_digest if ruling else "", reason=reason)
    return version


def _require_measured(definition: GateDefinition, ruling: GateDefinition) -> None:
    """
    Let only criteria come that something measures; those that rule stay, whether or not.

    :raises GateInvalid: a further one rests on what nobody registered.
    """
    known = {measure.key for measure in measures_all()} | {one.measure for one in ruling.criteria}
    unknown = sorted({one.measure for one in definition.criteria} - known)
    if unknown:
        raise GateInvalid(
            f"Nothing measures {', '.join(unknown)}.", remedy="Choose among the measures that are registered."
        )


def definition_check(definition: GateDefinition) -> None:
    """
    Refuse a definition that nothing and nobody could ever satisfy.

    :raises GateInvalid: a threshold that no number of observations could show.
    """
    problem = definition_problem(definition, {measure.key: measure.shape for measure in measures_all()})
    if problem:
        raise GateInvalid(problem, remedy="Choose a threshold that can be shown.")


def definition_parse(content: Mapping[str, Any]) -> GateDefinition:
    """
    Return the definition that *content* describes, whoever wrote it.

    :raises GateInvalid: it is none, with a sentence about what is wrong.
    """
    try:
        return definition_read(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise GateInvalid(
            f"This is no definition of a gate: {error}.", remedy="Start from the one that rules."
        ) from error
    except ValueError as error:
        raise GateInvalid(str(error), remedy="Change it and try again.") from error


@transaction.atomic
def gate_definition_publish(
    *, version_id: UUID, digest: str, actor: User, is_interactive: bool, session_key: str = ""
) -> GateDefinitionVersion:
    """
    Let gates be made with a version from now on. Those there are keep the definition that they have.

    *digest* is of the content that the person saw.

    :raises NotFound: there is no such version.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor's role does not edit definitions.
    :raises NotEligible: the actor proposed it, in whichever account.
    :raises GateClosed: it was published before, is not what was seen, or a later one rules.
    :raises GateInvalid: by now nothing could satisfy it.
    """
    versions = GateDefinitionVersion.objects.select_for_update(of=("self",)).select_related("scope__organisation")
    version = versions.filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version of a definition.")
    denial = Denial("gate_definition.publish", KIND, str(version.pk), version.scope_id)
    require_person(actor, denial, is_interactive=is_interactive)
    require_role(actor, Action.THRESHOLD_EDIT, version.scope, denial, WHO)
    if version.proposed_by_id in accounts_of(actor):
        raise NotEligible("You proposed this version; another person publishes it.", denial=denial)
    later = GateDefinitionVersion.objects.filter(
        scope=version.scope, name=version.name, number__gt=version.number, published_at__isnull=False
    )
    if version.published_at is not None or later.exists():
        raise GateClosed("This version, or a later one, was published before.", denial=denial)
    if version.content_digest != digest:
        raise GateClosed("This is not the version you looked at.", remedy="Reload the page.", denial=denial)
    definition_check(definition_parse(version.content))
    before, _ = definition_ruling(version.scope, version.name)
    version.published_by, version.published_at = actor, now()
    version.save(update_fields=["published_by", "published_at"])
    _record(
        "gate_definition.publish",
        version,
        actor,
        before=before.content_digest if before else "",
        session_key=session_key,
    )
    return version


def _record(
    action: str, version: GateDefinitionVersion, actor: User, *, before: str, reason: str = "", session_key: str = ""
) -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=version.pk,
        actor=actor,
        scope=version.scope,
        before_digest=before,
        after_digest=version.content_digest,
        reason=reason,
        session_key=session_key,
        detail={"template": version.name, "version": version.number},
    )
