"""
Finding symbols of an indexed commit: by meaning (pgvector), by words (Postgres full text), and by both, fused.

Both rankings are one statement each. Postgres' full text has no inverse document frequency, so the words' ranking adds
it: a lexeme counts the more, the fewer symbols of the commit have it (Spärck Jones, 1972), times what ``ts_rank`` says
of where it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from pgvector.django import CosineDistance

from apps.repositories.engine.fusion import reciprocal_rank_fusion
from apps.repositories.engine.modules import module_name, resolved
from apps.repositories.engine.symbols import READER
from apps.repositories.engine.words import search_words
from apps.repositories.models import CodeIndex, CodeSymbol, IndexedFile, Repository, Revision
from apps.repositories.types import FoundSymbol

if TYPE_CHECKING:
    from apps.repositories.services.embeddings import Embedding

DEPTH = 60  # places of each ranking that are fused
# Chosen on the code of pytest and Hypothesis by `nofx bench context`: names say more of code than its sentences do.
WEIGHTS = (1.0, 6.0)  # of meaning, of words
MAX_LEXEMES = 64  # of a query, its first
MAX_QUERY = 10_000  # characters
_TESTS = r"(^|/)tests/|(^|/)test_[^/]*$"
_NO_FILE = "^$"
_SCANNED = 20_000  # rows that an approximate scan looks at before it gives up

_BY_MEANING = """
    SELECT symbol.id
    FROM repositories_codesymbol symbol
    WHERE symbol.repository_id = %(repository)s AND symbol.embedding_model = %(model)s
      AND symbol.file_id IN (
          SELECT file.id FROM repositories_codeindex_files member
          JOIN repositories_indexedfile file ON file.id = member.indexedfile_id
          WHERE member.codeindex_id = %(revision)s AND file.path !~ %(left_out)s
      )
    ORDER BY symbol.embedding <=> %(vector)s::vector
    LIMIT %(depth)s
"""
_BY_WORDS = """
    WITH wanted AS MATERIALIZED (
        SELECT lexeme, quote_literal(lexeme)::tsquery AS query
        FROM unnest(to_tsvector('english', %(text)s)) ORDER BY positions[1] LIMIT %(lexemes)s
    ),
    found AS MATERIALIZED (
        SELECT symbol.id, wanted.lexeme, ts_rank(symbol.search, wanted.query) AS rank
        FROM wanted JOIN repositories_codesymbol symbol ON symbol.search @@ wanted.query
        WHERE symbol.repository_id = %(repository)s
          AND symbol.file_id IN (
              SELECT file.id FROM repositories_codeindex_files member
              JOIN repositories_indexedfile file ON file.id = member.indexedfile_id
              WHERE member.codeindex_id = %(revision)s AND file.path !~ %(left_out)s
          )
    ),
    weights AS (SELECT lexeme, ln(1 + %(symbols)s::float / count(*)) AS weight FROM found GROUP BY lexeme)
    SELECT found.id
    FROM found JOIN weights USING (lexeme)
    GROUP BY found.id
    ORDER BY sum(found.rank * weights.weight) DESC, found.id
    LIMIT %(depth)s
