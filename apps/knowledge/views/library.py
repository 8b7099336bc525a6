"""The pattern library, to be searched and read."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.core.errors import NotFound
from apps.core.highlighting import code_lines
from apps.core.htmx import HtmxRequest
from apps.governance.http import current_user, require_anywhere
from apps.governance.types import Action
from apps.knowledge import selectors
from apps.knowledge.engine.antipatterns import ANTIPATTERNS, findings
from apps.knowledge.engine.pattern_model import THEMES, Pattern
from apps.knowledge.forms import ParametersForm
from apps.knowledge.gateways.library import patterns
from apps.knowledge.selectors import Filters
from apps.knowledge.views.tabs import knowledge_tabs

LONGEST_QUERY = 200


@login_required
@require_GET
def index(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    filters = Filters(
        query=request.GET.get("q", "").strip()[:LONGEST_QUERY],
        theme=request.GET.get("theme", ""),
        kind=request.GET.get("kind", ""),
    )
    found = selectors.patterns_find(filters)
    outcomes = selectors.outcomes_of(current_user(request))
    context = {
        "filters": filters,
        "found": found,
        "rows": [(one, THEMES[one.theme], outcomes.get(one.slug)) for one in found.patterns],
        "total": len(patterns()),
        "themes": sorted(THEMES.items(), key=lambda theme: theme[1]),
        "tabs": knowledge_tabs("index"),
    }
    return render(request, "knowledge/index.html", context)


@login_required
@require_GET
def pattern_detail(request: HtmxRequest, slug: str) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    pattern = selectors.pattern_get(slug)
    if pattern is None:
        raise NotFound("There is no such pattern.", remedy="Search the library.")
    is_filled = any(parameter.name in request.GET for parameter in pattern.parameters)
    form = ParametersForm(pattern, request.GET if is_filled else None)
    is_changed = form.is_valid() and form.code != pattern.template
    context = {
        "pattern": pattern,
        "theme": THEMES[pattern.theme],
        "form": form,
        "is_changed": is_changed,
        "code": form.code,
        "code_lines": code_lines(form.code),
        "tests_lines": code_lines(pattern.tests),
        "test_count": pattern.tests.count("\ndef test_"),
        "outcome": selectors.outcomes_of(current_user(request)).get(pattern.slug),
        "facts": _facts(pattern),
        "evidence": _evidence(pattern),
        "trail": [("Knowledge", reverse("knowledge:index"))],
    }
    return render(request, "knowledge/pattern_detail.html", context)


@login_required
@require_GET
def antipattern_list(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    context = {"antipatterns": ANTIPATTERNS, "tabs": knowledge_tabs("antipattern-list")}
    return render(request, "knowledge/antipattern_list.html", context)


@login_required
@require_GET
def antipattern_detail(request: HtmxRequest, slug: str) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    antipattern = selectors.antipattern_get(slug)
    if antipattern is None:
        raise NotFound("There is no such anti-pattern.", remedy="Look through the list.")
    context = {
        "antipattern": antipattern,
        "findings": findings(antipattern.trips),
        "trips": code_lines(antipattern.trips),
        "instead": code_lines(antipattern.instead),
        "trail": [("Knowledge", reverse("knowledge:index")), ("Anti-patterns", reverse("knowledge:antipattern-list"))],
    }
    return render(request, "knowledge/antipattern_detail.html", context)


def _evidence(pattern: Pattern) -> str:
    """Return what holds for every pattern of a release, because its tests hold it, with this one's figures."""
    tests = pattern.tests.count("\ndef test_") + pattern.tests.count("\nasync def test_")
    lines = sum(bool(line.strip()) for line in pattern.template.splitlines())
    return (
        f"{tests} tests of its own pass in the sandbox, under its names and under others; lint, strict types and all "
        f"{len(ANTIPATTERNS)} anti-patterns find nothing in its {lines} lines. Every release is held to that."
    )


def _facts(pattern: Pattern) -> list[tuple[str, str]]:
    return [
        ("Theme", THEMES[pattern.theme]),
        ("Defines", f"{pattern.kind} {pattern.entry}"),
        ("Language", pattern.language.capitalize()),
        ("Needs", ", ".join(pattern.packages) or "the standard library only"),
        ("Found by", ", ".join(pattern.keywords)),
        ("Source", f"{pattern.source}, {pattern.licence}"),
    ]
