"""What a request is frozen with: found in the repository and the pattern library, ranked, cut to what fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from apps.generation.engine.attachments import Attachment
from apps.generation.engine.budget import CHARACTERS_A_TOKEN, Piece
from apps.generation.engine.context import MAX_SYMBOLS, build_context, lines_between, rank_symbols, symbols_of
from apps.generation.engine.conventions import is_test
from apps.generation.engine.javascript.context import symbols_of as javascript_symbols
from apps.generation.engine.javascript.modules import is_javascript
from apps.generation.engine.prompts import data_room
from apps.generation.engine.specification import Specification
from apps.generation.services.joined import guidance_of
from apps.generation.services.lessons import lessons_near
from apps.knowledge.selectors import patterns_matching
from apps.knowledge.services import antipatterns_find
from apps.repositories.models import CodeIndex, Repository, Revision
from apps.repositories.selectors import code_index_of, symbols_around, symbols_similar
from apps.repositories.services import Embedding, files_unindexed, index_request, revision_index, revision_record
from apps.repositories.types import FoundSymbol

# So many files are read while a person waits, a second or two; more are left to the job.
READ_AT_ONCE = 20
LOOKED_AROUND = 5  # of the most similar symbols, for their callers and callees
MAX_ADVICE = 3
# Of what a function of this project calls, 83 % are as near to its description; of 21 functions about parcels, four are
# that near to a problem that has nothing to do with them.
MIN_SIMILARITY = 0.25


def context_freeze(
    *,
    repository: Repository,
    base_sha: str,
    files: Mapping[str, str],
    specification: Specification,
    target_path: str,
    embedding: Embedding,
    attachments: Sequence[Attachment] = (),
) -> dict[str, object]:
    """
    Return the context snapshot of a request; see :func:`apps.generation.engine.context.build_context`.

    A commit that is not indexed yet is indexed here when little of it is new, else its index is asked for and symbols
    are ranked by the words of the specification; ``search`` in the snapshot says which.
    """
    text = f"{specification.title}\n{specification.text}"
    if is_javascript(target_path):
        return _javascript_context(repository, base_sha, files, specification, target_path, embedding, attachments)
    index = _index(revision_record(repository=repository, sha=base_sha))
    if index is None:
        code = {path: source for path, source in files.items() if not is_test(path)}
        pieces = list(rank_symbols(text, symbols_of(code)))
    else:
        pieces = _pieces(index, text, embedding, files, target_path, specification.entry)
    snapshot = build_context(
        base_sha=base_sha,
        files=files,
        target_path=target_path,
        entry=specification.entry,
        pieces=pieces,
        advice={
            "patterns": _patterns(specification),
            "anti_patterns": _antipatterns(files.get(target_path, "")),
            "lessons": lessons_near(repository, embedding),
            **guidance_of(repository, target_path),
        },
        budget=data_room(specification) // CHARACTERS_A_TOKEN,
        attachments=attachments,
    )
    return {**snapshot, "search": "fused" if index else "words"}


def _javascript_context(
    repository: Repository,
    base_sha: str,
    files: Mapping[str, str],
    specification: Specification,
    target_path: str,
    embedding: Embedding,
    attachments: Sequence[Attachment],
) -> dict[str, object]:
    """What is indexed, counted and known as a pattern is Python: symbols are ranked by words."""
    own = {path: text for path, text in files.items() if is_javascript(path)}
    known = [one for one in javascript_symbols(own) if one.path != target_path]
    snapshot = build_context(
        base_sha=base_sha,
        files=own,
        target_path=target_path,
        entry=specification.entry,
        pieces=list(rank_symbols(f"{specification.title}\n{specification.text}", known)),
        advice={"lessons": lessons_near(repository, embedding), **guidance_of(repository, target_path)},
        budget=data_room(specification) // CHARACTERS_A_TOKEN,
        attachments=attachments,
    )
    return {**snapshot, "search": "words"}


def _index(revision: Revision) -> CodeIndex | None:
    index = code_index_of(revision)
    if index is None and files_unindexed(revision=revision) <= READ_AT_ONCE:
        return revision_index(revision=revision)
    if index is None:
        index_request(revision=revision)
    return index


def _pieces(
    index: CodeIndex, text: str, embedding: Embedding, files: Mapping[str, str], target_path: str, entry: str | None
) -> list[Piece]:
    """Return what may help, best first: what the text names, who calls the target, what it calls, what is like it."""
    found = symbols_similar(index=index, text=text, embedding=embedding, with_tests=False)
    similar = [one for one in found if _is_near(one) or _is_named(one, text)]
    target = [one for one in found if one.path == target_path and one.qualname == entry]
    around = target or similar[:LOOKED_AROUND]
    callers, callees = symbols_around(index=index, symbols=around)
    # The target itself is shown as the file that is written to.
    shown = {one.id for one in target}
    similar, callers, callees = (
        [one for one in found if one.id not in shown and not is_test(one.path)] for found in (similar, callers, callees)
    )
    rows = {one.id: one for one in (*similar, *callers, *callees)}
    reasons: dict[int, list[str]] = {key: [] for key in rows}
    of = "" if target else " of similar"
    for reason, ones in ((f"callee{of}", callees), (f"caller{of}", callers), ("similar", similar)):
        for one in ones:
            reasons[one.id].append(reason)
    for one in rows.values():
        if _is_named(one, text):
            reasons[one.id].insert(0, "named")
    ranked = _ranked(similar, [callers, callees] if target else [], rows, reasons)
    return [piece for one in ranked[:MAX_SYMBOLS] if (piece := _piece(one, files, tuple(reasons[one.id])))]


def _is_near(one: FoundSymbol) -> bool:
    return one.similarity is None or one.similarity >= MIN_SIMILARITY


def _is_named(one: FoundSymbol, text: str) -> bool:
    return "_" in one.qualname and bool(re.search(rf"\b{re.escape(one.qualname.rpartition('.')[2])}\b", text))


def _ranked(
    similar: Sequence[FoundSymbol],
    first: Sequence[Sequence[FoundSymbol]],
    rows: Mapping[int, FoundSymbol],
    reasons: Mapping[int, Sequence[str]],
) -> list[FoundSymbol]:
    """Return each symbol once: named ones, then those of *first*, then the similar ones, then what is around them."""
    order = {key: place for place, key in enumerate([one.id for group in first for one in group])}
    places = {one.id: place for place, one in enumerate(similar)}

    def rank(one: FoundSymbol) -> tuple[bool, int, int, int]:
        last = len(rows)
        return "named" not in reasons[one.id], order.get(one.id, last), places.get(one.id, last), one.id

    return sorted(rows.values(), key=rank)


def _piece(one: FoundSymbol, files: Mapping[str, str], reasons: tuple[str, ...]) -> Piece | None:
    """Return a found symbol with its source; None where its file is not readable here."""
    text = files.get(one.path)
    if text is None:
        return None
    source = lines_between(text, one.line, one.end_line)
    return Piece(one.path, one.qualname, one.kind, one.signature, one.docstring, source, reasons)


def _patterns(specification: Specification) -> list[dict[str, str]]:
    signature = specification.entry_signature
    found = patterns_matching(
        text=f"{specification.title} {specification.text}",
        entry=specification.entry,
        signature=signature.source if signature else None,
        count=MAX_ADVICE,
    )
    return [
        {"title": one.name, "text": f"{one.intent} Use it when: {one.when} Not when: {one.when_not}"} for one in found
    ]


def _antipatterns(source: str) -> list[dict[str, str]]:
    """Return what the file that is written to has and new code should not repeat, each rule once."""
    messages = {one.rule: one.message for one in antipatterns_find(source)}
    return [{"title": rule, "text": message} for rule, message in sorted(messages.items())[:MAX_ADVICE]]
