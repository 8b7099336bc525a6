"""When a person is sent an e-mail about something, and when one more would be too many."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Why somebody is told something."""

    YOUR_TURN = "your_turn"
    REQUEST_ENDED = "request_ended"
    REVIEW_ENDED = "review_ended"
    GATE_CHANGED = "gate_changed"
    SCOPE_SUSPENDED = "scope_suspended"
    REQUEST_MOVED = "request_moved"
    ENDS_SOON = "ends_soon"
    RULES_CHANGED = "rules_changed"
    PLATFORM = "platform"


class Wish(StrEnum):
    """When somebody wants an e-mail about a kind of news."""

    NOW = "now"
    DIGEST = "digest"
    NEVER = "never"


class MailState(StrEnum):
    """Where the e-mail about one subject stands."""

    NONE = "none"
    DUE = "due"
    DIGEST = "digest"
    SENT = "sent"


IMMEDIATE = frozenset({Kind.YOUR_TURN, Kind.REQUEST_ENDED, Kind.REVIEW_ENDED, Kind.GATE_CHANGED, Kind.SCOPE_SUSPENDED})


def default_wish(kind: Kind) -> Wish:
    """Return what holds for somebody who chose nothing."""
    return Wish.NOW if kind in IMMEDIATE else Wish.DIGEST


def mail_after(*, held: MailState, held_kind: Kind | None, was_read: bool, kind: Kind, wish: Wish) -> MailState:
    """
    Return where the e-mail stands after news of *kind* about a subject.

    *held* is where it stood, *held_kind* what the person was told last (None: nothing yet). One e-mail that is still
    unread stands for all later news of its kind; what is to be sent at once is never put off by later news.
    """
    if held is MailState.DUE:
        return MailState.DUE
    if wish is Wish.NEVER:
        return held if held is MailState.DIGEST else MailState.NONE
    if wish is Wish.DIGEST:
        return MailState.DIGEST
    is_told = held is MailState.SENT and not was_read and kind is held_kind
    return MailState.SENT if is_told else MailState.DUE
