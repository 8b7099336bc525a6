"""The panes of the review page: the same file of up to three candidates, side by side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.core.differing import only_differing
from apps.core.highlighting import code_lines, diff_lines
from apps.generation.engine.languages import language_of
from apps.generation.selectors import Lettered
from apps.generation.services.candidates import Workspace
from apps.generation.types import RequestStatus as Status
from apps.generation.views.lens import LensView
from apps.generation.views.places import DIFFERING, Place, address

PANES = 3
CODE = "#code"


@dataclass(frozen=True)
class Shelf:
    """What there is to be shown: the candidates, which one is up for approval, and the files that each changes."""

    workspace: Workspace
    shown: Sequence[Lettered]
    chosen: Lettered
    files: Mapping[str, Mapping[str, str]]  # text by letter and path

    @property
    def target(self) -> str:
        """The file that the request is about."""
        return self.workspace.run.target_path

    @property
    def modules(self) -> dict[str, str]:
        """The file that the request is about, as each candidate leaves it, by letter."""
        before = self.workspace.files.get(self.target, "")
        return {letter: files.get(self.target, before) for letter, files in self.files.items()}


def panes_wanted(place: Place, shown: Sequence[Lettered], chosen: Lettered) -> list[Lettered]:
    """Return the candidates in view: those the address names, else the chosen one and one of each other cluster."""
    asked = place.get("show", "").split(",")
    named = [one for one in shown if one.letter in asked]
    if named:
        return named[:PANES]
    first_of = {one.candidate.cluster: one for one in reversed(shown)}
    first_of[chosen.candidate.cluster] = chosen
    others = [one for one in first_of.values() if one is not chosen] or [one for one in shown if one is not chosen]
    return sorted([chosen, *others][:PANES], key=lambda one: one.letter)


def panes_of(
    shelf: Shelf,
    wanted: Sequence[Lettered],
    lens: LensView,
    *,
    path: str,
    letters: Collection[str],
    place: Place,
    is_visible: bool,
) -> list[dict[str, Any]]:
    """Return the file at *path* of the *wanted* candidates among *letters*; the lens narrows one file only."""
    having = [one for one in wanted if one.letter in letters]
    panes = [_pane(shelf, one, path, is_visible=is_visible) for one in having or [shelf.chosen]]
    if path == shelf.target:
        panes = [lens.narrowed(pane) for pane in panes]
    if place.get("only") == DIFFERING:
        columns = only_differing([pane["lines"] for pane in panes])
        panes = [{**pane, "lines": lines} for pane, lines in zip(panes, columns, strict=True)]
    return panes


def _pane(shelf: Shelf, one: Lettered, path: str, *, is_visible: bool) -> dict[str, Any]:
    before = shelf.workspace.files.get(path, "")
    after = shelf.files[one.letter].get(path, before)
    language = "markdown" if path.endswith(".md") else language_of(path).name
    is_chosen = one.letter == shelf.chosen.letter
    is_up = is_chosen and shelf.workspace.run.request.status == Status.IN_REVIEW
    is_measured = is_chosen and path == shelf.target
    return {
        "letter": one.letter,
        "title": one.candidate.model_id if is_visible else path,
        "note": _lines(len(after.splitlines())),
        "lines": diff_lines(before, after, language) if before else code_lines(after, language),
        "state": "up for approval" if is_up else "",
        "depth": ("changed" if before else "all") if is_measured else "",
    }


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def view_links(place: Place, shown: Sequence[Lettered], wanted: Sequence[Lettered], chosen: Lettered) -> dict[str, Any]:
    """Return the ways to look at the same file: one candidate alone, one to three beside each other, what differs."""
    letters = [one.letter for one in shown]
    ranked = [one.letter for one in [chosen, *wanted, *shown]]
    order = list(dict.fromkeys(ranked))
    most = min(PANES, len(letters))
    count = len(wanted)
    is_filtered = place.get("only") == DIFFERING
    return {
        "alone": [
            (letter, address(place, CODE, show=letter), [letter] == [one.letter for one in wanted])
            for letter in letters
        ],
        "counts": [
            (number, address(place, CODE, show=",".join(sorted(order[:number]))), number == count)
            for number in range(1, most + 1)
        ],
        "next_count": count % most + 1,
        "is_filtered": is_filtered,
        "filter": address(place, CODE, only="" if is_filtered else DIFFERING),
    }
