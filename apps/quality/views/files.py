"""Choosing a file of a repository on a tab, and saying what is wrong with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from apps.checks.services import is_test_path
from apps.checks.types import Unparsable
from apps.core.errors import NofxError
from apps.core.htmx import HtmxRequest, notify
from apps.quality.forms import FileForm
from apps.quality.selectors import python_paths
from apps.quality.services import code_load
from apps.quality.types import Code, InputInvalid, NothingToMeasure
from apps.repositories.models import Repository
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable

# What is wrong with a file that was chosen; the tab says it.
REFUSALS = (InputInvalid, NothingToMeasure, Unparsable)


def file_chosen(request: HtmxRequest, repository: Repository, *, with_tests: bool = True) -> Code:
    """
    Return the file that the form names.

    :raises InputInvalid: the newest commit has no such Python file.
    """
    form = FileForm(request.POST, paths=_paths(repository, with_tests=with_tests))
    if not form.is_valid():
        raise InputInvalid("Choose one of the files.")
    return code_load(repository=repository, path=form.cleaned_data["path"])


def refused(request: HtmxRequest, name: str, tab: str, problem: NofxError) -> HttpResponse:
    return notify(request, redirect(f"quality:{tab}", name=name), str(problem), level="error")


def file_form(repository: Repository, *, with_tests: bool = True) -> dict[str, Any]:
    """Return the form to choose a file with; or why there is none."""
    try:
        paths = _paths(repository, with_tests=with_tests)
    except (RepositoryEmpty, RepositoryUnavailable) as problem:
        return {"form": None, "problem": problem}
    return {"form": FileForm(paths=paths) if paths else None, "problem": None}


def _paths(repository: Repository, *, with_tests: bool) -> list[str]:
    return [path for path in python_paths(repository) if with_tests or not is_test_path(path)]
