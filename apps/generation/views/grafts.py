"""Putting candidates together on the review page: the form, and where such a candidate comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.core.errors import NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after
from apps.generation.engine.hybrid import definitions_of
from apps.generation.models import Candidate
from apps.generation.selectors import Lettered, candidates_of, lettered, run_get, seeded
from apps.generation.services.canaries import canary_disclose
from apps.generation.services.grafts import candidate_graft
from apps.governance.http import current_user

TOLD = "It is being checked and run. Reload the page in a moment; then somebody else can put it up for approval."


@login_required
@require_POST
def graft(request: HtmxRequest, request_id: UUID) -> HttpResponse:
    """Put functions of others into a candidate; each choice names a letter and a function."""
    user = current_user(request)
    run = run_get(user=user, request_id=request_id)
    seen = seeded(run, user)
    letters = {one.letter: one.candidate.pk for one in lettered(run, user, seen.among(candidates_of(run)))}
    wanted = [part.partition(":")[::2] for part in request.POST.getlist("part")]
    base = request.POST.get("base", "")
    if base not in letters or any(letter not in letters for letter, _ in wanted):
        raise NotFound("There is no candidate with this letter.")
    if not seen.is_told:
        for letter in {base, *(letter for letter, _ in wanted)}:
            canary_disclose(run=run, canary_id=letters[letter])
    candidate_graft(
        request_id=run.pk,
        actor=user,
        base_id=letters[base],
        parts={name: letters[letter] for letter, name in wanted},
        reason=request.POST.get("reason", ""),
    )
    return notify(request, redirect_after(request, reverse("generation:review", args=[run.pk])), TOLD)


def graft_offers(shown: Sequence[Lettered], modules: Mapping[str, str], chosen: Lettered) -> list[dict[str, Any]]:
    """Return, by candidate, the functions that differ from those of *chosen* or are not in it."""
    own = definitions_of(modules[chosen.letter])
    offers = [
        {
            "letter": one.letter,
            "names": [name for name, text in definitions_of(modules[one.letter]).items() if own.get(name) != text],
        }
        for one in shown
        if one.letter != chosen.letter
    ]
    return [offer for offer in offers if offer["names"]]


def graft_origins(candidates: Sequence[Candidate], letters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return letter and origin of each candidate that a person put together: "A with f of C"."""
    grafts = [one for one in candidates if one.grafted_by_id and str(one.pk) in letters]
    return [(letters[str(one.pk)], _origin(one.grafted_from, letters)) for one in grafts]


def _origin(grafted: Mapping[str, Any], letters: Mapping[str, str]) -> str:
    parts = [f"{name} of {letters.get(donor, 'another')}" for name, donor in grafted.get("parts", {}).items()]
    return f"{letters.get(grafted.get('base', ''), 'Another')} with {' and '.join(parts)}"
