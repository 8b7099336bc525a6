"""The pattern library as a provider."""

from __future__ import annotations

import pytest

from apps.knowledge.builtin import Patterns
from apps.providers.types import Cancelled, CodeTask, ProviderRefused


def ask(text, *, sample=0, cancelled=lambda: False, **fields):
    task = CodeTask(**{"title": "", "text": text, **fields})
    return Patterns("patterns").generate(task, sample=sample, seed=1, cancelled=cancelled)


def test_the_pattern_comes_under_the_name_that_was_asked_for():
    answer = ask("Turn a title into a slug for a URL, words joined by dashes.", entry="make_slug")
    assert "def make_slug(" in answer.text
    assert answer.model_id.startswith("patterns/")
    assert answer.cost == 0


def test_another_sample_is_another_pattern_or_an_honest_no():
    text = "Retry with exponential backoff, a cache with a limit, a rate limiter, pagination."
    answers = []
    with pytest.raises(ProviderRefused, match=r"pattern library has only|pattern library has no"):
        for sample in range(50):
            answers.append(ask(text, sample=sample).model_id)
    assert len(answers) == len(set(answers)) >= 2


def test_a_task_the_library_knows_nothing_about_is_refused():
    with pytest.raises(ProviderRefused, match="has no pattern for this"):
        ask("Zzyzx qwfp.")


def test_only_python_is_offered():
    with pytest.raises(ProviderRefused, match="Python only"):
        ask("slug", language="go")


def test_a_call_that_was_stopped_does_nothing():
    with pytest.raises(Cancelled):
        ask("slug", cancelled=lambda: True)
