"""The code rules of a repository as a policy in versions: what they would have refused, and how they come to count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from apps.governance.models import PolicyVersion, Scope, User
from apps.governance.policy_kinds import Content, PolicyKind, Trial, hits_of
from apps.governance.selectors import scopes_where
from apps.governance.services import PolicyInvalid
from apps.governance.types import Action
from apps.knowledge.engine.antipatterns import ANTIPATTERNS
from apps.knowledge.engine.policy import PolicyContent, policy_problems, policy_rules, rule_broken
from apps.knowledge.forms import CodeRulesForm
from apps.knowledge.gateways.library import patterns
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.services.policies import policy_count
from apps.knowledge.types import PastCandidate
from apps.repositories.models import Repository

MOST_PAST = 500
UNREAD = "not known, since patterns are not read in its language"
LOST = "not known, since its commit cannot be read any more"
LIMITS = (
    "Candidates were written under the rules of then. Under others the models might have been told, and have written "
    "something else.",
    "Distributions and licences are those that this installation knows today.",
    "Two people may override the gate; whether they would have is not known.",
)


class PastOf(Protocol):
    """The candidates of the past, held against rules."""

    def __call__(self, policy: RepositoryPolicy, *, since: datetime, limit: int) -> Iterator[PastCandidate]:
        """Return at most *limit* of them for the repository of *policy*, newest first."""


_past: list[PastOf] = []


def past_candidates_register(source: PastOf) -> None:
    """Let rules be tried on the candidates of *source*; whoever keeps them lives above, and calls this at the start."""
    if source not in _past:
        _past.append(source)


class CodeRules(PolicyKind):
    """What a repository asks of code."""

    kind = str(PolicyVersion.Kind.CODE_RULES)
    slug = "code-rules"
    title = "Code rules"
    noun = "the code rules"
    about = "What a repository asks of generated code: patterns, distributions and licences."
    effect = "It counts at once. What waits for reviewers is held against it again, and cannot be approved before that."
    managers = "A quality lead or the chair of the committee does."
    action = Action.THRESHOLD_EDIT
    form = CodeRulesForm
    is_code = True

    def places(self, user: User) -> QuerySet[Scope]:
        return scopes_where(user, self.action).filter(pk__in=Repository.objects.values("scope"))

    def hints(self) -> dict[str, list[str]]:
        return {
            "Names of patterns": [one.slug for one in patterns()],
            "Names of anti-patterns": [one.slug for one in ANTIPATTERNS],
        }

    def starting(self, scope: Scope | None) -> Content:
        last = RepositoryPolicy.objects.filter(repository__scope=scope).order_by("-version").first()
        return dict(last.content) if last else PolicyContent().as_json()

    def lines(self, content: Mapping[str, Any]) -> list[str]:
        return [str(rule) for rule in policy_rules(PolicyContent.from_json(content))]

    def check(self, version: PolicyVersion) -> None:
        if not Repository.objects.filter(scope=version.scope).exists():
            raise PolicyInvalid("There is no repository here.", remedy="Choose a repository that is registered.")
        problems = policy_problems(PolicyContent.from_json(version.content), patterns())
        if problems:
            raise PolicyInvalid(" ".join(one.message for one in problems), remedy="Put that right.")

    def last_number(self, version: PolicyVersion) -> int:
        versions = RepositoryPolicy.objects.filter(repository__scope=version.scope).order_by("-version")
        return versions.values_list("version", flat=True).first() or 0

    def trial(self, version: PolicyVersion, *, since: datetime) -> Trial:
        rules = policy_rules(PolicyContent.from_json(version.content))
        refused: dict[str, list[str]] = {f"Rule {rule.number}, {rule}": [] for rule in rules}
        refused |= {UNREAD: [], LOST: []}
        seen, stopped, is_cut = 0, 0, False
        for one in self._past(version, since):
            if seen == MOST_PAST:
                is_cut = True
                break
            seen += 1
            stopped += bool(one.findings or one.is_unread)
            for finding, subject in one.findings:
                rule = rule_broken(rules, finding, subject)
                refused[f"Rule {rule.number}, {rule}"].append(one.id)
            if one.is_unread or one.is_lost:
                refused[UNREAD if one.is_unread else LOST].append(one.id)
        return Trial(
            things="candidates",
            outcome="would have been refused",
            seen=seen,
            stopped=stopped,
            hits=hits_of({rule: ids for rule, ids in refused.items() if ids}),
            limits=LIMITS,
            is_cut=is_cut,
        )

    def enforce(self, version: PolicyVersion) -> None:
        """Write the row that candidates are held to; the database takes no other."""
        policy_count(version)

    def _past(self, version: PolicyVersion, since: datetime) -> Iterator[PastCandidate]:
        repository = Repository.objects.get(scope=version.scope)
        policy = RepositoryPolicy(repository=repository, version=version.number, content=version.content)
        for source in _past:
            yield from source(policy, since=since, limit=MOST_PAST + 1)
