"""
Which accounts are one person's: two people sign, and every open ballot of those accounts is void.

A person fills one seat and has a part in whatever one of their accounts has a part in, so this decides who votes.
"""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.core.clock import now
from apps.core.database import any_looked_up
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.governance.errors import Denial, RecordsClosed, RecordsInvalid
from apps.governance.models import AccountLink, Ballot, Suspension, User
from apps.governance.selectors import accounts_of
from apps.governance.selectors.account_links import link_refused
from apps.governance.selectors.suspensions import SUSPENSION
from apps.governance.services.audit import audit_record
from apps.governance.services.signing import require_either, require_first, require_second
from apps.governance.subjects import subjects_undecided

KIND = "account_link"


@transaction.atomic
def account_link_ask(
    *, account: User, other: User | None, reason: str, actor: User, is_interactive: bool, session_key: str = ""
) -> AccountLink:
    """
    Sign first that *account* and *other* are one person's, or that *account* is nobody else's; nothing changes yet.

    :raises NotAllowed: the person does not sign first.
    :raises RecordsInvalid: it cannot be so, it is about the person themselves, or no reason is given.
    :raises RecordsClosed: somebody asked about this account already.
    """
    denial = Denial("accounts.ask", "user", str(account.pk))
    require_first(actor, denial, is_interactive=is_interactive)
    if not reason.strip():
        raise RecordsInvalid("Say why.", remedy="For example: a second account of the same employee.")
    _require_possible(account, other, actor)
    try:
        with transaction.atomic():
            link = AccountLink.objects.create(account=account, other=other, reason=reason.strip(), asked_by=actor)
    except IntegrityError as error:
        if "governance_accountlink_one_open" not in str(error):
            raise
        raise RecordsClosed("Somebody asked about this account already.", denial=denial) from error
    _record("accounts.ask", link, actor, session_key, reason=link.reason)
    return link


@transaction.atomic
def account_link_confirm(*, link_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> AccountLink:
    """
    Sign second: from now on it is so, and whoever it is about votes anew on what is not decided.

    :raises NotFound: there is no such link.
    :raises NotAllowed: the person does not sign second, or signed first.
    :raises RecordsInvalid: it cannot be so any more, or it is about the person themselves.
    :raises RecordsClosed: it was signed or withdrawn already.
    """
    link = _locked(link_id)
    denial = Denial("accounts.confirm", KIND, str(link.pk))
    require_second(actor, link.asked_by_id, denial, is_interactive=is_interactive)
    _require_open(link, denial)
    _require_possible(link.account, link.other, actor)
    accounts = _accounts(link)
    before = _whose(accounts)
    link.confirmed_by, link.confirmed_at = actor, now()
    # The database gives the accounts their keys with this signature, and lets nothing else do it.
    link.save(update_fields=["confirmed_by", "confirmed_at"])
    voided = _ballots_void(accounts)
    _record("accounts.confirm", link, actor, session_key, before=before, after=_whose(accounts), voided=voided)
    return link


@transaction.atomic
def account_link_withdraw(*, link_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> None:
    """
    Take it back while nobody signed second.

    :raises NotFound: there is no such link.
    :raises NotAllowed: the person signs neither first nor second.
    :raises RecordsClosed: it was signed or withdrawn already.
    """
    link = _locked(link_id)
    denial = Denial("accounts.withdraw", KIND, str(link.pk))
    require_either(actor, denial, is_interactive=is_interactive)
    _require_open(link, denial)
    link.withdrawn_by, link.withdrawn_at = actor, now()
    link.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _record("accounts.withdraw", link, actor, session_key)


def _require_possible(account: User, other: User | None, actor: User) -> None:
    mine = set(accounts_of(actor))
    if account.pk in mine or (other is not None and other.pk in mine):
        raise RecordsInvalid("Nobody signs this about themselves.", remedy="Ask another administrator, or chair.")
    if refused := link_refused(account, other):
        raise RecordsInvalid(refused, remedy="Look at the two accounts in the admin site.")


def _accounts(link: AccountLink) -> list[int]:
    theirs = {*accounts_of(link.account), *(accounts_of(link.other) if link.other else ())}
    return sorted(theirs)


def _whose(accounts: list[int]) -> str:
    """Return the SHA-256 of which person each of *accounts* is of."""
    keys = User.objects.filter(pk__in=accounts).values_list("pk", "person_key")
    return sha256_hex(canonical_json({str(account): key for account, key in keys}))


def _ballots_void(accounts: list[int]) -> int:
    """Void what *accounts* said about what is not decided; recusals stay, they are about their author."""
    standing = Q(subject_kind=SUSPENSION, subject_id__in=Suspension.objects.filter(resumed_at=None).values("pk"))
    undecided = any_looked_up(subjects_undecided()) | standing
    ballots = Ballot.objects.filter(undecided, voter__in=accounts, voided_at__isnull=True)
    return ballots.exclude(verdict=Ballot.Verdict.RECUSE).update(
        voided_at=now(), void_reason="It was settled anew which accounts are this person's."
    )


def _locked(link_id: UUID) -> AccountLink:
    links = AccountLink.objects.select_for_update(of=("self",)).select_related("account", "other")
    link = links.filter(pk=link_id).first()
    if link is None:
        raise NotFound("There is no such link.")
    return link


def _require_open(link: AccountLink, denial: Denial) -> None:
    if not link.is_open:
        raise RecordsClosed("This waits for nobody.", remedy="Reload the page.", denial=denial)


def _record(
    action: str,
    link: AccountLink,
    actor: User,
    session_key: str,
    *,
    reason: str = "",
    before: str = "",
    after: str = "",
    voided: int = 0,
) -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=link.pk,
        actor=actor,
        reason=reason,
        session_key=session_key,
        before_digest=before,
        after_digest=after,
        detail={"account": link.account_id, "other": link.other_id, "ballots": voided},
    )
