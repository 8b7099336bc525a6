"""The index of a commit's symbols: each text of a file is read once, whatever commits have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.expressions import Combinable

from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.repositories.engine.modules import module_name
from apps.repositories.engine.symbols import READER, FileUnreadable, ReadFile, Symbol, read_file
from apps.repositories.engine.words import identifier_parts, search_words
from apps.repositories.gateways import git
from apps.repositories.models import MAX_INDEXED_PATH, CodeIndex, CodeSymbol, IndexedFile, Repository, Revision
from apps.repositories.services.embeddings import embedding_model, texts_embed
from apps.repositories.types import INDEX_JOB, REVISION_SUBJECT

MAX_FILES = 10_000
KEPT_INDEXES = 5  # of a repository, the newest; the texts that only older ones had are forgotten
FILES_AT_ONCE = 50
TEXTS_AT_ONCE = 32
_MAX_WORDS = 20_000  # characters of a symbol that are searched
_LANGUAGE = "english"


def index_request(*, revision: Revision, requested_by: User | None = None) -> Job:
    """Ask for the index of a commit; while it is asked for already, that job is returned."""
    return job_enqueue(kind=INDEX_JOB, subject_kind=REVISION_SUBJECT, subject_id=revision.pk, requested_by=requested_by)


def revision_index(*, revision: Revision, announce: Callable[[int, int], None] = lambda _read, _of: None) -> CodeIndex:
    """
    Read what the files of a commit define, and make it searchable; the index that is there is returned as it is.

    About 9 ms for each new symbol, nearly all of it the embedding. ``announce`` is told how many of how many files were
    read, and may raise: what was read is kept, and the next run goes on from there.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises GitError: it has no such commit.
    """
    known = CodeIndex.objects.filter(revision=revision, reader=READER).first()
    if known:
        return known
    wanted, left_out = _wanted(revision)
    while True:
        there = _known(revision, wanted)
        missing = [path for path in wanted if path not in there]
        for start in range(0, len(missing), FILES_AT_ONCE):
            announce(len(there), len(wanted))
            paths = missing[start : start + FILES_AT_ONCE]
            there |= _read(revision, {path: wanted[path] for path in paths})
        announce(len(there), len(wanted))
        index = _finish(revision, list(there.values()), reused=len(wanted) - len(missing), left_out=left_out)
        if index is not None:
            return index


def files_unindexed(*, revision: Revision) -> int:
    """Return how many files of a commit have a text that was not read yet; 0 where the commit is indexed."""
    if CodeIndex.objects.filter(revision=revision, reader=READER).exists():
        return 0
    wanted, _ = _wanted(revision)
    return len(wanted) - len(_known(revision, wanted))


def _wanted(revision: Revision) -> tuple[dict[str, str], int]:
    """Return the blobs to index by path, and how many files are past the bounds."""
    blobs = git.blobs_at(Path(revision.repository.path), revision.sha, suffixes=(".py",))
    wanted = {path: blob for path, blob in list(blobs.items())[:MAX_FILES] if _is_storable(path)}
    return wanted, len(blobs) - len(wanted)


def _is_storable(path: str) -> bool:
    """Return whether a database can hold *path*: git's paths are bytes, and may be long."""
    return len(path) <= MAX_INDEXED_PATH and path.isprintable()


def _known(revision: Revision, wanted: Mapping[str, str]) -> dict[str, int]:
    rows = IndexedFile.objects.filter(
        repository=revision.repository_id, reader=READER, blob__in=set(wanted.values())
    ).values_list("pk", "path", "blob")
    return {path: key for key, path, blob in rows if wanted.get(path) == blob}


def _read(revision: Revision, wanted: Mapping[str, str]) -> dict[str, int]:
    """Read the texts of some files, store what they define, and return the keys of the files by path."""
    contents = git.read_blobs(Path(revision.repository.path), list(wanted.values()))
    found = {path: _parsed(path, content) for path, content in zip(wanted, contents, strict=True)}
    vectors = _Vectors.of(revision, [symbol for one in found.values() if one for symbol in one.symbols])
    return {path: _store(revision, path, wanted[path], read, vectors) for path, read in found.items()}


def _parsed(path: str, content: bytes) -> ReadFile | None:
    try:
        return read_file(path, content.decode("utf-8-sig"))
    except (UnicodeDecodeError, FileUnreadable):
        return None


