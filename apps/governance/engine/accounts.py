"""How an account stands in a sentence that is kept for ever: by its number, until somebody reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_KEPT = re.compile(r"\[account ([1-9][0-9]{0,17})\]")


def account_kept(user_id: int) -> str:
    """Return what stands for an account where its name must not, since an erasure could not take it away."""
    return f"[account {user_id}]"


def words_kept(text: str) -> str:
    """Return what somebody wrote, with no number in it that is read as an account's, and gives its name away."""
    return _KEPT.sub(r"(account \1)", text)


def accounts_in(text: str) -> set[int]:
    """Return the accounts that *text* names by number."""
    return {int(number) for number in _KEPT.findall(text)}


def accounts_told(text: str, names: Mapping[int, str]) -> str:
    """Return *text* with *names* in place of numbers; an account without a name keeps its number."""
    return _KEPT.sub(lambda found: names.get(int(found[1]), found[0]), text)
