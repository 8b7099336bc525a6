"""The benchmark of retrieval hides what it asks for, and prints all that it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.repositories.models import Repository
from apps.repositories.services import revision_index, revision_record
from bench.context import answers, interval, questions, table
from tests.git import git
from tests.shop import code, home, repository, scope

__all__ = ["code", "home", "repository", "scope"]


@pytest.mark.django_db
def test_a_caller_is_asked_for_without_being_an_answer(repository: Repository, code: Path) -> None:
    index = revision_index(revision=revision_record(repository=repository, sha=git(code, "rev-parse", "main")))
    (asked,) = questions(index)
    assert asked.text.startswith("def with_discount(price: str, percent: int) -> int")
    found, seconds = answers(index, [asked])
    assert found["fused"] == [list(asked.callees)]
    assert found["meaning"] == [list(asked.callees)]
    assert asked.caller not in found["words"][0]
    assert len(seconds) == 1


def test_every_figure_is_printed() -> None:
    one = interval([0.0, 1.0, 1.0], seed=1)
    figures = {
        "symbols": 3,
        "files": 2,
        "commit": "a" * 40,
        "index_s": 1.0,
        "callers": 3,
        "callers_known": 5,
        "calls": 7,
        "recall_at_10": {"fused": one, "meaning": one, "words": one},
        "fused_minus": {"meaning": one, "words": one},
        "query_ms": {"median": 12.5, "p95": 20.0},
    }
    printed = table(figures)
    assert "fused                          66.7%" in printed
    assert "3 of 5 callers, hidden one at a time; 7 calls to find" in printed
    assert "median 12.5 ms, 95 % within 20.0 ms" in printed
