"""
What the entries of the audit chain are called where people read of them: one sentence for each action.

Each app says it of its own actions in a module of this name, which is imported when the platform starts. Text in braces
is filled in: ``{it}`` is the subject by its title, ``{place}`` the repository or the organisation, ``{person}`` the
account it is about, anything else a part of the entry's detail; behind a colon stands what is said without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from apps.governance.engine.chain import Outcome
from apps.governance.engine.permissions import Action

SLOT = re.compile(r"\{(\w+)(?::([^}]*))?\}")


class Words(NamedTuple):
    """A verb, its past, and the rest of the sentence behind the name of whoever acted."""

    do: str
    did: str
    rest: str


class Piece(NamedTuple):
    """A part of a sentence; ``slot`` names what it was filled from, if anything."""

    text: str
    slot: str = ""


_words: dict[str, Words] = {}


def audit_words_register(words: Mapping[str, tuple[str, str, str]]) -> None:
    """Say how people read of some actions."""
    _words.update({action: Words(*said) for action, said in words.items()})


def audit_words_of(action: str) -> Words | None:
    """Return how people read of *action*, None where nobody said it."""
    return _words.get(action)


def audit_sentence(action: str, outcome: str, fill: Callable[[str], str]) -> list[Piece]:
    """
    Return what was done, behind the name of whoever did it; *fill* gives the text of a slot, "" where there is none.

    What was denied was tried. An action without words is said as it is written, without its signs.
    """
    words = audit_words_of(action)
    if words is None:
        return [Piece(re.sub(r"[._]", " ", action))]
    said = f"tried to {words.do}" if outcome == Outcome.DENIED.value else words.did
    pieces, at = [Piece(f"{said} ")], 0
    for found in SLOT.finditer(words.rest):
        name, otherwise = found.groups()
        text = fill(name)
        pieces += [Piece(words.rest[at : found.start()]), Piece(text or otherwise or "", name if text else "")]
        at = found.end()
    pieces.append(Piece(words.rest[at:]))
    return [piece for piece in pieces if piece.text]


# What somebody was refused by their role alone, before anything began.
audit_words_register(
    {
        Action.REQUEST_READ.value: ("read", "read", "a request of {place}"),
        Action.SPEC_WRITE.value: ("write", "wrote", "a specification for {place}"),
        Action.REQUEST_GUIDE.value: ("guide", "guided", "{it:a request}"),
        Action.REQUEST_STOP.value: ("stop", "stopped", "{it:a request}"),
        Action.VERDICT_VOTE.value: ("vote", "voted", "on {it:a request}"),
        Action.CANDIDATE_BLOCK.value: ("block", "blocked", "{it:a request}"),
        Action.CHECK_OVERRIDE.value: ("override", "overrode", "a failed check of {it:a request}"),
        Action.DELIVERY_MERGE.value: ("merge", "merged", "{it:a request}"),
        Action.QUALITY_MEASURE.value: ("measure", "measured", "the quality of {place}"),
        Action.THRESHOLD_EDIT.value: ("change", "changed", "thresholds of {place}"),
        Action.TEST_QUARANTINE.value: ("quarantine", "quarantined", "a test of {place}"),
        Action.ARCHITECTURE_ANALYSE.value: ("analyse", "analysed", "the architecture of {place}"),
        Action.ARCHITECTURE_PLAN.value: ("change", "changed", "an architecture plan of {place}"),
        Action.DOCS_GENERATE.value: ("generate", "generated", "documentation of {place}"),
        Action.GATE_MANAGE.value: ("manage", "managed", "{it:a gate}"),
        Action.GATE_VOTE.value: ("vote", "voted", "on {it:a gate}"),
        Action.GENERATION_SUSPEND.value: ("suspend", "suspended", "generation in {place}"),
        Action.INCIDENT_OPEN.value: ("open", "opened", "an incident in {place}"),
        Action.INCIDENT_CLOSE.value: ("close", "closed", "an incident in {place}"),
        Action.PEOPLE_MANAGE.value: ("manage", "managed", "the people of {place}"),
        Action.MODELS_MANAGE.value: ("manage", "managed", "models"),
        Action.BUDGET_MANAGE.value: ("change", "changed", "a budget of {place}"),
        Action.POLICY_MANAGE.value: ("change", "changed", "the approval policies of {place}"),
        Action.REPOSITORY_MANAGE.value: ("manage", "managed", "the repositories of {place}"),
        Action.WEBHOOK_MANAGE.value: ("manage", "managed", "the webhooks of {place}"),
        Action.AUDIT_READ.value: ("read", "read", "the audit chain"),
        Action.PERSON_ERASE.value: ("erase", "erased", "a person"),
        "address.use": ("open", "opened", "a page that is not theirs"),
        "token.use": ("use", "used", "a token for what it may not do"),
    }
)

audit_words_register(
    {
        "absence.declare": ("declare", "declared", "an absence"),
        "absence.withdraw": ("take back", "took back", "an absence"),
        "accounts.ask": ("ask", "asked", "to settle which accounts are one person's"),
        "accounts.confirm": ("sign", "signed", "which accounts are one person's"),
        "accounts.withdraw": ("withdraw", "withdrew", "a link between accounts"),
        "attestation.sign": ("sign", "signed", "a statement about {it:a request}"),
        "audit.anchor": ("anchor", "anchored", "the audit chain outside the database"),
        "audit.export": ("export", "exported", "entries of the audit chain"),
        "audit.verify": ("verify", "verified", "the audit chain"),
        "backup.create": ("make", "made", "a backup"),
        "backup.done": ("read", "read", "a backup back"),
        "backup.restore": ("restore", "restored", "a backup"),
        "ballot.cast": ("vote", "voted", "on {it:something that is decided}"),
        "ballots.void": ("void", "voided", "ballots on {it:something that changed}"),
        "erasure.ask": ("ask", "asked", "for a person to be erased"),
        "erasure.confirm": ("sign", "signed", "the erasure of a person"),
        "erasure.withdraw": ("withdraw", "withdrew", "the erasure of a person"),
        "file.export": ("export", "exported", "a table of figures"),
        "gate.close": ("close", "closed", "the vote on {it:a gate}"),
        "gate.decide": ("close", "closed", "the vote on {it:a gate}: {outcome}"),
        "gate.evidence": ("read", "read", "the evidence of {it:a gate}"),
        "gate.minutes": ("keep", "kept", "minutes of {it:a gate}"),
        "gate.open": ("open", "opened", "the vote on {it:a gate}"),
        "gate.present": ("say", "said", "that they are there for {it:a gate}"),
        "gate.refreeze": ("freeze", "froze", "the evidence of {it:a gate} anew"),
        "gate.request": ("ask", "asked", "for {it:a gate}"),
        "gate.seat": ("seat", "seated", "the committee of {it:a gate}"),
        "gate.waive": ("ask", "asked", "for a waiver at {it:a gate}"),
        "gate.waiver_confirm": ("sign", "signed", "a waiver at {it:a gate}"),
        "gate.waiver_withdraw": ("withdraw", "withdrew", "a waiver at {it:a gate}"),
        "gate.withdraw": ("withdraw", "withdrew", "{it:a gate}"),
        "gate_definition.propose": ("propose", "proposed", "what gates of {place} ask for"),
        "gate_definition.publish": ("publish", "published", "what gates of {place} ask for"),
        "generation.resume": ("resume", "resumed", "generation in {place}"),
        "hold.place": ("place", "placed", "a legal hold"),
        "hold.release": ("release", "released", "a legal hold"),
        "hold.release_ask": ("ask", "asked", "for the release of a legal hold"),
        "key.begin": ("begin", "began", "to sign with a key"),
        "key.rotate": ("rotate", "rotated", "the signing key"),
        "override.ask": ("ask", "asked", "for an override of {it:a request}"),
        "override.confirm": ("sign", "signed", "an override of {it:a request}"),
        "override.withdraw": ("withdraw", "withdrew", "an override of {it:a request}"),
        "organisation.rename": ("rename", "renamed", "an organisation to {after:another name}"),
        "owner.assign": ("name", "named", "{person:somebody} an owner in {place}"),
        "owner.remove": ("take", "took", "ownership in {place} from {person:somebody}"),
        "own_password.confirm": ("confirm", "confirmed", "that {person:somebody} chose their own password"),
        "pack.download": ("take", "took", "the evidence of {it:a decision} away"),
        "pack.make": ("put", "put", "the evidence of {it:a decision} together"),
        "pack.request": ("ask", "asked", "for the evidence of {it:a decision}"),
        "person.add": ("add", "added", "the account of {person:a person}"),
        "person.change": ("change", "changed", "the account of {person:a person}"),
        "person.connect": ("connect", "connected", "a single sign-on with {person:an account}"),
        "person.password": ("change", "changed", "their password"),
        "pilot.end": ("end", "ended", "the pilot {place}"),
        "pilot.name": ("make", "made", "{place} a pilot"),
        "policy.propose": ("propose", "proposed", "an approval policy for {risk:some} risk in {place}"),
        "policy.publish": ("publish", "published", "an approval policy for {risk:some} risk in {place}"),
        "policy.simulate": ("try", "tried", "an approval policy of {place} on past requests"),
        "policy_version.propose": ("propose", "proposed", "{what:a policy} of {place}"),
        "policy_version.publish": ("publish", "published", "{what:a policy} of {place}"),
        "policy_version.simulate": ("try", "tried", "{what:a policy} of {place} on the past"),
        "quality.gate": ("find", "found", "the quality gate of {place} in another state: {state}"),
        "retention.ask": ("ask", "asked", "for another retention"),
        "retention.begin": ("begin", "began", "a run of retention"),
        "retention.confirm": ("sign", "signed", "another retention"),
        "retention.run": ("delete", "deleted", "what was kept for long enough"),
        "retention.withdraw": ("withdraw", "withdrew", "another retention"),
        "role.assign": ("make", "made", "{person:somebody} {role} of {place}"),
        "role.remove": ("take", "took", "the role {role} in {place} from {person:somebody}"),
        "rung.end": ("end", "ended", "a rung of {place}"),
        "rung.grant": ("open", "opened", "a rung of {place}"),
        "scope.create": ("add", "added", "{place}"),
        "second_factor.add": ("set up", "set up", "an authenticator app"),
        "second_factor.recovery": ("use", "used", "a recovery code"),
        "second_factor.remove": ("remove", "removed", "an authenticator app"),
        "second_factor.renew_codes": ("renew", "renewed", "recovery codes"),
        "session.end": ("end", "ended", "other sessions of theirs"),
        "sign_in.confirmed": ("show", "showed", "again that it is them"),
        "sign_in.done": ("sign in", "signed in", ""),
        "sign_in.ended": ("sign out", "signed out", ""),
        "sign_in.failed": ("sign in", "failed to sign in", ""),
        "sign_in.locked": ("sign in", "was locked out", ""),
        "suspension.explain": ("say", "said", "why generation is suspended in {place}"),
        "suspension.vote": ("vote", "voted", "on resuming generation in {place}"),
        "token.issue": ("issue", "issued", "an API token"),
        "token.revoke": ("revoke", "revoked", "a token"),
        "token.sign_in": ("sign in", "signed in", "for a token"),
    }
)
