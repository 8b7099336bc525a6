"""A commit's symbols: read once, found by meaning and by words, and forgotten with the commits that had them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.governance.models import Organisation, Scope, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.repositories.code_search import _BY_WORDS
from apps.repositories.engine.symbols import READER
from apps.repositories.models import CodeIndex, CodeSymbol, IndexedFile, Repository, Revision
from apps.repositories.selectors import (
    code_index_of,
    package_exports,
    symbols_calling,
    symbols_named,
    symbols_similar,
)
from apps.repositories.services import (
    files_unindexed,
    indexing,
    repository_register,
    revision_index,
    revision_record,
    texts_embed,
)
from tests.git import commit as commit_files
from tests.git import git
from tests.shop import FILES

pytestmark = pytest.mark.django_db


@pytest.fixture
def revision(repository: Repository, code: Path) -> Revision:
    return revision_record(repository=repository, sha=git(code, "rev-parse", "main"))


def commit(code: Path, files: dict[str, str], repository: Repository) -> Revision:
    return revision_record(repository=repository, sha=commit_files(code, files))


def names(index: CodeIndex, text: str, **options: object) -> list[str]:
    return [
        one.qualname for one in symbols_similar(index=index, text=text, embedding=texts_embed([text])[0], **options)
    ]


@pytest.mark.django_db(transaction=True)
def test_a_repository_that_is_registered_is_indexed_by_a_job(code: Path, home: Path) -> None:
    acme = Organisation.objects.create(name="Acme")
    root = User.objects.create_superuser("root", password="correct horse battery")
    made = repository_register(actor=root, name="shop", path=code, organisation=acme)
    job = Job.objects.get(kind="repositories.index", subject_id=made.revisions.get().pk)
    assert code_index_of(made.revisions.get()) is None
    job_execute(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert job.progress == {"stage": "indexed", "files": 4, "symbols": 3, "unchanged": 0}
    assert code_index_of(made.revisions.get()) is not None


def test_symbols_are_found_by_meaning_and_by_words(revision: Revision) -> None:
    index = revision_index(revision=revision)
    assert (index.file_count, index.symbol_count, index.reused, index.unreadable) == (4, 3, 0, 0)
    assert names(index, "read an amount of money from text")[0] == "parse_amount"
    assert names(index, "use withDiscount for the price")[0] == "with_discount"
    found = symbols_similar(index=index, text="parse_amount", embedding=None)
    assert (found[0].qualname, found[0].by_words, found[0].by_meaning) == ("parse_amount", 1, None)
    assert found[0].path == "shop/money.py"
    assert symbols_similar(index=index, text="'; DROP TABLE x; -- & | ! <->", embedding=None) == []


def test_files_of_tests_are_left_out_on_demand(revision: Revision) -> None:
    index = revision_index(revision=revision)
    assert "test_whole_euros" in names(index, "whole euros")
    assert "test_whole_euros" not in names(index, "whole euros", with_tests=False)


def test_who_calls_and_what_a_package_hands_on(revision: Revision, code: Path, repository: Repository) -> None:
    later = commit(code, {"shop/__init__.py": "from shop.money import parse_amount as parse\n"}, repository)
    index = revision_index(revision=later)
    callers = symbols_calling(index=index, dotted=["shop.money.parse_amount"])
    assert [one.dotted for one in callers] == ["shop.prices.with_discount", "tests.test_money.test_whole_euros"]
    assert [one.line for one in symbols_named(index=index, dotted=["shop.money.parse_amount"])] == [4]
    assert package_exports(index=index) == {"shop.parse": "shop.money.parse_amount"}


def test_a_text_that_did_not_change_is_not_read_again(
    revision: Revision,
    code: Path,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    revision_index(revision=revision)
    embedded: list[str] = []
    monkeypatch.setattr(indexing, "texts_embed", lambda texts: embedded.extend(texts) or texts_embed(texts))
    changed = FILES["shop/money.py"] + "\n\ndef euros(cents: int) -> float:\n    return cents / 100\n"
    later = commit(code, {"shop/money.py": changed}, repository)
    assert files_unindexed(revision=later) == 1
    index = revision_index(revision=later)
    assert (index.reused, index.file_count, index.symbol_count) == (3, 4, 4)
    # Of the file that changed only the new function is embedded.
    assert embedded == ["euros.  def euros(cents: int) -> float"]
    assert files_unindexed(revision=later) == 0
    assert revision_index(revision=later) == index


def test_a_commit_is_searched_without_what_other_commits_have(
    revision: Revision,
    code: Path,
    repository: Repository,
) -> None:
    later = commit(code, {"shop/money.py": "def renamed(text):\n    '''Parse an amount.'''\n"}, repository)
    indexes = revision_index(revision=revision), revision_index(revision=later)
    assert [("renamed" in names(index, "amount"), "parse_amount" in names(index, "amount")) for index in indexes] == [
        (False, True),
        (True, False),
    ]


def test_files_that_cannot_be_read_are_counted_and_harm_nothing(
    code: Path,
    repository: Repository,
    tmp_path: Path,
) -> None:
    (code / "latin.py").write_bytes(b"# caf\xe9\n")
    hostile = {"broken.py": "def f(:", "a\nb.py": "def g(): ...", "mark.py": "\ufeffdef h():\n    '''\\0'''\n"}
    index = revision_index(revision=commit(code, hostile, repository))
    assert (index.file_count, index.unreadable, index.left_out) == (7, 2, 1)
    assert CodeSymbol.objects.filter(qualname="h").exists()


def test_an_interrupted_index_goes_on_where_it_stood(revision: Revision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "FILES_AT_ONCE", 2)

    def stop(read: int, _of: int) -> None:
        if read:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        revision_index(revision=revision, announce=stop)
    assert IndexedFile.objects.count() == 2
    assert not CodeIndex.objects.exists()
    assert revision_index(revision=revision).file_count == 4


def test_only_the_newest_indexes_are_kept(
    repository: Repository,
    code: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(indexing, "KEPT_INDEXES", 2)
    for number in range(4):
        index = revision_index(revision=commit(code, {"shop/new.py": f"def number_{number}(): ...\n"}, repository))
        CodeIndex.objects.filter(pk=index.pk).update(created_at=f"2026-11-0{number + 1}T00:00Z")
    assert CodeIndex.objects.count() == 2
    assert sorted(CodeSymbol.objects.filter(file__path="shop/new.py").values_list("qualname", flat=True)) == [
        "number_2",
        "number_3",
    ]


@pytest.mark.slow
class TestGrowth:
    """What a query costs does not grow with what other repositories have."""

    def test_a_query_takes_the_same_statements_however_much_there_is(self, revision: Revision) -> None:
        index = revision_index(revision=revision)
        embedding = texts_embed(["amount"])[0]
        counts = []
        for symbols in (0, 300):
            many(revision.repository, index, symbols)
            with CaptureQueriesContext(connection) as captured:
                symbols_similar(index=index, text="amount", embedding=embedding)
            counts.append(len(captured))
        assert counts[0] == counts[1]

    def test_other_repositories_do_not_hide_what_this_one_has(self, revision: Revision) -> None:
        index = revision_index(revision=revision)
        place = Scope.objects.create(organisation=Organisation.objects.create(name="Other"), repository="far")
        far = Repository.objects.create(scope=place, name="far", path="/srv/far")
        other = Revision.objects.create(repository=far, sha="0" * 40, committed_at="2026-11-01T00:00Z")
        many(far, CodeIndex.objects.create(revision=other, **COUNTS), 2000, near=texts_embed(["amount"])[0].vector)
        assert {"parse_amount", "with_discount"} <= set(names(index, "amount", with_words=False))

    def test_words_are_looked_up_in_their_index(self, revision: Revision, as_owner: None) -> None:
        index = revision_index(revision=revision)
        many(revision.repository, index, 3000)
        values = {"text": "parse the amount", "symbols": 3000, "lexemes": 64, "depth": 60, "left_out": "^$"}
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE repositories_codesymbol, repositories_codeindex_files, repositories_indexedfile")
            place = {"repository": revision.repository_id, "revision": revision.pk}
            cursor.execute("EXPLAIN (FORMAT JSON) " + _BY_WORDS, {**place, **values})
            assert "repositories_symbol_words" in json.dumps(cursor.fetchone()[0])


COUNTS = {"reader": READER, "file_count": 1, "symbol_count": 1, "reused": 0, "unreadable": 0}


def many(repository: Repository, index: CodeIndex, count: int, near: tuple[float, ...] = ()) -> None:
    """Give the index *count* more symbols with vectors of their own; with *near*, close to that one."""
    draw = random.Random(1)  # noqa: S311  numbers to be repeated
    file = IndexedFile.objects.create(repository=repository, path=f"many{count}.py", blob="0", reader=READER)
    index.files.add(file)
    CodeSymbol.objects.bulk_create(
        CodeSymbol(
            file=file,
            repository=repository,
            kind="function",
            qualname=f"f{number}",
            dotted=f"many.f{number}",
            signature="def f()",
            line=number + 1,
            end_line=number + 1,
            digest=f"{number:064}",
            calls=[],
            search=f"'word{number % 50}':1A",
            embedding=[value + draw.gauss(0, 0.01) for value in near[:384]]
            if near
            else [draw.gauss(0, 1) for _ in range(384)],
            embedding_model="all-MiniLM-L6-v2-int8",
        )
        for number in range(count)
    )
