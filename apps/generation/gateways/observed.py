"""Remembers what programs did, by content: the same program on the same inputs is run once."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path

from apps.core.digests import sha256_hex
from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.inputs import input_key
from apps.generation.engine.outcomes import Outcome, outcome_restored, outcome_stored
from apps.generation.gateways.observing import RUN_LIMITS, Program, observe

VERSION = 2  # raised whenever the same program on the same input may be seen to do something else


class Memory:
    """A file of outcomes. Close it when done."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._rows = sqlite3.connect(path)
        self._rows.execute("CREATE TABLE IF NOT EXISTS observed (key TEXT PRIMARY KEY, outcomes BLOB NOT NULL)")

    def observe(self, programs: Sequence[Program], inputs: Sequence[PoolInput], *, entry: str) -> list[list[Outcome]]:
        """
        Return the outcomes of every program on every input, running what was never run before.

        :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
        """
        where = sha256_hex(repr((VERSION, RUN_LIMITS, entry, [input_key(item.call) for item in inputs])))
        keys = [sha256_hex(f"{where}\0{program.setup}\0{program.code}") for program in programs]
        known = {key: found for key in set(keys) if (found := self._find(key)) is not None}
        fresh = {key: program for key, program in zip(keys, programs, strict=True) if key not in known}
        seen = observe(list(fresh.values()), inputs, entry=entry)
        with self._rows:
            for key, one in zip(fresh, seen, strict=True):
                known[key] = one.outcomes
                self._keep(key, one.outcomes)
        return [known[key] for key in keys]

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()

    def _find(self, key: str) -> list[Outcome] | None:
        row = self._rows.execute("SELECT outcomes FROM observed WHERE key = ?", [key]).fetchone()
        return None if row is None else [outcome_restored(one) for one in json.loads(zlib.decompress(row[0]))]

    def _keep(self, key: str, outcomes: Sequence[Outcome]) -> None:
        text = json.dumps([outcome_stored(one) for one in outcomes])
        self._rows.execute("INSERT OR REPLACE INTO observed VALUES (?, ?)", [key, zlib.compress(text.encode())])
