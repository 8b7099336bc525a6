"""
Whether a request is worth further answers, and of which kind: spending follows need.

Easy requests end with their first answers. Where nobody meets the person's examples, each model is shown what its own
best program did with them and corrects it (Chen et al., Teaching Large Language Models to Self-Debug, ICLR 2024).
Beside that, and where those that meet them disagree, fresh answers are asked for, since corrections alone are no better
than they (Olausson et al., Is Self-Repair a Silver Bullet for Code Generation?, ICLR 2024).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# One program that meets the examples is not enough: nobody can agree with it.
ENOUGH_VOTERS = 2
# Against somebody who meets them as well and does something else, two are a coincidence too easily.
ENOUGH_AGAINST = 3


@dataclass(frozen=True, slots=True)
class Tried:
    """
    A program that was run.

    ``author`` is the provider that can be asked about it, None where there is none to ask. ``behaviour`` is equal for
    programs that nobody could tell apart; ``voters`` counts its author and those who wrote the same. ``was_shown`` says
    that its author has already been shown how it fails.
    """

    id: str
    author: str | None
    passed: int
    examples: int
    behaviour: str
    voters: int = 1
    was_shown: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """One further answer of a provider: the correction of its own program ``repairs``, with None a fresh one."""

    provider: str
    repairs: str | None = None


def further_answers(tried: Sequence[Tried], room: Mapping[str, int]) -> list[Wish]:
    """
    Return what to ask for next; nothing where what was tried convinces or nobody has room.

    :param room: by provider, how many further answers may be asked of it in all; each round takes at most two.
    """
    if is_convincing(tried):
        return []
    wishes: list[Wish] = []
    is_met = any(_is_whole(one) for one in tried)
    for provider in sorted(room):
        failing = None if is_met else _best_failing(tried, provider)
        wanted = [Wish(provider, failing), Wish(provider)] if failing else [Wish(provider), Wish(provider)]
        wishes += wanted[: max(0, room[provider])]
    return wishes


def is_convincing(tried: Sequence[Tried]) -> bool:
    """
    Whether those who meet every example agree: two or more of them with nobody against, else three and more than half.
    """
    voters: dict[str, int] = {}
    for one in tried:
        if _is_whole(one):
            voters[one.behaviour] = voters.get(one.behaviour, 0) + one.voters
    most = max(voters.values(), default=0)
    total = sum(voters.values())
    return most >= (ENOUGH_VOTERS if most == total else ENOUGH_AGAINST) and 2 * most > total


def _is_whole(one: Tried) -> bool:
    return one.passed == one.examples


def _best_failing(tried: Sequence[Tried], provider: str) -> str | None:
    own = [one for one in tried if one.author == provider and not _is_whole(one) and not one.was_shown]
    best = min(own, key=lambda one: (-one.passed, one.id), default=None)
    return best.id if best else None
