"""The files that candidates change, with what a reviewer ticked as viewed, and the ticks themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, redirect_after, wants_fragment
from apps.generation.selectors import run_get, seeded
from apps.generation.services.discussion import issues_open, issues_words
from apps.generation.services.file_marks import file_mark
from apps.generation.services.viewing import Ticks, file_digests, missing_words, ticks_of, unviewed
from apps.generation.views.panes import CODE, Shelf
from apps.generation.views.places import Place, address, place_of
from apps.generation.views.shelves import shelf_of
from apps.governance.callers import interactive
from apps.governance.http import current_user

HIDDEN = "Shown after your verdict: here a candidate may be wrong on purpose, and its tests would give it away."


@dataclass(frozen=True)
class FileList:
    """
    The files in view of one review, and what its reader ticked; ``ticks`` is None for whoever has no vote.

    ``issues`` is how many issues stand in the way of an approval.
    """

    shelf: Shelf
    ticks: Ticks | None
    issues: int
    is_guarded: bool

    @property
    def paths(self) -> list[str]:
        """What may be looked at, the file that the request is about first."""
        open_ = [files for letter, files in self.shelf.files.items() if self._is_open(letter)]
        others = {path for files in open_ for path in files} - {self.shelf.target}
        return [self.shelf.target, *sorted(others)]

    def _is_open(self, letter: str) -> bool:
        return not self.is_guarded or letter == self.shelf.chosen.letter

    def path_at(self, place: Place) -> str:
        """Return the file that *place* names, else the one that the request is about."""
        return place["file"] if place.get("file") in self.paths else self.shelf.target

    def letters_at(self, path: str) -> list[str]:
        """Return the candidates whose file at *path* may be looked at."""
        if path == self.shelf.target:
            return list(self.shelf.files)
        return [letter for letter in self.shelf.files if path in self.digests[letter]]

    @cached_property
    def digests(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of the files that may be looked at, by letter and path."""
        return {
            letter: file_digests({path: text for path, text in files.items() if self._is_shown(letter, path)})
            for letter, files in self.shelf.files.items()
        }

    def _is_shown(self, letter: str, path: str) -> bool:
        return self._is_open(letter) or path == self.shelf.target

    def missing(self) -> list[str]:
        """Return the files of what is up for approval that are not ticked as they are now."""
        chosen = self.shelf.chosen
        return unviewed(chosen.candidate, self.digests[chosen.letter], self.ticks or {})

    def tick(self, letter: str, path: str) -> dict[str, Any]:
        """Return the button that ticks one file of one candidate; {} where there is nothing to tick."""
        digest = self.digests[letter].get(path)
        if self.ticks is None or digest is None:
            return {}
        kept = self.ticks.get((self._id(letter), path))
        url = reverse("generation:review-viewed", args=[self.shelf.workspace.run.pk])
        return {
            "url": url,
            "value": f"{letter} {digest}",
            "is_viewed": kept == digest,
            "is_changed": kept not in {None, digest},
        }

    def _id(self, letter: str) -> UUID:
        return next(one.candidate.pk for one in self.shelf.shown if one.letter == letter)

    def waiting(self, missing: Sequence[str]) -> str:
        """Return why nobody with a vote can approve yet; "" where nothing is missing."""
        if self.ticks is None:
            return ""
        letter = self.shelf.chosen.letter
        words = (
            [f"To approve {letter}, look at {missing_words(missing)} and tick each file as viewed."] if missing else []
        )
        if self.issues:
            words.append(f"{issues_words(self.issues)} It waits for that, too.")
        return " ".join(words)

    def context(self, place: Place) -> dict[str, Any]:
        """Return the list as the page shows it, with the ways to the file before and after the one in view."""
        path, paths = self.path_at(place), self.paths
        at = paths.index(path)
        needed = self.digests[self.shelf.chosen.letter]
        missing = self.missing()
        return {
            "file": path,
            "letters": [one.letter for one in self.shelf.shown],
            "chosen": self.shelf.chosen.letter,
            "rows": [self._row(one, place, is_current=one == path) for one in paths],
            "previous": address(place, CODE, file=paths[at - 1]) if at else "",
            "next": address(place, CODE, file=paths[at + 1]) if at + 1 < len(paths) else "",
            "can_tick": self.ticks is not None,
            "viewed": len(needed) - len(missing),
            "needed": len(needed),
            "waiting": self.waiting(missing),
            "place": address(place)[1:],
        }

    def _row(self, path: str, place: Place, *, is_current: bool) -> dict[str, Any]:
        cells = [self._cell(one.letter, path) for one in self.shelf.shown]
        return {"path": path, "url": address(place, CODE, file=path), "is_current": is_current, "cells": cells}

    def _cell(self, letter: str, path: str) -> dict[str, str]:
        if not self._is_shown(letter, path):
            return {"state": "none", "label": "–", "title": HIDDEN}
        if path not in self.shelf.files[letter]:
            return {"state": "none", "label": "unchanged", "title": ""}
        tick = self.tick(letter, path)
        if not tick:
            return {"state": "", "label": "changed", "title": ""}
        if tick["is_changed"]:
            return {"state": "stale", "label": "changed since", "title": "It changed after you looked at it."}
        return {"state": "met" if tick["is_viewed"] else "none", "label": "viewed" if tick["is_viewed"] else "not yet"}


@login_required
@require_POST
def file_viewed(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    is_viewed = "tick" in request.POST
    letter, _, digest = request.POST.get("tick" if is_viewed else "untick", "").partition(" ")
    shelf = shelf_of(run, user)
    candidate = next((one.candidate for one in shelf.shown if one.letter == letter), None)
    if candidate is None:
        raise NotFound("There is no candidate with this letter.", remedy="Reload the page and look again.")
    path = request.POST.get("path", "")
    file_mark(
        request_id=run.pk,
        reviewer=user,
        candidate_id=candidate.pk,
        path=path,
        digest=digest,
        is_viewed=is_viewed,
        is_interactive=interactive(request),
    )
    place = place_of(QueryDict(request.POST.get("place", "")))
    if not wants_fragment(request):
        review = reverse("generation:review", args=[run.pk])
        return redirect_after(request, f"{review}{address(place, CODE)}")
    issues = len(issues_open(run, shelf.chosen.candidate.pk))
    listed = FileList(shelf, ticks_of(run, user), issues, is_guarded=seeded(run, user).is_guarded)
    context = {"run": run, "files": listed.context(place), "letter": letter, "tick": listed.tick(letter, path)}
    return render(request, "generation/_viewed.html", context)
