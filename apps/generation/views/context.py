"""The frozen context of a request, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.generation.engine.budget import tokens
from apps.generation.engine.conventions import Convention

_WHY = {
    "named": "the specification names it",
    "similar": "like what is asked for",
    "caller": "calls what is to be changed",
    "callee": "called by what is to be changed",
    "caller of similar": "calls code like what is asked for",
    "callee of similar": "called by code like what is asked for",
}
_FORMS = {
    "whole": "whole",
    "signature": "first line",
    "outline": "outline",
    "beginning": "beginning",
    "none": "no room for it",
}


@dataclass(frozen=True, slots=True)
class ContextRow:
    """One piece that models were shown; ``place`` is its file, "" for what stands in none."""

    title: str
    place: str
    why: str
    form: str
    tokens: int


@dataclass(frozen=True, slots=True)
class ContextView:
    """What models were shown of a repository; ``secrets`` is how many were removed."""

    rows: list[ContextRow]
    attachments: Sequence[Mapping[str, Any]]
    conventions: list[Convention]
    used: int
    room: int
    left_out: int
    secrets: int
    is_indexed: bool


def context_view(snapshot: Mapping[str, Any]) -> ContextView | None:
    """Return a snapshot for its page; None for one of a version that did not count."""
    budget = snapshot.get("budget")
    if not budget:
        return None
    attachments = snapshot.get("attachments", [])
    return ContextView(
        rows=[
            *_target(snapshot["target"]),
            *map(_attachment, attachments),
            *map(_symbol, snapshot["symbols"]),
            *_advice(snapshot),
        ],
        attachments=attachments,
        conventions=[Convention(**one) for one in snapshot["conventions"]["measures"]],
        used=budget["used"],
        room=budget["tokens"],
        left_out=budget["left_out"],
        secrets=sum(snapshot["redacted"].values()),
        is_indexed=snapshot["search"] == "fused",
    )


def _target(target: Mapping[str, Any]) -> list[ContextRow]:
    if not target["exists"]:
        return []
    form = _FORMS[target["form"]]
    return [ContextRow(target["path"], "", "the file that is written to", form, target["tokens"])]


def _attachment(one: Mapping[str, Any]) -> ContextRow:
    return ContextRow(one["name"], "", "attached by its author", _FORMS[one["form"]], one["tokens"])


def _symbol(symbol: Mapping[str, Any]) -> ContextRow:
    why = "; ".join(_WHY[reason] for reason in symbol["reasons"])
    return ContextRow(symbol["qualname"], symbol["path"], why, _FORMS[symbol["form"]], symbol["tokens"])


def _advice(snapshot: Mapping[str, Any]) -> list[ContextRow]:
    why = {
        "patterns": "a pattern that fits",
        "anti_patterns": "stands in the file and should not be repeated",
        "lessons": "what reviewers objected to in a request like it",
        "decisions": "what the architecture asks of the module",
    }
    return [
        ContextRow(one["title"], "", reason, "summary", tokens(one["text"]))
        for section, reason in why.items()
        for one in snapshot.get(section, [])
    ]
