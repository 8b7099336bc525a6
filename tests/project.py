"""The shop of ``tests/people.py`` as a git repository; which files it begins with is the fixture ``files``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from apps.governance.models import Scope
from apps.repositories.models import Repository, Revision
from apps.repositories.selectors import head_sha
from apps.repositories.services import revision_record
from tests.git import commit as commit_files
from tests.git import shop_begin


def newest(repository: Repository) -> Revision:
    """Return the newest commit of the default branch."""
    return revision_record(repository=repository, sha=head_sha(repository))


@pytest.fixture
def commit(tmp_path: Path) -> Callable[..., str]:
    """Write files (None removes one) into the shop and commit them; returns the commit."""
    return partial(commit_files, tmp_path / "shop")


@pytest.fixture
def repository(
    scope: Scope, files: Mapping[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Repository:
    path = shop_begin(tmp_path, files, run=tmp_path_factory.getbasetemp())
    return Repository.objects.create(scope=scope, name="shop", path=str(path))
