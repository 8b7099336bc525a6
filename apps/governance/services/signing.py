"""Who signs for records, first and second; the same for retention, holds and erasures."""

from __future__ import annotations

from apps.governance.errors import Denial, NotAllowed, NotInteractive, RecordsClosed
from apps.governance.models import User
from apps.governance.selectors.records import records_signer


def require_first(actor: User, denial: Denial, *, is_interactive: bool) -> None:
    """
    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises NotAllowed: the person signs nothing of this first.
    """
    _require_person(is_interactive, denial)
    if not records_signer(actor).may_first:
        raise NotAllowed("Your role does not ask for this.", remedy="An administrator does.", denial=denial)


def require_second(actor: User, first: int, denial: Denial, *, is_interactive: bool) -> None:
    """
    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises NotAllowed: the person does not sign second, or is the one who signed first.
    """
    _require_person(is_interactive, denial)
    if not records_signer(actor).may_second(first):
        raise NotAllowed(
            "The second signature is not yours to give.",
            remedy="The chair signs second, and nobody signs twice, in whichever account.",
            denial=denial,
        )


def require_either(actor: User, denial: Denial, *, is_interactive: bool) -> None:
    """
    :raises NotInteractive: the request came with a token, or the account is a machine's.
    :raises NotAllowed: the person signs neither first nor second.
    """
    _require_person(is_interactive, denial)
    if not records_signer(actor).may_either:
        raise NotAllowed("This is not yours to withdraw.", remedy="An administrator or the chair does.", denial=denial)


def require_open(is_open: bool, denial: Denial) -> None:
    """
    :raises RecordsClosed: it was signed or withdrawn already.
    """
    if not is_open:
        raise RecordsClosed("This waits for nobody.", remedy="Reload the page.", denial=denial)


def _require_person(is_interactive: bool, denial: Denial) -> None:
    if not is_interactive:
        raise NotInteractive("Only people at the page sign.", remedy="Sign in and do it there.", denial=denial)
