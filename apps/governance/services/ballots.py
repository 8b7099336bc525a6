"""Cast and void ballots. Only people at the page vote, and only on what they saw."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.decisions import PASSING, Policy, Subject, Verdict
from apps.governance.engine.permissions import Action
from apps.governance.engine.policies import days_named
from apps.governance.errors import (
    AlreadyVoted,
    ContentChanged,
    Denial,
    NotEligible,
    NotInteractive,
    PasswordGiven,
    RationaleMissing,
    Unsatisfiable,
)
from apps.governance.models import Ballot, Scope, User
from apps.governance.selectors import accounts_of, approval_prospect, can, part_of
from apps.governance.services.audit import audit_record
from apps.governance.services.given_passwords import account_waits

# So that nobody alone, by absence or by a favour, decides what becomes of others' requests.
FEWEST_APPROVERS = 2


def ballot_cast(
    *,
    subject: Subject,
    scope: Scope,
    voter: User,
    verdict: Verdict,
    digest: str,
    is_interactive: bool,
    rationale: str = "",
    detail: Mapping[str, object] | None = None,
    session_key: str = "",
    life: timedelta | None = None,
    votes: Action | None = None,
    is_sealed: bool = False,
) -> Ballot:
    """
    Record *voter*'s verdict on exactly what they saw, in the caller's transaction.

    *digest* is what the voter saw, ``subject.digest`` what is there now: lock the subject before you compute it.
    An earlier verdict of the voter that is older than *life* has ended and makes room for this one.
    *votes* is what a role must allow, by default what reviews ask for. Of a ballot that *is_sealed* the audit chain
    keeps a seal in place of the verdict, so that nobody reads there what stays hidden until the vote closes.
    A recusal holds whatever changes, so it counts on any content, takes the place of an earlier verdict, and stays.
    The refusals below carry a ``denial``; whoever answers the caller records it outside the transaction.

    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises PasswordGiven: somebody else chose the voter's password.
    :raises NotEligible: the voter is barred from this subject or has no role that votes on it.
    :raises ContentChanged: the subject changed since the voter saw it.
    :raises AlreadyVoted: the voter has a valid ballot on this subject.
    :raises RationaleMissing: a block or a wish for changes came without a reason.
    """
    told = {} if is_sealed else {"verdict": verdict.value}
    denial = Denial("ballot.cast", subject.kind, str(subject.id), scope.pk, told)
    _require_person(voter, is_interactive, denial)
    _require_eligible(subject, scope, voter, verdict, denial, votes)
    if verdict is not Verdict.RECUSE and digest != subject.digest:
        raise ContentChanged(
            "This changed while you were reading, so your verdict was not counted.",
            remedy="Reload the page, look at what is there now, and decide again.",
            denial=denial,
        )
    if verdict in {Verdict.BLOCK, Verdict.REQUEST_CHANGES} and not rationale.strip():
        raise RationaleMissing("Say why.", remedy="A block or a wish for changes needs a reason.")
    try:
        with transaction.atomic():
            if verdict is Verdict.RECUSE:
                _earlier_void(subject, voter, "Whoever gave it stepped aside afterwards.")
            elif life is not None:
                _earlier_void(subject, voter, f"It ended after {days_named(life)}.", before=now() - life)
            ballot = Ballot.objects.create(
                subject_kind=subject.kind,
                subject_id=subject.id,
                subject_digest=digest,
                scope=scope,
                voter=voter,
                verdict=verdict.value,
                rationale=rationale.strip(),
                detail={**(detail or {}), **({"seal": secrets.token_hex(32)} if is_sealed else {})},
            )
            _audit(ballot, session_key, is_sealed=is_sealed)
    except IntegrityError as error:
        if "governance_ballot_one_valid_per_person" not in str(error):
            raise
        raise AlreadyVoted("You have voted on this already, or stepped aside.", denial=denial) from error
    ballot.refresh_from_db()
    return ballot


def voter_require(
    *, subject: Subject, scope: Scope, voter: User, verdict: Verdict, is_interactive: bool, votes: Action | None = None
) -> None:
    """
    Refuse whoever has no vote on *subject*, before anything else of what they sent is read.

    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises PasswordGiven: somebody else chose the voter's password.
    :raises NotEligible: the voter is barred from this subject or has no role that votes on it.
    """
    denial = Denial("ballot.cast", subject.kind, str(subject.id), scope.pk)
    _require_person(voter, is_interactive, denial)
    _require_eligible(subject, scope, voter, verdict, denial, votes)


def _audit(ballot: Ballot, session_key: str, *, is_sealed: bool) -> None:
    audit_record(
        action="ballot.cast",
        object_kind=ballot.subject_kind,
        object_id=ballot.subject_id,
        actor=ballot.voter,
        scope=ballot.scope,
        after_digest=ballot.subject_digest,
        reason="" if is_sealed else ballot.rationale,
        session_key=session_key,
        detail={"ballot": ballot.pk, **_disclosed(ballot, is_sealed=is_sealed)},
    )


def ballot_seal(ballot: Ballot) -> str:
    """Return the SHA-256 of what a sealed ballot says and of its random part: what the audit chain keeps of it."""
    said = {"ballot": str(ballot.pk), "verdict": ballot.verdict, "rationale": ballot.rationale, "detail": ballot.detail}
    return sha256_hex(canonical_json(said))


def _disclosed(ballot: Ballot, *, is_sealed: bool) -> dict[str, object]:
    if is_sealed:
        return {"seal": ballot_seal(ballot)}
    return {"verdict": ballot.verdict, "detail": ballot.detail}


def _earlier_void(subject: Subject, voter: User, reason: str, *, before: datetime | None = None) -> None:
    earlier = Ballot.objects.filter(
        subject_kind=subject.kind, subject_id=subject.id, voter__in=accounts_of(voter), voided_at__isnull=True
    ).exclude(verdict=Verdict.RECUSE.value)
    if before is not None:
        earlier = earlier.filter(cast_at__lte=before, verdict__in=[verdict.value for verdict in PASSING])
    earlier.update(voided_at=now(), void_reason=reason)


def _require_person(voter: User, is_interactive: bool, denial: Denial) -> None:
    if not is_interactive or voter.is_service or not voter.is_active:
        raise NotInteractive(
            "Only a person who is signed in at the page can vote; a token never can.",
            remedy="Sign in with a browser and vote on the review page.",
            denial=denial,
        )
    if voter.is_password_given:
        raise PasswordGiven(
            "Somebody else chose your password and could vote with it.",
            remedy="Choose your own in your profile. You vote a day later, or once an administrator confirms it.",
            denial=denial,
        )
    if account_waits(voter):
        raise PasswordGiven(
            "An administrator gave you a password less than a day before you chose yours, and could have chosen it.",
            remedy=f"You vote from {voter.votes_from:%Y-%m-%d %H:%M} UTC, or once another administrator confirms it.",
            denial=denial,
        )


def _require_eligible(
    subject: Subject, scope: Scope, voter: User, verdict: Verdict, denial: Denial, votes: Action | None
) -> None:
    barred = part_of(voter, subject.barred)
    if barred:
        raise NotEligible(f"You cannot vote on this: {barred.rstrip('.')}.", denial=denial)
    if votes is not None:
        if not can(voter, votes, scope):
            raise NotEligible(
                "Your role does not vote here.",
                remedy="Members of the committee and its chair vote; an administrator can name them and never votes.",
                denial=denial,
            )
        return
    action = Action.CANDIDATE_BLOCK if verdict is Verdict.BLOCK else Action.VERDICT_VOTE
    if not can(voter, action, scope):
        raise NotEligible(
            "Your role does not vote here.",
            remedy="Reviewers of the repository vote; an administrator can name them and never votes.",
            denial=denial,
        )


@transaction.atomic
def ballots_void(
    *, subject_kind: str, subject_id: UUID, new_digest: str, reason: str, besides: Collection[Verdict] = ()
) -> int:
    """
    Void every valid ballot on other content than *new_digest*, in the caller's transaction; return how many.

    Recusals stay: they are about their author, not about the content. So do the verdicts *besides*.
    """
    stale = Ballot.objects.filter(subject_kind=subject_kind, subject_id=subject_id, voided_at__isnull=True)
    stale = stale.exclude(subject_digest=new_digest).exclude(verdict__in={Verdict.RECUSE, *besides})
    voided = list(stale.select_for_update(of=("self",)).select_related("scope"))
    if not voided:
        return 0
    Ballot.objects.filter(pk__in=[ballot.pk for ballot in voided]).update(voided_at=now(), void_reason=reason[:200])
    audit_record(
        action="ballots.void",
        object_kind=subject_kind,
        object_id=subject_id,
        actor=None,
        scope=voided[0].scope,
        before_digest=voided[0].subject_digest,
        after_digest=new_digest,
        reason=reason,
        detail={"ballots": [ballot.pk for ballot in voided]},
    )
    return len(voided)


def approval_require_possible(*, policy: Policy, scope: Scope, barred: Mapping[int, str], path: str = "") -> None:
    """
    Refuse what the people of *scope* could never approve. Call it when a request is submitted.

    :raises Unsatisfiable: at least one seat has nobody who could fill it, or only one person could approve at all.
    """
    missing, people = approval_prospect(policy=policy, scope=scope, barred=barred, path=path)
    if missing:
        seats = " and ".join(seat.name for seat in missing)
        raise Unsatisfiable(
            f"Nobody could approve this: {policy.name} needs {seats} besides those who wrote it.",
            remedy=f"Ask an administrator to name {seats} for {scope}.",
        )
    if people < FEWEST_APPROVERS:
        raise Unsatisfiable(
            "Only one person could approve this besides those who wrote it; there must be two to choose from.",
            remedy=f"Ask an administrator to name another reviewer for {scope}.",
        )
