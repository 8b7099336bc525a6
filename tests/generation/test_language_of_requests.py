"""The language of a request: of the file, of the text, or of the repository, and always said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, SpecificationDraft
from apps.generation.services import verbs
from apps.generation.services.languages import SpecificationRefused
from apps.generation.services.planning import specification_analyse
from apps.generation.services.submission import analysis_summary
from apps.governance.models import User
from apps.repositories.models import Repository
from tests.git import git

pytestmark = pytest.mark.django_db

Submit = Callable[..., CodeGenerationRequest]
SILENT = "Write a function add(a, b) that adds two numbers.\nadd(1, 2) == 3"
PERL = "Write it in Perl. f(1) == 2"


def _fill(code: Path, *names: str) -> None:
    for name in names:
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text("export const one = 1;\n")
    git(code, "add", "--all")
    git(code, "commit", "--quiet", "-m", "Fill")


def test_prose_that_looks_like_a_function_of_javascript_is_python_in_a_repository_of_python(submit: Submit) -> None:
    request = submit(SILENT)
    assert (request.target_language, request.run.target_path) == ("python", "shop/add.py")


def test_the_repository_decides_where_the_text_is_silent(
    submit: Submit, provider: object, code: Path, repository: Repository
) -> None:
    _fill(code, "src/a.ts", "src/b.ts", "src/c.ts", "src/d.ts", "src/types.d.ts", "node_modules/x/i.js")
    request = submit(SILENT)
    assert (request.target_language, request.run.target_path) == ("typescript", "src/add.ts")
    assert request.run.analysis["language_reason"] == "most of the repository is written in it"
    assert submit(f"Write it in Python. {SILENT}").target_language == "python"


def test_tests_and_packages_of_others_do_not_count(submit: Submit, code: Path) -> None:
    _fill(code, "tests/a.mjs", "b.test.js", "c.spec.js", "d.test.mjs", *(f"node_modules/x/{n}.js" for n in range(9)))
    assert submit(SILENT).target_language == "python"


def test_a_language_that_nobody_writes_is_refused_with_a_way_on_and_the_text_is_kept(
    submit: Submit, client: Client, engineer: User, repository: Repository
) -> None:
    with pytest.raises(
        SpecificationRefused, match=r"The text asks for Perl, which cannot be generated yet\."
    ) as refused:
        submit(PERL)
    assert "name a file" in refused.value.remedy
    with pytest.raises(SpecificationRefused, match="asks for Perl"):
        verbs.tests_write(title="", text=PERL, module="m", requested_by=engineer)
    client.force_login(engineer)
    values = {"title": "T", "text": PERL, "repository": "shop"}
    page = client.post(reverse("generation:spec-submit"), values)
    assert page.status_code == 422
    assert "asks for Perl" in page.content.decode()
    assert SpecificationDraft.objects.get().text == PERL
    assert submit(PERL, target_path="shop/f.py").target_language == "python"
    assert submit(PERL, target_language="python").run.analysis["issues"][0]["message"] == (
        "The text asks for Perl, but the request names Python; that counts."
    )


def test_the_analysis_says_which_language_will_be_written_and_why(
    client: Client, engineer: User, repository: Repository
) -> None:
    found = analysis_summary(specification_analyse(title="", text=SILENT, repository=repository))
    assert (found["language_name"], found["language_reason"]) == ("Python", "most of the repository is written in it")
    client.force_login(engineer)
    values = {"title": "T", "text": SILENT, "repository": "shop"}
    page = client.post(reverse("generation:spec-save"), values, headers={"HX-Request": "true"}).content.decode()
    assert "Python, because most of the repository is written in it." in page
    asked = client.post(
        "/api/ai/analyze/specification", {"specification": PERL}, content_type="application/json"
    ).json()
    assert (asked["target_language"], asked["language_reason"]) == ("perl", "the text asks for it")
