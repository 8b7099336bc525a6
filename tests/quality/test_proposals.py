"""Proposals: on the page of whoever may read their code, with figures, fixes and a patch that git applies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.governance.models import User
from apps.jobs.runner import job_execute
from apps.quality import services
from apps.quality.engine.patches import patched, unified_patch
from apps.quality.models import MeasuredCode, QualityImprovement
from apps.quality.proposals import Proposal, patch_name
from apps.quality.selectors import code_of, proposal_get, proposals_of
from apps.quality.types import Code
from apps.repositories.models import Repository, Revision
from tests.asked import jobs_asked

TEXTS = st.text(alphabet=st.sampled_from("ab \n\r\f\u2028-+@\\"), max_size=60)


@given(TEXTS, TEXTS)
def test_a_patch_read_back_gives_what_it_was_written_for(before: str, after: str) -> None:
    assert patched(before, unified_patch("a.py", before, after)) == after


def test_a_patch_of_another_text_does_not_fit() -> None:
    patch = unified_patch("a.py", "import os\nx = 1\n", "x = 1\n")
    assert patched("import sys\nx = 1\n", patch) is None
    assert patched("", patch) is None


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", "import os\n\fx = 1\n", "\fx = 1\n"),
        ("a.py", "import os\r\nx = 1\r\n", "x = 1\r\n"),
        ("a.py", "x = 1", "x = 1\n"),
        ("a.py", 'import os\nx = "\u2028"', 'x = "\u2028"'),
        ("a file.py", "import os\n", ""),
        ("a.py", "-- one\n++ two\n", "++ two\n"),
    ],
)
def test_git_applies_the_patch(tmp_path: Path, path: str, before: str, after: str) -> None:
    (tmp_path / path).write_bytes(before.encode())
    patch = unified_patch(path, before, after).encode()
    subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=tmp_path, input=patch, check=True, capture_output=True)
    assert (tmp_path / path).read_bytes() == after.encode()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("shop/prices.py", "prices-{}.patch"),
        ('a"; filename="b\r\nX: y.py', "a-filename-b-X-y-{}.patch"),
        ("..", "code-{}.patch"),
        ("", "code-{}.patch"),
        ("\u00fc" * 400, "code-{}.patch"),
        ("a" * 400 + ".py", "a" * 60 + "-{}.patch"),
    ],
)
def test_the_file_name_of_a_patch_is_plain(path: str, name: str) -> None:
    row = QualityImprovement(pk=uuid4())
    row.path = path  # type: ignore[attr-defined]  # as the selector annotates it
    assert patch_name(Proposal(row)) == name.format(str(row.pk)[:8])


@pytest.mark.django_db(transaction=True)
def test_a_proposal_is_made_on_the_page_shown_and_downloaded(
    client_of: Callable[[User], Client], engineer: User, auditor: User, repository: Repository, tmp_path: Path
) -> None:
    answer = client_of(engineer).post("/repos/shop/quality/proposals/new", {"path": "shop/prices.py"})
    assert answer.headers["Location"] == "/repos/shop/quality/proposals"
    job_execute(jobs_asked().get().pk)
    proposal = QualityImprovement.objects.get()
    url = f"/repos/shop/quality/proposals/{proposal.pk}"
    reader = client_of(auditor)
    listed = reader.get("/repos/shop/quality/proposals").content.decode()
    assert all(words in listed for words in ("shop/prices.py", "Safe fixes", "100.0 %", "proposed"))
    page = reader.get(url).content.decode()
    assert all(words in page for words in ("Reported places", "F401", "Nothing was changed", "With the fixes"))
    patch = reader.get(f"{url}.patch")
    assert patch.headers["Content-Type"] == "text/x-diff; charset=utf-8"
    assert patch.headers["Content-Disposition"] == f'attachment; filename="prices-{str(proposal.pk)[:8]}.patch"'
    subprocess.run(
        ["git", "apply", "--check", "-"], cwd=tmp_path / "shop", input=patch.content, check=True, capture_output=True
    )


@pytest.mark.django_db
def test_nobody_else_learns_of_a_proposal(
    client_of: Callable[[User], Client], engineer: User, stranger: User, repository: Repository
) -> None:
    code = services.code_load(repository=repository, path="shop/prices.py")
    proposal = services.optimise_suggest(code=code, requested_by=engineer)
    for url in ("", ".patch"):
        assert client_of(stranger).get(f"/repos/shop/quality/proposals/{proposal.pk}{url}").status_code == 404
        assert client_of(engineer).get(f"/repos/shop/quality/proposals/{uuid4()}{url}").status_code == 404
        assert client_of(engineer).get(f"/quality/texts/proposals/{proposal.pk}{url}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"""Nothing."""\n', "There is nothing to fix: the tools report nothing here"),
        ("import subprocess\n\nsubprocess.call('ls', shell=True)\n", "There is nothing to fix safely"),
    ],
)
def test_where_nothing_can_be_fixed_the_page_says_which_nothing_it_is(
    client_of: Callable[[User], Client], engineer: User, revision: Revision, text: str, words: str
) -> None:
    proposal = services.optimise_suggest(code=Code(text, "a.py", revision), requested_by=engineer)
    client = client_of(engineer)
    page = client.get(f"/repos/shop/quality/proposals/{proposal.pk}").content.decode()
    assert words in page
    assert "nothing to fix" in client.get("/repos/shop/quality/proposals").content.decode()
    assert "Download patch" not in page
    assert client.get(f"/repos/shop/quality/proposals/{proposal.pk}.patch").status_code == 404


@pytest.mark.django_db
def test_what_debt_to_repay_first_is_shown_as_a_projection(
    client_of: Callable[[User], Client], engineer: User, revision: Revision
) -> None:
    services.debt_assess(revision=revision)
    proposal = QualityImprovement.objects.get()
    client = client_of(engineer)
    listed = client.get("/repos/shop/quality/proposals").content.decode()
    assert "The whole commit" in listed
    assert "Debt to repay first" in listed
    page = client.get(f"/repos/shop/quality/proposals/{proposal.pk}").content.decode()
    assert "shop/prices.py" in page
    assert "are a projection" in page
    assert "Download patch" not in page


@pytest.mark.django_db
def test_a_patch_that_does_not_fit_its_text_is_shown_as_it_is(
    client_of: Callable[[User], Client], engineer: User, revision: Revision
) -> None:
    proposal = services.optimise_suggest(code=Code("import os\n", "a.py", revision), requested_by=engineer)
    MeasuredCode.objects.update(text="something else\n")
    page = client_of(engineer).get(f"/repos/shop/quality/proposals/{proposal.pk}").content.decode()
    assert "With the fixes" not in page
    assert "The patch" in page


@pytest.mark.django_db
def test_proposals_come_by_when_their_code_was_first_looked_at(
    repository: Repository, engineer: User, revision: Revision
) -> None:
    for name in ("first.py", "second.py"):
        services.optimise_suggest(code=Code("import os\n", name, revision), requested_by=engineer)
    MeasuredCode.objects.filter(path="first.py").update(created_at="2026-01-01T00:00Z")
    rows = list(proposals_of(code_of(repository)))
    assert [row.path for row in rows] == ["second.py", "first.py"]
    assert proposal_get(code=code_of(repository), proposal_id=rows[0].pk).text == "import os\n"
