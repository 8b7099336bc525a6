"""Who may sit where: one person a seat, one seat a person, alternates only while the holders are out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from apps.governance.engine.decisions.model import Member, Policy, Roster, Seat, person_behind
from apps.governance.engine.permissions import VOTELESS, Action, allowed


class Seating:
    """
    The accounts of a roster under one policy, as natural persons.

    What bars one account of a person bars all of them: a hand in the subject, a recusal, a role that never votes.
    """

    def __init__(
        self, policy: Policy, roster: Roster, barred: Mapping[int, str], recused: Collection[int] = frozenset()
    ) -> None:
        self.policy = policy
        self.people = roster.people()
        self.by_id = {member.user_id: member for member in roster.members}
        self.recused = {self.person(account) for account in recused}
        out = {self.person(account) for account in barred} | self.recused
        out |= {self.person(one.user_id) for one in roster.members if not VOTELESS.isdisjoint(one.roles)}
        self.out = out
        self.eligible = [member for member in roster.members if self._may(member, policy.votes)]

    def person(self, user_id: int) -> str:
        """Return the natural person behind an account."""
        return person_behind(self.people, user_id)

    def may_block(self, member: Member, present: Collection[int]) -> bool:
        """Return whether *member* can veto: by role, or from a seat that has one; *present* are accounts that spoke."""
        if self.policy.blocks is not None and self._may(member, self.policy.blocks):
            return True
        return self._may(member, self.policy.votes) and any(
            self._fits(member, seat, self._is_vacated(seat, present)) for seat in self.policy.seats if seat.has_veto
        )

    def assign(self, members: Iterable[Member], present: Collection[int]) -> dict[int, Member]:
        """
        Return a largest assignment of *members* to seats (by position), nobody's person twice.

        *present* are the accounts that said something: an absence of theirs opens no seat to alternates. Augmenting
        paths (Kuhn, 1955): whoever comes first in *members* keeps a seat while the later ones are placed.
        """
        groups: dict[str, list[Member]] = {}
        for member in members:
            groups.setdefault(self.person(member.user_id), []).append(member)
        seats = self.policy.seats
        vacated = [self._is_vacated(seat, present) for seat in seats]
        fitting = [
            {
                at: member
                for member in reversed(accounts)
                for at, seat in enumerate(seats)
                if self._fits(member, seat, vacated[at])
            }
            for accounts in groups.values()
        ]
        taken = _largest(len(seats), fitting)
        return {at: fitting[group][at] for at, group in sorted(taken.items())}

    def _may(self, member: Member, action: Action) -> bool:
        return (
            member.is_human
            and member.is_active
            and self.person(member.user_id) not in self.out
            and allowed(member.roles, action)
        )

    def _is_vacated(self, seat: Seat, present: Collection[int]) -> bool:
        """Return whether every holder is out: recused, absent, barred, inactive or no longer on the roster."""
        return bool(seat.alternates) and not any(self._is_in(holder, seat, present) for holder in seat.holders)

    def _is_in(self, holder: int, seat: Seat, present: Collection[int]) -> bool:
        member = self.by_id.get(holder)
        if member is None or not self._may(member, self.policy.votes) or not _qualifies(member, seat):
            return False
        return not member.is_absent or member.user_id in present

    def _fits(self, member: Member, seat: Seat, is_vacated: bool) -> bool:
        if seat.holders and member.user_id not in seat.holders:
            return is_vacated and member.user_id in seat.alternates and _qualifies(member, seat)
        return _qualifies(member, seat)


def _qualifies(member: Member, seat: Seat) -> bool:
    return (not seat.is_owner or member.is_owner) and (seat.also is None or seat.also in member.roles)


def _largest(seats: int, fitting: Sequence[Mapping[int, Member]]) -> dict[int, int]:
    """Return a largest matching of groups to seats: the group in each seat that is taken."""
    taken: dict[int, int] = {}

    def place(group: int, tried: set[int]) -> bool:
        for seat in range(seats):
            if seat in tried or seat not in fitting[group]:
                continue
            tried.add(seat)
            if seat not in taken or place(taken[seat], tried):
                taken[seat] = group
                return True
        return False

    for group in range(len(fitting)):
        place(group, set())
    return taken


def shortfall(policy: Policy, roster: Roster, barred: Mapping[int, str]) -> tuple[Seat, ...]:
    """
    Return the seats that nobody could fill, even if everyone eligible approved; empty when the policy can be met.

    It can be met while as many seats as must approve, and as must be present, can be filled.
    """
    seating = Seating(policy, roster, barred)
    taken = seating.assign(seating.eligible, ())
    if len(taken) >= max(policy.needed, policy.quorum):
        return ()
    return tuple(seat for at, seat in enumerate(policy.seats) if at not in taken)


def approvers(policy: Policy, roster: Roster, barred: Mapping[int, str]) -> int:
    """Return how many people could fill some seat."""
    seating = Seating(policy, roster, barred)
    return len({seating.person(member.user_id) for member in seating.eligible})


def is_satisfiable(policy: Policy, roster: Roster, barred: Mapping[int, str]) -> bool:
    """Return whether the people on *roster* could ever approve under *policy*."""
    return not shortfall(policy, roster, barred)
