"""The Python code of a commit that pages are written of."""

from __future__ import annotations

from collections.abc import Mapping

from apps.checks.services import is_test_path
from apps.repositories.models import Repository
from apps.repositories.selectors import files_at


def python_at(repository: Repository, sha: str) -> Mapping[str, str]:
    """Return the Python files of a commit besides its tests, by path."""
    contents = files_at(repository, sha)
    return {
        path: content.decode(errors="replace")
        for path, content in contents.items()
        if path.isprintable() and not is_test_path(path)
    }