@dataclass
class _Vectors:
    """The embeddings of symbols by qualified name and digest; what did not change is not embedded again."""

    model: str = ""
    vectors: dict[tuple[str, str], Sequence[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, revision: Revision, symbols: Sequence[Symbol]) -> _Vectors:
        made = cls(model=embedding_model())
        known = CodeSymbol.objects.filter(
            repository=revision.repository_id,
            digest__in={symbol.digest for symbol in symbols},
            embedding_model=made.model,
        )
        made.vectors.update(
            {
                (qualname, digest): vector
                for qualname, digest, vector in known.values_list("qualname", "digest", "embedding")
            }
        )
        new = {
            (symbol.qualname, symbol.digest): embedded_text(symbol.qualname, symbol.signature, symbol.docstring)
            for symbol in symbols
        }
        # Texts of one length together: the model pads each batch to its longest.
        ordered = sorted((len(text), key, text) for key, text in new.items() if key not in made.vectors)
        for start in range(0, len(ordered), TEXTS_AT_ONCE):
            batch = ordered[start : start + TEXTS_AT_ONCE]
            for (_, key, _), embedding in zip(batch, texts_embed([text for _, _, text in batch]), strict=True):
                made.vectors[key] = embedding.vector[: embedding.dimensions]
        return made


def embedded_text(qualname: str, signature: str, docstring: str) -> str:
    """Return what stands for a symbol in the space of meanings: its name in words, what it says it does, its form."""
    return f"{' '.join(identifier_parts(qualname))}. {docstring[:600]} {signature}"


@transaction.atomic
def _store(revision: Revision, path: str, blob: str, read: ReadFile | None, vectors: _Vectors) -> int:
    file, is_new = IndexedFile.objects.get_or_create(
        repository_id=revision.repository_id,
        path=path,
        blob=blob,
        reader=READER,
        defaults={"is_readable": read is not None, "exports": read.exports if read else {}},
    )
    if is_new and read:
        CodeSymbol.objects.bulk_create(
            CodeSymbol(
                file=file,
                repository_id=revision.repository_id,
                kind=symbol.kind,
                qualname=symbol.qualname,
                dotted=symbol.dotted,
                signature=symbol.signature,
                docstring=symbol.docstring,
                line=symbol.line,
                end_line=symbol.end_line,
                digest=symbol.digest,
                calls=list(symbol.calls),
                search=_vector(symbol, path),
                embedding=list(vectors.vectors[symbol.qualname, symbol.digest]),
                embedding_model=vectors.model,
            )
            for symbol in read.symbols
        )
    return int(file.pk)


def _vector(symbol: Symbol, path: str) -> Combinable:
    """Return the words of a symbol, the more telling the heavier: name, docstring, signature and module, body."""
    parts = (
        ("A", symbol.qualname),
        ("B", symbol.docstring),
        ("C", f"{symbol.signature} {module_name(path)}"),
        ("D", symbol.source),
    )
    first, *rest = (
        SearchVector(Value(search_words(text[:_MAX_WORDS])), weight=weight, config=_LANGUAGE) for weight, text in parts
    )
    whole: Combinable = first
    for one in rest:
        whole = whole + one
    return whole


@transaction.atomic
def _finish(revision: Revision, files: Sequence[int], *, reused: int, left_out: int) -> CodeIndex | None:
    """Store that a commit is indexed; None where another index was finished meanwhile and took some texts with it."""
    Repository.objects.select_for_update().get(pk=revision.repository_id)
    if IndexedFile.objects.filter(pk__in=files).count() < len(files):
        return None
    index, _ = CodeIndex.objects.update_or_create(
        revision=revision,
        defaults={
            "reader": READER,
            "file_count": len(files),
            "symbol_count": CodeSymbol.objects.filter(file__in=files).count(),
            "reused": reused,
            "unreadable": IndexedFile.objects.filter(pk__in=files, is_readable=False).count(),
            "left_out": left_out,
        },
    )
    index.files.set(files)
    _forget_old(revision)
    return index


def _forget_old(revision: Revision) -> None:
    """Remove the indexes past :data:`KEPT_INDEXES`, and the texts that only they had or that an older reader read."""
    indexes = CodeIndex.objects.filter(revision__repository=revision.repository_id).order_by("-created_at", "pk")
    old = list(indexes.values_list("pk", flat=True)[KEPT_INDEXES:])
    gone = list(IndexedFile.objects.filter(indexes__in=old).values_list("pk", flat=True))
    CodeIndex.objects.filter(pk__in=old).delete()
    # Texts that no index has yet may be another job's, which is still reading: only those of the removed are looked at.
    outdated = Q(repository=revision.repository_id, reader__lt=READER)
    IndexedFile.objects.filter(Q(pk__in=gone) | outdated, indexes=None).delete()
