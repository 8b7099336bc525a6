"""Reads for the docs pages and the API. Whoever may read a repository may read its documentation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from apps.core.errors import NotFound
from apps.docs.models import DocumentationArtifact
from apps.governance.models import User
from apps.governance.selectors import readable_scopes
from apps.repositories.models import Repository


@dataclass(frozen=True)
class RepositoryDocs:
    """A repository and its newest page, if it has one."""

    repository: Repository
    page: DocumentationArtifact | None

    @property
    def state(self) -> str:
        """Return how the page stood to the code when it was last checked; ``unknown`` when it never was."""
        return page_state(self.page) if self.page else "none"

    @property
    def documented(self) -> int:
        return sum(citation["is_documented"] for citation in self.page.source.citations) if self.page else 0


def page_state(page: DocumentationArtifact) -> str:
    """Return how *page* stood to the code when it was last checked."""
    validation = page.source.validation
    return validation["state"] if validation else "unknown"


def pages_newest(repositories: Collection[Repository]) -> list[RepositoryDocs]:
    """Return each of the repositories, which the caller may read, with its newest page; one query."""
    newest = (
        DocumentationArtifact.objects.filter(source__revision__repository__in=repositories)
        .select_related("source__revision")
        .defer("generated_content")
        .order_by("source__revision__repository", "-last_updated", "id")
        .distinct("source__revision__repository")
    )
    page_of = {page.source.revision.repository_id: page for page in newest}
    return [RepositoryDocs(repository, page_of.get(repository.pk)) for repository in repositories]


def page_get(*, user: User, page_id: UUID) -> DocumentationArtifact:
    """
    Return one page, with its repository.

    :raises NotFound: there is none that *user* may read.
    """
    found = (
        DocumentationArtifact.objects.filter(pk=page_id, source__revision__repository__scope__in=readable_scopes(user))
        .select_related("source__revision__repository__scope")
        .first()
    )
    if found is None:
        raise NotFound("There is no such page.")
    return found
