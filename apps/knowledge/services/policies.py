"""Let code rules count for a repository, and hold changes against them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from apps.governance.models import PolicyVersion, User
from apps.knowledge.engine.policy import PolicyContent, policy_check
from apps.knowledge.gateways.library import patterns
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.types import Package, PolicyFinding
from apps.repositories.models import Repository

Listener = Callable[[Repository, User | None], None]

_listeners: list[Listener] = []


def policy_changed_register(listener: Listener) -> None:
    """Have *listener* called when rules begin to count, in that transaction, with the repository and who published."""
    if listener not in _listeners:
        _listeners.append(listener)


def policy_count(version: PolicyVersion) -> RepositoryPolicy:
    """Let the published *version* count for its repository, in the transaction in which it was published."""
    repository = Repository.objects.get(scope=version.scope)
    policy = RepositoryPolicy.objects.create(
        repository=repository,
        version=version.number,
        content=version.content,
        content_digest=version.content_digest,
        reason=version.reason,
        written_by=version.proposed_by,
    )
    for listener in _listeners:
        listener(repository, version.published_by)
    return policy


def policy_findings(
    policy: RepositoryPolicy,
    *,
    changed: Mapping[str, str],
    own: Mapping[str, Collection[int]],
    tree: Mapping[str, str],
    packages: Sequence[Package],
) -> list[PolicyFinding]:
    """Return where a change does not keep *policy*; see :func:`policy_check`. Nothing is run."""
    content = PolicyContent.from_json(policy.content)
    return policy_check(content, patterns(), changed=changed, own=own, tree=tree, packages=packages)


def policy_patterns_about(policy: RepositoryPolicy, paths: Collection[str]) -> list[str]:
    """Return the patterns that *policy* forbids, or requires in a file of *paths*; none where there are no paths."""
    content = PolicyContent.from_json(policy.content)
    if not paths:
        return []
    required = [one.pattern for one in content.required_patterns if any(fnmatchcase(path, one.paths) for path in paths)]
    return [*content.forbidden_patterns, *required]
