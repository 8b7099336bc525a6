"""Whatever a model or a repository holds becomes a candidate or a sentence, never an unexpected error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.generation.engine.outcomes import outcome_from_value
from apps.generation.models import Candidate, CodeGenerationRequest, GenerationRun
from apps.generation.services.candidates import candidate_write
from apps.generation.services.consensus import outcome_stored, outcome_text
from apps.generation.services.drafts import draft_save
from apps.generation.services.languages import SpecificationRefused
from apps.generation.services.pipeline import workspace_open
from apps.governance.models import User
from apps.providers.models import Provider
from tests.generation.test_pipeline import CLAMP
from tests.git import git

pytestmark = pytest.mark.django_db

Submit = Callable[..., CodeGenerationRequest]
DEFINITION = "def clamp(value, low, high):\n    return low\n"


def patch(header: str) -> str:
    return f"```diff\n{header}\n@@ -0,0 +1 @@\n+x = 1\n```"


HOSTILE = {
    "NUL": f"```python\n{DEFINITION}X = '\0'\n```",
    "surrogate": f"```python\n{DEFINITION}X = '\ud800'\n```",
    "long": "x = 1\n" * 200_000,
    "many lines": f"```python\n{DEFINITION}{'x = 1' + chr(10)}" * 20_000,
    "deep": f"```python\n{DEFINITION}X = {'+'.join(['1'] * 2_500)}\n```",
    "brackets": f"```python\n{DEFINITION}X = {'(' * 150}1{')' * 150}\n```",
    "absolute": patch("--- /dev/null\n+++ /etc/passwd.py"),
    "outside": patch("--- a/x.py\n+++ b/a/../../x.py"),
    "rename": patch("diff --git a/x.py b/y.py\nrename from x.py\nrename to y.py\n--- a/x.py\n+++ b/y.py"),
    "binary": "```diff\ndiff --git a/x.py b/x.py\nGIT binary patch\nliteral 1\n@@ -1 +1 @@\n```",
    "quotes": patch('--- /dev/null\n+++ b/a".py'),
    "nothing": "",
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_answer_becomes_a_candidate_or_a_sentence(answer: str, submit: Submit, provider: Provider) -> None:
    request = submit(CLAMP)
    run = GenerationRun.objects.select_related("request", "repository").get(pk=request.pk)
    asked = Candidate.objects.create(request=request, provider=provider, model_id="m", sample_index=0, ordinal=0)
    written = candidate_write(candidate_id=asked.pk, workspace=workspace_open(run), answer=answer, model_id="m\0\ud800")
    written.refresh_from_db()
    assert written.state == Candidate.State.WRITTEN or written.reason.endswith(".")


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        ("shop/latin.py", b"x = '\xe9'\n", "cannot be changed"),
        ("shop/nul.py", b"x = '\0'\n", "cannot be changed"),
        ("shop/money.py/x.py", None, "no folder"),
        ('shop/a".py', None, "cannot be a file"),
        ("-x.py", None, "cannot be a file"),
    ],
)
def test_a_target_that_no_patch_can_write_is_refused(
    path: str, content: bytes | None, sentence: str, submit: Submit, code: Path
) -> None:
    if content is not None:
        (code / path).write_bytes(content)
        git(code, "add", ".")
        git(code, "commit", "--quiet", "-m", "Odd")
    with pytest.raises(SpecificationRefused, match=sentence):
        submit(CLAMP, target_path=path)


def test_a_specification_with_a_nul_is_refused_and_its_draft_is_kept(submit: Submit, engineer: User) -> None:
    with pytest.raises(SpecificationRefused, match="cannot be stored"):
        submit(f"{CLAMP}\0")
    draft = draft_save(author=engineer, title="T\0", text="a\0b").draft
    assert draft is not None
    assert draft.text == "a\\0b"


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.text() | st.text(st.characters(categories=["Cs", "Cc"])) | st.floats() | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
    st.text(),
)
def test_any_outcome_can_be_stored(value: object, error: str) -> None:
    for outcome in (outcome_from_value(value, mutated=(value,)), outcome_from_value(error=error)):
        assert outcome_text(outcome)
        stored = [outcome_stored(outcome)]
        candidate = Candidate(outcomes=stored, reason=outcome_text(outcome))
        text = repr((candidate.outcomes, candidate.reason))
        assert "\0" not in text
        text.encode()
        _require_plain(stored)


def _require_plain(value: object) -> None:
    if isinstance(value, str):
        assert "\0" not in value
        value.encode()
    elif isinstance(value, list):
        for item in value:
            _require_plain(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _require_plain([key, item])