"""


def code_index_of(revision: Revision) -> CodeIndex | None:
    """Return the index of a commit, None while it is not finished."""
    return CodeIndex.objects.filter(revision=revision, reader=READER).first()


def index_newest(repository: Repository) -> CodeIndex | None:
    """Return the index of *repository* that was finished last, with its commit; None before the first."""
    indexes = CodeIndex.objects.filter(revision__repository=repository, reader=READER)
    return indexes.select_related("revision").order_by("-created_at", "pk").first()


def symbols_similar(
    *,
    index: CodeIndex,
    text: str,
    embedding: Embedding | None,
    depth: int = DEPTH,
    with_words: bool = True,
    with_tests: bool = True,
) -> list[FoundSymbol]:
    """
    Return the symbols of an indexed commit that are nearest to *text*, best first, at most *depth* of each ranking.

    The rankings by meaning and by words are fused by their places. Without an *embedding* words decide alone; without
    words, meaning does. Files of tests are left out on demand. Four queries. The caller has decided that its user may
    read the repository.
    """
    left_out = _NO_FILE if with_tests else _TESTS
    by_meaning = _nearest(index, embedding, depth, left_out) if embedding else []
    by_words = _worded(index, text, depth, left_out) if with_words else []
    fused = reciprocal_rank_fusion(by_meaning, by_words, weights=WEIGHTS)
    keys = [key for key, _ in fused]
    rows = {symbol.id: symbol for symbol in _found(CodeSymbol.objects.filter(pk__in=keys))}
    similarity = _similarities(keys, embedding) if embedding else {}
    meaning, words = ({key: place for place, key in enumerate(one, start=1)} for one in (by_meaning, by_words))
    return [
        replace(
            rows[key], by_meaning=meaning.get(key), by_words=words.get(key), score=score, similarity=similarity.get(key)
        )
        for key, score in fused
        if key in rows
    ]


def _similarities(keys: Sequence[int], embedding: Embedding) -> dict[int, float]:
    distance = CosineDistance("embedding", list(embedding.vector[: embedding.dimensions]))
    rows = CodeSymbol.objects.filter(pk__in=keys, embedding_model=embedding.model).annotate(distance=distance)
    return {key: 1.0 - far for key, far in rows.values_list("pk", "distance")}


def _nearest(index: CodeIndex, embedding: Embedding, depth: int, left_out: str) -> list[int]:
    vector = "[" + ",".join(map(str, embedding.vector[: embedding.dimensions])) + "]"
    values = {"model": embedding.model, "vector": vector, "depth": depth, "left_out": left_out}
    with transaction.atomic(), connection.cursor() as cursor:
        # The index knows nothing of commits: it goes on until enough rows of this one were met, in exact order.
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(max(depth, 100))])
        cursor.execute("SELECT set_config('hnsw.max_scan_tuples', %s, true)", [str(_SCANNED)])
        return _keys(cursor, _BY_MEANING, index, values)


def _worded(index: CodeIndex, text: str, depth: int, left_out: str) -> list[int]:
    values = {
        "text": search_words(text[:MAX_QUERY]),
        "symbols": index.symbol_count,
        "depth": depth,
        "lexemes": MAX_LEXEMES,
        "left_out": left_out,
    }
    with connection.cursor() as cursor:
        return _keys(cursor, _BY_WORDS, index, values)


def _keys(cursor: Any, statement: str, index: CodeIndex, values: dict[str, Any]) -> list[int]:
    place = {"revision": index.pk, "repository": index.revision.repository_id}
    cursor.execute(statement, {**place, **values})
    return [row[0] for row in cursor.fetchall()]


def _found(rows: Any) -> list[FoundSymbol]:
    columns = ("qualname", "dotted", "signature", "docstring", "line", "end_line", "digest", "calls")
    return [
        FoundSymbol(key, path, kind, qualname, dotted, signature, docstring, line, end_line, digest, tuple(calls))
        for key, path, kind, qualname, dotted, signature, docstring, line, end_line, digest, calls in rows.values_list(
            "pk", "file__path", "kind", *columns
        )
    ]


def names_known(*, repository: Repository, words: Collection[str]) -> list[str] | None:
    """
    Return which of *words* name a function or class of *repository* as it was indexed last, sorted; two queries.

    None while no commit of it is indexed.
    """
    index = CodeIndex.objects.filter(revision__repository=repository, reader=READER).order_by("-created_at").first()
    if index is None:
        return None
    rows = CodeSymbol.objects.filter(repository=repository, qualname__in=list(words), file__indexes=index)
    return sorted(set(rows.values_list("qualname", flat=True)))


def paths_of_symbol(*, index: CodeIndex, qualname: str) -> list[str]:
    """Return the files of an indexed commit that define a function or class of this name, sorted; one query."""
    rows = CodeSymbol.objects.filter(repository=index.revision.repository_id, file__indexes=index, qualname=qualname)
    return sorted(set(rows.values_list("file__path", flat=True)))


def symbols_named(*, index: CodeIndex, dotted: Sequence[str]) -> list[FoundSymbol]:
    """Return the symbols of an indexed commit with these dotted names, by path and line; one query."""
    rows = CodeSymbol.objects.filter(
        repository=index.revision.repository_id, file__indexes=index, dotted__in=list(dotted)
    )
    return _found(rows.order_by("file__path", "line"))


def symbols_calling(*, index: CodeIndex, dotted: Sequence[str]) -> list[FoundSymbol]:
    """Return the symbols of an indexed commit that call one of these names, by path and line; one query."""
    rows = CodeSymbol.objects.filter(
        repository=index.revision.repository_id, file__indexes=index, calls__overlap=list(dotted)
    )
    return _found(rows.order_by("file__path", "line"))


def package_exports(*, index: CodeIndex) -> dict[str, str]:
    """
    Return what the packages of an indexed commit hand on: dotted name in the package -> dotted name it stands for.

    One query; only ``__init__.py`` files are looked at.
    """
    rows = IndexedFile.objects.filter(indexes=index, path__endswith="__init__.py").values_list("path", "exports")
    return {f"{module_name(path)}.{name}": target for path, exports in rows for name, target in exports.items()}


def symbols_around(*, index: CodeIndex, symbols: Sequence[FoundSymbol]) -> tuple[list[FoundSymbol], list[FoundSymbol]]:
    """
    Return who calls *symbols* and what they call, as far as imports and names say; these may be among *symbols*.

    Names that a package hands on are followed to where they are defined. What is called on a value (``order.pay()``)
    is not resolved, since nothing says of what class it is. Three queries.
    """
    exports = package_exports(index=index)
    own = {symbol.dotted for symbol in symbols}
    aliases = {alias for alias in exports if resolved(alias, exports) in own}
    called = {resolved(name, exports) for symbol in symbols for name in symbol.calls}
    callers = symbols_calling(index=index, dotted=sorted(own | aliases)) if own else []
    callees = symbols_named(index=index, dotted=sorted(called)) if called else []
    return callers, callees
