"""What the button that submits a specification will do, before it is pressed."""

from __future__ import annotations

from dataclasses import dataclass

from apps.generation.models import SpecificationDraft
from apps.generation.selectors_outlook import (
    REQUESTER,
    Approval,
    Asked,
    Estimate,
    approval_of,
    budgets_words,
    estimate_of,
    providers_asked,
)
from apps.generation.services.planning import Plan, submission_plan
from apps.governance.models import User
from apps.governance.selectors.policies import policy_in, policy_ruling
from apps.governance.services import approval_require_possible
from apps.repositories.models import Repository


@dataclass(frozen=True)
class Prospect:
    """Who will be asked, what it may cost, who has to approve, how long it may take, and where the code goes."""

    plan: Plan
    asked: list[Asked]
    left_out: list[tuple[str, str]]
    budgets: list[str]
    approval: Approval
    estimate: Estimate

    @property
    def is_new(self) -> bool:
        """Whether the file that the code goes to is not there yet."""
        return self.plan.path not in self.plan.files

    @property
    def answers(self) -> int:
        """How many answers are asked for at once."""
        return sum(one.samples for one in self.asked)


def submission_prospect(
    *, requester: User, repository: Repository, draft: SpecificationDraft, is_consistent: bool = False
) -> Prospect:
    """
    Return what ``request_submit`` would begin for *draft*; it refuses what that refuses, and writes nothing.

    :raises NotAllowed: the requester may not submit specifications for the repository.
    :raises GenerationRefused: generation is suspended there, or no rung of the ladder opens it.
    :raises SpecificationRefused: the text breaks a rule, or asks for a language that cannot be generated, or run.
    :raises Unsatisfiable: nobody could ever approve it.
    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    plan = submission_plan(
        requester=requester,
        repository=repository,
        title=draft.title,
        text=draft.text,
        target_path=draft.target_path,
        is_consistent=is_consistent,
    )
    approval_require_possible(
        policy=policy_in(policy_ruling(repository.scope, plan.tier), plan.tier),
        scope=repository.scope,
        barred={requester.pk: REQUESTER},
        path=plan.path,
    )
    asked, left_out = providers_asked(repository.scope, plan.leave, plan.task_class)
    return Prospect(
        plan=plan,
        asked=asked,
        left_out=left_out,
        budgets=budgets_words(repository),
        approval=approval_of(repository, requester, tier=plan.tier, path=plan.path),
        estimate=estimate_of(repository),
    )
