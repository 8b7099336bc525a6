"""Which repository a person looked at last; kept in their session, so each browser has its own."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from apps.repositories.models import Repository
from apps.repositories.selectors import LAST_SEEN_KEY


def repository_seen(*, session: MutableMapping[str, Any], repository: Repository) -> None:
    """Remember in *session* that its person looks at *repository*; they may read it. Written when it changed."""
    if session.get(LAST_SEEN_KEY) != repository.name:
        session[LAST_SEEN_KEY] = repository.name
