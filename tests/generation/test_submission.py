"""Submitting: what is frozen, and what is refused with a way on and nothing lost."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, GenerationRun, SpecificationDraft
from apps.generation.services.drafts import draft_save
from apps.generation.services.languages import SpecificationRefused
from apps.governance.models import User
from apps.governance.services import Unsatisfiable
from apps.jobs.models import Job
from apps.repositories.models import Repository
from apps.repositories.types import RepositoryEmpty, RepositoryUnavailable
from tests.generation.test_pipeline import CLAMP
from tests.git import git
from tests.shop import FILES

pytestmark = pytest.mark.django_db

Submit = Callable[..., CodeGenerationRequest]


def test_a_submission_freezes_text_context_and_base(submit: Submit, code: Path) -> None:
    request = submit(CLAMP, title="Keep values in range")
    run = GenerationRun.objects.get(pk=request.pk)
    assert request.status == "queued"
    assert request.specification == CLAMP
    assert run.base_sha == request.context_snapshot["base_sha"] == git(code, "rev-parse", "main")
    assert (run.entry, run.target_path, run.risk_tier) == ("clamp", "shop/clamp.py", "low")
    assert len(run.context_digest) == len(run.specification_digest) == 64
    assert [record.stage for record in run.stages.order_by("id")] == ["analysed", "queued"]
    assert Job.objects.filter(subject_id=request.pk, kind="generation.run").count() == 1


def test_what_is_drawn_by_is_drawn_unless_it_is_named(submit: Submit) -> None:
    drawn = {submit(CLAMP, title=f"Clamp {number}").run.seed for number in range(2)}
    assert len(drawn) == 2
    assert submit(CLAMP, title="Clamp again", seed=7).run.seed == 7


def test_the_embedding_is_stored_with_its_model(submit: Submit) -> None:
    request = CodeGenerationRequest.objects.get(pk=submit(CLAMP).pk)
    assert len(request.specification_embedding) == 1536
    assert (request.run.embedding_model, request.run.embedding_dimensions) == ("all-MiniLM-L6-v2-int8", 384)


def test_a_function_that_exists_is_changed_where_it_stands(submit: Submit) -> None:
    request = submit("Change `def parse_amount(text: str) -> int`.\n\n>>> parse_amount('1.5')\n150\n")
    assert request.run.target_path == "shop/money.py"
    assert request.context_snapshot["target"]["source"] == FILES["shop/money.py"]
    assert request.run.risk_tier == "medium"


def test_a_secret_in_the_repository_stays_out_of_the_context(submit: Submit, code: Path) -> None:
    secret = "sk-proj-" + "a1B2c3D4" * 4
    (code / "shop/money.py").write_text(f'KEY = "{secret}"\n' + FILES["shop/money.py"])
    git(code, "commit", "--quiet", "-am", "Oops")
    request = submit("Change `def parse_amount(text: str) -> int`.\n\n>>> parse_amount('1.5')\n150\n")
    assert secret not in str(request.context_snapshot)
    assert "[secret removed]" in request.context_snapshot["target"]["source"]


@pytest.mark.parametrize(
    ("title", "text", "path", "sentence"),
    [
        ("", CLAMP, "", "no title"),
        ("A title", "  ", "", "is empty"),
        ("A title", "x" * 60_001, "", "60,001 characters"),
        ("A title", CLAMP, "../outside.py", "cannot be a file"),
        ("A title", CLAMP, ".git/hooks/x.py", "cannot be a file"),
    ],
)
def test_what_cannot_be_submitted_is_refused_with_a_way_on(
    submit: Submit, title: str, text: str, path: str, sentence: str
) -> None:
    with pytest.raises(SpecificationRefused, match=sentence) as refusal:
        submit(text, title=title, target_path=path)
    assert refusal.value.remedy
    assert not CodeGenerationRequest.objects.exists()


def test_a_repository_without_a_commit_is_refused(submit: Submit, repository: Repository, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(empty)], check=True)
    repository.path = str(empty)
    repository.save()
    with pytest.raises(RepositoryEmpty, match="no commit on main"):
        submit(CLAMP)


def test_a_repository_that_is_gone_is_refused(submit: Submit, code: Path) -> None:
    shutil.rmtree(code)
    with pytest.raises(RepositoryUnavailable, match="cannot be opened"):
        submit(CLAMP)


def test_what_nobody_could_approve_is_refused_at_once(submit: Submit, owner: User) -> None:
    owner.is_active = False
    owner.save()
    with pytest.raises(Unsatisfiable, match="an owner"):
        submit(CLAMP)


def test_an_engineer_of_another_repository_cannot_submit(repository: Repository, client: Client) -> None:
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    answer = client.post(reverse("generation:spec-submit"), {"title": "T", "text": CLAMP, "repository": "shop"})
    assert answer.status_code == 422
    assert not CodeGenerationRequest.objects.exists()


def test_a_refused_submission_keeps_the_text(repository: Repository, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    answer = client.post(reverse("generation:spec-submit"), {"title": "T", "text": CLAMP, "repository": "shop"})
    assert answer.status_code == 422
    assert b"Nobody could approve this" in answer.content
    assert b"Not submitted yet. Your draft is saved." in answer.content
    assert SpecificationDraft.objects.get(author=engineer).text == CLAMP


def test_a_draft_changed_in_another_tab_is_kept_twice(engineer: User) -> None:
    draft = draft_save(author=engineer, title="T", text="one").draft
    assert draft is not None
    draft_save(author=engineer, title="T", text="two", draft_id=draft.pk, version=1)
    late = draft_save(author=engineer, title="T", text="three", draft_id=draft.pk, version=1)
    assert late.is_copy
    assert set(SpecificationDraft.objects.values_list("text", flat=True)) == {"two", "three"}


def test_an_empty_editor_leaves_no_draft_behind(repository: Repository, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    empty = {"title": " ", "text": " \n", "repository": "shop", "target_path": "shop/x.py"}
    submitted = client.post(reverse("generation:spec-submit"), empty)
    assert submitted.status_code == 422
    assert b"Say what the code must do." in submitted.content
    assert b"Your draft is saved" not in submitted.content
    assert client.post(reverse("generation:spec-save"), empty, HTTP_HX_REQUEST="true").status_code == 200
    saved = client.post(reverse("generation:spec-save"), empty, follow=True)
    assert b"There is nothing to save yet." in saved.content
    assert not SpecificationDraft.objects.exists()


def test_a_draft_that_was_emptied_goes_and_comes_back_with_the_next_word(engineer: User) -> None:
    first = draft_save(author=engineer, title="T", text="one").draft
    assert first is not None
    assert draft_save(author=engineer, title="", text="", draft_id=first.pk, version=1).draft is None
    assert not SpecificationDraft.objects.exists()
    again = draft_save(author=engineer, title="", text="two", draft_id=first.pk, version=1)
    assert again.draft is not None
    assert (again.draft.pk, again.draft.text, again.is_copy) == (first.pk, "two", False)


def test_a_save_whose_answer_was_lost_makes_no_second_draft(engineer: User) -> None:
    chosen = uuid4()
    for line_end in ("\n", "\r\n"):
        assert not draft_save(author=engineer, title="T", text=f"one{line_end}", draft_id=chosen).is_copy
    assert SpecificationDraft.objects.get().pk == chosen


def test_emptying_an_editor_takes_nothing_from_another_tab_or_a_request(submit: Submit, engineer: User) -> None:
    draft = draft_save(author=engineer, title="T", text="one").draft
    assert draft is not None
    draft_save(author=engineer, title="T", text="newer", draft_id=draft.pk, version=1)
    draft_save(author=engineer, title="", text="", draft_id=draft.pk, version=1)
    assert SpecificationDraft.objects.get().text == "newer"
    submit(CLAMP, draft=draft)
    draft_save(author=engineer, title="", text="", draft_id=draft.pk, version=2)
    assert SpecificationDraft.objects.get().text == "newer"


def test_another_persons_draft_is_never_written(engineer: User, owner: User) -> None:
    theirs = draft_save(author=owner, title="T", text="theirs").draft
    assert theirs is not None
    draft_save(author=engineer, title="T", text="mine", draft_id=theirs.pk, version=1)
    draft_save(author=engineer, title="", text="", draft_id=theirs.pk, version=1)
    assert set(SpecificationDraft.objects.values_list("author__username", "text")) == {
        (owner.username, "theirs"),
        (engineer.username, "mine"),
    }


def test_what_is_too_long_to_be_saved_whole_is_said_while_typing_and_shown_again(
    repository: Repository, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    values = {"title": "T", "text": "x" * 200_001, "repository": "shop"}
    typed = client.post(reverse("generation:spec-save"), values, HTTP_HX_REQUEST="true")
    assert b"Only the first 200,000 characters are saved." in typed.content
    submitted = client.post(reverse("generation:spec-submit"), values)
    assert submitted.status_code == 422
    assert b"x" * 200_001 in submitted.content
    assert b'maxlength="200000"' not in submitted.content


def test_what_can_be_done_with_a_draft_comes_with_its_first_save(
    repository: Repository, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    address = reverse("generation:spec-new")
    assert '<div class="row" id="draft-actions"></div>' in client.get(address).content.decode()
    values = {"title": "T", "text": CLAMP, "repository": "shop"}
    saved = client.post(reverse("generation:spec-save"), values, HTTP_HX_REQUEST="true").content.decode()
    draft = SpecificationDraft.objects.get()
    assert '<div class="row" id="draft-actions" hx-swap-oob="true">' in saved
    assert reverse("generation:spec-versions", args=[draft.pk]) in saved
    assert f"{address}?draft={draft.pk.hex}" in saved


def test_what_does_not_fit_the_form_is_shown_again_whole(
    repository: Repository, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    values = {"title": "T" * 300, "text": CLAMP, "repository": "another"}
    answer = client.post(reverse("generation:spec-submit"), values)
    assert answer.status_code == 422
    assert b"T" * 300 in answer.content
    assert b"There is no such repository that you may write specifications for." in answer.content
    assert b"Choose the repository" not in answer.content


def test_typing_saves_and_answers_with_the_analysis(repository: Repository, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    answer = client.post(
        reverse("generation:spec-save"), {"title": "T", "text": CLAMP, "repository": "shop"}, HTTP_HX_REQUEST="true"
    )
    draft = SpecificationDraft.objects.get()
    assert answer.headers["HX-Replace-Url"] == f"/specs/{draft.pk}"
    assert b"def clamp(value: int, low: int, high: int)" in answer.content


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The mutation score must be at least 60 %.", "Mutation score of at least 60 %"),
        ("Reach 92.5 % branch coverage.", "Test coverage of at least 92.5 %"),
        ("Keep the complexity below 8.", "Complexity of at most 7 in each function"),
        ("The code must be strictly typed.", "Types that a strict check accepts"),
        ("It must not use numpy.", "Does not use numpy"),
        ("It must use attrs.", "Uses attrs"),
        ("It answers within 5 ms.", "Performance"),
    ],
)
def test_the_analysis_says_what_is_asked_in_words_beside_the_sentence_that_asks(
    repository: Repository, engineer: User, client: Client, sentence: str, words: str
) -> None:
    client.force_login(engineer)
    form = {"title": "T", "text": f"{CLAMP}\n\n{sentence}", "repository": "shop"}
    answer = client.post(reverse("generation:spec-save"), form, HTTP_HX_REQUEST="true")
    assert f'{words} <span class="muted">“{sentence}”</span>' in answer.content.decode()


def test_lists_take_the_same_number_of_queries_for_one_row_and_for_twenty(
    submit: Submit, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    names = ["generation:request-list", "generation:spec-list", "console:home"]

    def queries() -> dict[str, int]:
        counts = {}
        for name in names:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(reverse(name)).status_code == 200
            counts[name] = len(captured)
        return counts

    def add() -> None:
        submit(CLAMP)
        draft_save(author=engineer, title="T", text="one")

    add()
    queries()
    before = queries()
    for _ in range(19):
        add()
    assert queries() == before
