"""Write the policy of a repository, and hold changes against it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from django.db import transaction

from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NofxError
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed, audit_record
from apps.governance.types import Action
from apps.knowledge.engine.policy import PolicyContent, policy_check, policy_problems, policy_read
from apps.knowledge.errors import PolicyChanged, PolicyInvalid
from apps.knowledge.gateways.library import patterns
from apps.knowledge.models import RepositoryPolicy
from apps.knowledge.selectors import policy_current
from apps.knowledge.types import Package, PolicyFinding
from apps.repositories.models import Repository

Listener = Callable[[Repository, User], None]

_listeners: list[Listener] = []


def policy_changed_register(listener: Listener) -> None:
    """Have *listener* called whenever a policy was saved, in that transaction, with the repository and who saved it."""
    if listener not in _listeners:
        _listeners.append(listener)


@transaction.atomic
def policy_save(
    *, repository: Repository, actor: User, lists: Mapping[str, Sequence[str]], seen_version: int, reason: str
) -> RepositoryPolicy:
    """
    Save the next version of the policy of *repository*; one that is the same as the last is not written again.

    :param lists: the entries of each list; see :func:`policy_read`.
    :param seen_version: the version that the person began with, 0 for none.
    :raises NotAllowed: the actor does not edit thresholds and policies here.
    :raises NofxError: there is no reason.
    :raises PolicyChanged: somebody saved another version meanwhile.
    :raises PolicyInvalid: it names an unknown pattern or licence, or contradicts itself.
    """
    if not can(actor, Action.THRESHOLD_EDIT, repository.scope) or actor.is_service:
        raise NotAllowed(
            "Your role does not edit the code rules of this repository.",
            remedy="Ask a quality lead or the chair.",
            denial=Denial("policy.save", "repository", str(repository.pk), repository.scope_id),
        )
    if not reason.strip():
        raise NofxError("Say why the rules are changed.", remedy="One sentence is enough.")
    Repository.objects.select_for_update().get(pk=repository.pk)
    last = policy_current(repository)
    if (last.version if last else 0) != seen_version:
        raise PolicyChanged(
            "Somebody saved another version of this policy meanwhile.",
            remedy="Look at it below, and save yours again if it is still wanted.",
        )
    content = policy_read(lists)
    if problems := policy_problems(content, patterns()):
        raise PolicyInvalid(problems)
    digest = sha256_hex(canonical_json(content.as_json()))
    if last is not None and last.content_digest == digest:
        return last
    policy = RepositoryPolicy.objects.create(
        repository=repository,
        version=seen_version + 1,
        content=content.as_json(),
        content_digest=digest,
        reason=reason.strip(),
        written_by=actor,
    )
    policy.refresh_from_db(fields=["written_at"])
    for listener in _listeners:
        listener(repository, actor)
    audit_record(
        action="policy.save",
        object_kind="repository",
        object_id=repository.pk,
        actor=actor,
        scope=repository.scope,
        before_digest=last.content_digest if last else "",
        after_digest=digest,
        reason=policy.reason,
        detail={"version": policy.version},
    )
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
