"""
Is the code found that a new function will need? Asked of this project's own code, whose answers are known.

Functions that call other functions of the project are drawn at random. Each is hidden, and what it says of itself, its
signature and its docstring, is what a person would ask for. Counted is how many of the functions, methods and classes
that it calls are among the first ten that are found: by meaning and words fused, as requests do it, by meaning alone,
and by words alone. Everything runs on a database of its own in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import django

from apps.generation.engine.replay.statistics import paired_bootstrap
from nofx.embedded import postgres

PROJECT = Path(__file__).resolve().parents[1]
TOP = 10
WAYS = ("fused", "meaning", "words")


@dataclass(frozen=True)
class Asked:
    """A hidden caller: its key, what it says of itself, and the keys of what it calls."""

    caller: int
    text: str
    callees: frozenset[int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; with ``--json`` as one object."""
    parser = argparse.ArgumentParser(prog="nofx bench context", description=__doc__)
    parser.add_argument("--callers", type=int, default=300, help="how many, drawn at random (default 300)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repository", type=Path, default=PROJECT, help="another git repository of Python")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="nofx-bench-") as folder:
        home = Path(folder)
        os.environ.update(NOFX_HOME=str(home), NOFX_DATABASE_ROLE="owner", DJANGO_SETTINGS_MODULE="nofx.settings.base")
        os.environ.pop("DATABASE_URL", None)
        try:
            django.setup()
            figures = measure(options.repository.resolve(), options.callers, options.seed)
        finally:
            postgres.stop(home / "postgres")
    print(json.dumps(figures) if options.json else table(figures))
    return 0


def measure(path: Path, count: int, seed: int) -> dict[str, Any]:
    """Index the last commit of the repository at *path*, ask, and return the figures."""
    from django.core.management import call_command
    from django.db import connection

    from apps.repositories.services import revision_index

    call_command("migrate", verbosity=0, interactive=False)
    revision = registered(path)
    started = time.perf_counter()
    index = revision_index(revision=revision)
    indexed_s = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    known = list(questions(index))
    drawn = Random(seed).sample(known, min(count, len(known)))  # noqa: S311  a draw to be repeated
    found, seconds = answers(index, drawn)
    recall = {
        way: [len(one.callees & set(keys)) / len(one.callees) for one, keys in zip(drawn, found[way], strict=True)]
        for way in WAYS
    }
    return {
        "commit": revision.sha,
        "symbols": index.symbol_count,
        "files": index.file_count,
        "index_s": round(indexed_s, 1),
        "callers": len(drawn),
        "callers_known": len(known),
        "calls": sum(len(one.callees) for one in drawn),
        "seed": seed,
        "recall_at_10": {way: interval(values, seed) for way, values in recall.items()},
        "fused_minus": {
            way: interval([a - b for a, b in zip(recall["fused"], recall[way], strict=True)], seed) for way in WAYS[1:]
        },
        "query_ms": {
            "median": round(1000 * statistics.median(seconds), 1),
            "p95": round(1000 * statistics.quantiles(seconds, n=20)[-1], 1),
        },
    }


def registered(path: Path) -> Any:
    """Return the last commit of the repository at *path* as a revision."""
    from apps.governance.models import Organisation, Scope
    from apps.repositories.models import Repository
    from apps.repositories.services import revision_record

    scope = Scope.objects.create(organisation=Organisation.objects.create(name="Bench"), repository="bench")
    repository = Repository.objects.create(scope=scope, name="bench", path=str(path))
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=path, check=True, capture_output=True, text=True)
    return revision_record(repository=repository, sha=head.stdout.strip())


def questions(index: Any) -> Iterator[Asked]:
    """Yield each function with a docstring that calls something of the repository outside its own tests."""
    from apps.generation.engine.conventions import is_test
    from apps.repositories.engine.modules import resolved
    from apps.repositories.models import CodeSymbol
    from apps.repositories.selectors import package_exports

    exports = package_exports(index=index)
    rows = [
        row
        for row in CodeSymbol.objects.filter(file__indexes=index).select_related("file").order_by("pk")
        if not is_test(row.file.path)
    ]
    keys = {row.dotted: row.pk for row in rows}
    for row in rows:
        callees = {keys.get(resolved(name, exports)) for name in row.calls} - {None, row.pk}
        if row.kind != "class" and row.docstring and callees:
            yield Asked(row.pk, f"{row.signature}\n{row.docstring}", frozenset(filter(None, callees)))


def answers(index: Any, asked: Sequence[Asked]) -> tuple[dict[str, list[list[int]]], list[float]]:
    """Return for each way and question the first ten keys, without the caller, and the seconds of each fused query."""
    from apps.repositories.selectors import symbols_similar
    from apps.repositories.services import texts_embed

    found: dict[str, list[list[int]]] = {way: [] for way in WAYS}
    seconds = []
    texts_embed(["The model is loaded before the first query."])
    for one in asked:
        started = time.perf_counter()
        embedding = texts_embed([one.text])[0]
        fused = symbols_similar(index=index, text=one.text, embedding=embedding, with_tests=False)
        seconds.append(time.perf_counter() - started)
        meaning = [symbol for symbol in fused if symbol.by_meaning]
        words = [symbol for symbol in fused if symbol.by_words]
        rankings = {
            "fused": fused,
            "meaning": sorted(meaning, key=lambda symbol: symbol.by_meaning or 0),
            "words": sorted(words, key=lambda symbol: symbol.by_words or 0),
        }
        for way, ranking in rankings.items():
            found[way].append([symbol.id for symbol in ranking if symbol.id != one.caller][:TOP])
    return found, seconds


def interval(values: Sequence[float], seed: int) -> dict[str, float]:
    """Return the mean over the callers with its 95 % interval."""
    found = paired_bootstrap(values, seed=seed)
    return {"mean": round(found.mean, 3), "low": round(found.low, 3), "high": round(found.high, 3)}


def table(figures: dict[str, Any]) -> str:
    """Return the figures as lines."""
    lines = [
        f"{figures['symbols']} symbols in {figures['files']} files at {figures['commit'][:12]}, "
        f"indexed in {figures['index_s']} s",
        f"{figures['callers']} of {figures['callers_known']} callers, hidden one at a time; "
        f"{figures['calls']} calls to find",
        "",
        f"{'found among the first ten':<28}{'share':>8}   95 % interval",
    ]
    for way, one in figures["recall_at_10"].items():
        lines.append(f"{way:<28}{one['mean']:>8.1%}   {one['low']:.1%} to {one['high']:.1%}")
    for way, one in figures["fused_minus"].items():
        lines.append(f"{'fused minus ' + way:<28}{one['mean']:>+8.1%}   {one['low']:+.1%} to {one['high']:+.1%}")
    query = figures["query_ms"]
    lines += ["", f"A query, its embedding included: median {query['median']} ms, 95 % within {query['p95']} ms"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
