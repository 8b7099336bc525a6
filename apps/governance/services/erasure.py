"""
Erase a person: every account of theirs gets a pseudonym, is closed and says nothing about them any more.

The accounts' numbers stay, and are what ballots and the audit chain hold: the chain stays valid, and what was decided
stays decided by as many different people as before.
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.errors import Denial, RecordsClosed, RecordsInvalid
from apps.governance.models import Ballot, Erasure, User
from apps.governance.records import person_data
from apps.governance.selectors import accounts_of
from apps.governance.selectors.records import erasure_refused, holds_standing
from apps.governance.services.audit import audit_record
from apps.governance.services.retention import retention_lock
from apps.governance.services.signing import require_either, require_first, require_open, require_second


@transaction.atomic
def erasure_ask(*, person: User, reason: str, actor: User, is_interactive: bool, session_key: str = "") -> Erasure:
    """
    Sign first that *person* is erased; nothing changes until somebody else signs. *reason* names nobody: it is kept.

    :raises NotAllowed: the person does not sign first.
    :raises RecordsInvalid: they would erase themselves, or no reason is given.
    :raises RecordsClosed: a legal hold stands in the way, or somebody asked already.
    """
    denial = Denial("erasure.ask", "user", str(person.pk))
    require_first(actor, denial, is_interactive=is_interactive)
    _require_another(person, actor)
    if not reason.strip():
        raise RecordsInvalid("Say why, without naming the person.", remedy="For example: asked for by letter.")
    _require_free(person, denial)
    try:
        with transaction.atomic():
            erasure = Erasure.objects.create(person=person, reason=reason.strip(), asked_by=actor)
    except IntegrityError as error:
        if "governance_erasure_once" not in str(error):
            raise
        raise RecordsClosed("Somebody asked for this already.", denial=denial) from error
    _record("erasure.ask", erasure, actor, session_key, reason=erasure.reason)
    return erasure


@transaction.atomic
def erasure_confirm(*, erasure_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> Erasure:
    """
    Sign second, and erase: nothing brings the name back.

    :raises NotFound: there is no such request.
    :raises NotAllowed: the person does not sign second, or signed first.
    :raises RecordsInvalid: they would erase themselves.
    :raises RecordsClosed: it was signed or withdrawn already, or a legal hold stands in the way.
    """
    erasure = _locked(erasure_id)
    denial = Denial("erasure.confirm", "user", str(erasure.person_id))
    require_second(actor, erasure.asked_by_id, denial, is_interactive=is_interactive)
    _require_another(erasure.person, actor)
    require_open(erasure.is_open, denial)
    retention_lock()
    _require_free(erasure.person, denial)
    erasure.confirmed_by, erasure.confirmed_at = actor, now()
    # First the signatures: without them the database lets no ballot forget whose it is.
    erasure.save(update_fields=["confirmed_by", "confirmed_at"])
    erasure.counts = _erase(accounts_of(erasure.person))
    erasure.save(update_fields=["counts"])
    _record("erasure.confirm", erasure, actor, session_key)
    return erasure


@transaction.atomic
def erasure_withdraw(*, erasure_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> None:
    """
    Take the request back while nobody signed second.

    :raises NotFound: there is no such request.
    :raises NotAllowed: the person signs neither first nor second.
    :raises RecordsClosed: it was signed or withdrawn already.
    """
    erasure = _locked(erasure_id)
    denial = Denial("erasure.withdraw", "user", str(erasure.person_id))
    require_either(actor, denial, is_interactive=is_interactive)
    require_open(erasure.is_open, denial)
    erasure.withdrawn_by, erasure.withdrawn_at = actor, now()
    erasure.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _record("erasure.withdraw", erasure, actor, session_key)


def pseudonym(account: int) -> str:
    """Return the name that the account gets: the same whenever it is asked for, and nothing that it was called."""
    return f"erased-{account}"


def _erase(accounts: list[int]) -> dict[str, int]:
    counts = {data.key: data.erase(accounts) for data in person_data()}
    for user in User.objects.select_for_update().filter(pk__in=accounts).order_by("pk"):
        user.username = pseudonym(user.pk)
        # Accounts of one person stay one person's: nobody votes twice for having been erased.
        user.person_key = pseudonym(min(accounts))
        user.first_name = user.last_name = user.email = ""
        user.is_active = user.is_staff = user.is_superuser = False
        user.last_login = None
        user.set_unusable_password()
        user.is_password_given = False
        user.save()
    ballots = Ballot.objects.filter(voter__in=accounts).update(person=f"person {pseudonym(min(accounts))}")
    return {**counts, "ballots": ballots, "accounts": len(accounts)}


def _require_another(person: User, actor: User) -> None:
    if person.pk in accounts_of(actor):
        raise RecordsInvalid("Nobody erases themselves.", remedy="Ask another administrator, or another chair.")


def _require_free(person: User, denial: Denial) -> None:
    refused = erasure_refused(accounts_of(person), holds_standing())
    if refused:
        raise RecordsClosed(refused, remedy="It can be done when the hold is released.", denial=denial)


def _locked(erasure_id: UUID) -> Erasure:
    erasure = Erasure.objects.select_for_update(of=("self",)).select_related("person").filter(pk=erasure_id).first()
    if erasure is None:
        raise NotFound("There is no such request.")
    return erasure


def _record(action: str, erasure: Erasure, actor: User, session_key: str, *, reason: str = "") -> None:
    audit_record(
        action=action,
        object_kind="user",
        object_id=erasure.person_id,
        actor=actor,
        reason=reason,
        session_key=session_key,
        detail={"erasure": erasure.pk, **erasure.counts},
    )
