"""By what registered code is known, so that the same code is found in another clone."""

from __future__ import annotations

from pathlib import Path

from apps.governance.models import Organisation
from apps.governance.services import code_identify, pilot_require_possible
from apps.repositories.engine.addresses import address_of
from apps.repositories.gateways import git
from apps.repositories.models import Repository


def identities_of(path: Path, *, branch: str) -> list[str]:
    """
    Return the first commits of *branch* in the repository at *path*, its addresses and its own place.

    History that was rewritten from its first commit, and has no address in common, is other code.
    """
    addresses = {address_of(url, folder=str(path)) for url in (*git.remote_addresses(path), str(path))}
    return sorted(
        [f"commit {sha}" for sha in git.first_commits(path, branch)] + [f"address {one}" for one in addresses if one]
    )


def repository_identify(repository: Repository) -> None:
    """Add to what the code of *repository* is known by what git says of it now."""
    identities = identities_of(Path(repository.path), branch=repository.default_branch)
    code_identify(scope=repository.scope, identities=identities)


def clone_require_new(*, path: Path, branch: str, organisation: Organisation) -> None:
    """
    Refuse the repository at *path* as a pilot of *organisation* while the same code is suspended elsewhere.

    Registered repositories of which it is not written down by what they are known are looked at first; one whose clone
    is gone cannot be.

    :raises LadderInvalid: it is, with what is suspended and who resumes it.
    """
    for repository in Repository.objects.filter(scope__identities=[]).select_related("scope"):
        if Path(repository.path).is_dir():
            repository_identify(repository)
    pilot_require_possible(organisation=organisation, identities=identities_of(path, branch=branch))
