"""Why something about patterns and policies is refused."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.errors import Conflict, NofxError
from apps.knowledge.engine.policy import PolicyProblem


class PolicyInvalid(NofxError):
    """A policy names what there is not, or contradicts itself; ``problems`` say where."""

    code = "policy.invalid"
    status = 422

    def __init__(self, problems: Sequence[PolicyProblem]) -> None:
        super().__init__(" ".join(one.message for one in problems), remedy="Put that right and save it again.")
        self.problems = tuple(problems)


class PolicyChanged(Conflict):
    """Somebody saved another version since this one was begun."""

    code = "policy.changed"
