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
from apps.governance.http import require_anywhere
from apps.governance.types import Action
from apps.knowledge.engine.patterns import PATTERNS
from apps.knowledge.engine.search import search, slug_of

LONGEST_QUERY = 200
_BY_SLUG = {slug_of(pattern): pattern for pattern in PATTERNS}


@login_required
@require_GET
def index(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    found = search(PATTERNS, query)
    rows = [{"pattern": pattern, "slug": slug_of(pattern)} for pattern in found.patterns]
    context = {"query": query, "found": found, "rows": rows, "total": len(PATTERNS)}
    return render(request, "knowledge/index.html", context)


@login_required
@require_GET
def pattern_detail(request: HtmxRequest, slug: str) -> HttpResponse:
    require_anywhere(request, Action.REQUEST_READ)
    pattern = _BY_SLUG.get(slug)
    if pattern is None:
        raise NotFound("There is no such pattern.", remedy="Search the library.")
    required = len(pattern.parameters) - pattern.optional
    context = {
        "pattern": pattern,
        "kind": "class" if pattern.is_class else "function",
        "parameters": [(name, position >= required) for position, name in enumerate(pattern.parameters)],
        "code": code_lines(pattern.template),
        "tests": code_lines(pattern.tests),
        "trail": [("Knowledge", reverse("knowledge:index"))],
    }
    return render(request, "knowledge/pattern_detail.html", context)
