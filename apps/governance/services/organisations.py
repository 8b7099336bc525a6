"""The name of an organisation: what people read, and nothing that anything is decided by."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from apps.core.errors import NotFound
from apps.governance.engine.permissions import Action
from apps.governance.errors import Denial, NotAllowed, NotInteractive, OrganisationInvalid
from apps.governance.models import Organisation, Scope, User
from apps.governance.selectors import can
from apps.governance.services.audit import audit_record

KIND = "organisation"
NAME_TAKEN = "Another organisation has this name."


@transaction.atomic
def organisation_rename(
    *, organisation_id: int, name: str, actor: User, is_interactive: bool, session_key: str = ""
) -> Organisation:
    """
    Call an organisation *name*; the same name changes nothing. Roles, policies and history go by its number and stay.

    :raises NotFound: there is none, or the actor may not know that it exists.
    :raises NotAllowed: the actor does not manage its people, or does not act at the page.
    :raises OrganisationInvalid: the name is empty, too long, taken, or reads like that of a repository.
    """
    organisation = Organisation.objects.select_for_update().filter(pk=organisation_id).first()
    place = Scope.objects.filter(organisation=organisation_id, repository="").first()
    if organisation is None or place is None or not can(actor, Action.REQUEST_READ, place):
        raise NotFound("There is no such organisation.", remedy="Go back and reload the page.")
    denial = Denial("organisation.rename", KIND, str(organisation.pk), place.pk)
    if not is_interactive:
        raise NotInteractive("A program renames nothing.", remedy="Do it at the page.", denial=denial)
    if not can(actor, Action.PEOPLE_MANAGE, place):
        raise NotAllowed(
            "Only an administrator of the organisation renames it.", remedy="Ask an administrator.", denial=denial
        )
    wanted, before = organisation_name(name), organisation.name
    if wanted == before:
        return organisation
    if Organisation.objects.filter(name__iexact=wanted).exclude(pk=organisation.pk).exists():
        raise OrganisationInvalid(NAME_TAKEN, remedy="Choose another one.")
    organisation.name = wanted
    try:
        with transaction.atomic():
            organisation.save(update_fields=["name"])
    except IntegrityError as error:
        raise OrganisationInvalid(NAME_TAKEN, remedy="Choose another one.") from error
    audit_record(
        action="organisation.rename",
        object_kind=KIND,
        object_id=organisation.pk,
        actor=actor,
        scope=place,
        session_key=session_key,
        detail={"before": before, "after": wanted},
    )
    return organisation


def organisation_name(text: str) -> str:
    """
    Return *text* as the name of an organisation, without spaces around it.

    :raises OrganisationInvalid: it is none.
    """
    name = " ".join(text.split())
    longest = Organisation._meta.get_field("name").max_length or 0
    if not name or len(name) > longest or not name.isprintable():
        raise OrganisationInvalid(f"A name has from 1 to {longest} characters that can be printed.")
    if "/" in name or "*" in name:
        raise OrganisationInvalid("A name has no slash and no star: they stand between it and its repositories.")
    return name
