"""Does a page still say what the code says? Compares the symbols that it cites with today's interface."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.checks.types import Documented

State = Literal["in_sync", "stale", "broken"]


@dataclass(frozen=True)
class Citation:
    """A symbol as a page describes it."""

    module: str
    qualname: str
    signature: str
    docstring_digest: str
    is_documented: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.module, self.qualname

    def as_json(self) -> dict[str, Any]:
        """Return the citation as it is stored."""
        return {
            "module": self.module,
            "qualname": self.qualname,
            "signature": self.signature,
            "docstring_digest": self.docstring_digest,
            "is_documented": self.is_documented,
        }


@dataclass(frozen=True)
class SymbolDrift:
    """One symbol's state: ``stale`` when signature or docstring changed, ``broken`` when it is gone."""

    citation: Citation
    state: State
    signature_now: str | None
    docstring_changed: bool

    @property
    def signature_changed(self) -> bool:
        return self.signature_now is not None and self.signature_now != self.citation.signature


@dataclass(frozen=True)
class Drift:
    """How a page stands to the code: each cited symbol, and the symbols that it does not describe."""

    symbols: tuple[SymbolDrift, ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def state(self) -> Literal["in_sync", "stale", "broken", "unknown"]:
        """Return the worst state; symbols the page does not know make it stale, no symbol at all unknown."""
        states = {symbol.state for symbol in self.symbols}
        if "broken" in states:
            return "broken"
        if "stale" in states or self.missing:
            return "stale"
        return "in_sync" if states else "unknown"

    def count(self, state: State) -> int:
        """Return how many cited symbols are in *state*."""
        return sum(symbol.state == state for symbol in self.symbols)

    def as_json(self) -> dict[str, Any]:
        """Return the drift as it is stored; symbols that are in sync are only counted."""
        return {
            "state": self.state,
            "cited": len(self.symbols),
            "in_sync": self.count("in_sync"),
            "stale": self.count("stale"),
            "broken": self.count("broken"),
            "changes": [
                {
                    "module": symbol.citation.module,
                    "qualname": symbol.citation.qualname,
                    "state": symbol.state,
                    "signature": symbol.citation.signature,
                    "signature_now": symbol.signature_now if symbol.signature_changed else None,
                    "docstring_changed": symbol.docstring_changed,
                }
                for symbol in self.symbols
                if symbol.state != "in_sync"
            ],
            "missing": [{"module": module, "qualname": qualname} for module, qualname in self.missing],
        }


def cite(items: Iterable[Documented]) -> tuple[Citation, ...]:
    """Return what a page of *items* cites, in its order."""
    return tuple(
        Citation(item.module, item.qualname, item.signature, _digest(item.docstring), bool(item.docstring.strip()))
        for item in items
    )


def citation_of(stored: Mapping[str, Any]) -> Citation:
    """Return a citation from how it was stored."""
    return Citation(
        stored["module"],
        stored["qualname"],
        stored["signature"],
        stored["docstring_digest"],
        stored["is_documented"],
    )


def compare(cited: Sequence[Citation], today: Iterable[Documented]) -> Drift:
    """Return how the cited symbols stand to the interface of *today*."""
    now = {citation.key: citation for citation in cite(today)}
    known = {citation.key for citation in cited}
    return Drift(
        tuple(_symbol(citation, now.get(citation.key)) for citation in cited),
        tuple(key for key in now if key not in known),
    )


def _symbol(before: Citation, after: Citation | None) -> SymbolDrift:
    if after is None:
        return SymbolDrift(before, "broken", None, docstring_changed=False)
    is_same = before.signature == after.signature and before.docstring_digest == after.docstring_digest
    return SymbolDrift(
        before,
        "in_sync" if is_same else "stale",
        after.signature,
        docstring_changed=before.docstring_digest != after.docstring_digest,
    )


def _digest(docstring: str) -> str:
    return hashlib.sha256(docstring.strip().encode(errors="surrogatepass")).hexdigest()
