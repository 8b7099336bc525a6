"""What a person sent without a repository, here or through the API; nobody else sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.errors import NofxError, NotFound
from apps.core.htmx import HtmxRequest, redirect_after, render_page
from apps.core.ids import parse_id
from apps.governance.downloads import table_download
from apps.governance.http import current_user, require_anywhere
from apps.governance.models import User
from apps.governance.selectors import scopes_where
from apps.governance.types import Action
from apps.quality import exports
from apps.quality.forms import TextForm
from apps.quality.models import MeasuredCode
from apps.quality.proposals import Proposal
from apps.quality.selectors import (
    code_job_latest,
    proposal_get,
    proposals_of,
    review_get,
    reviews_of,
    suite_get,
    suites_of,
    text_get,
    texts_of,
)
from apps.quality.services import optimise_start, review_start, suite_start
from apps.quality.types import OPTIMISE_JOB, REVIEW_JOB, SUITE_JOB, Code
from apps.quality.views.details import patch_response, proposal_context, review_context, suite_context

TABS = (("reviews", "Reviews"), ("tests", "Tests"), ("proposals", "Proposals"))
ROWS: dict[str, Callable[[QuerySet[MeasuredCode]], QuerySet[Any]]] = {
    "reviews": reviews_of,
    "tests": suites_of,
    "proposals": proposals_of,
}
JOBS = {"reviews": REVIEW_JOB, "tests": SUITE_JOB, "proposals": OPTIMISE_JOB}
STARTS = {"reviews": review_start, "tests": suite_start, "proposals": optimise_start}
TABLES: dict[str, Callable[[QuerySet[MeasuredCode]], Iterable[exports.Row]]] = {
    "reviews": exports.review_rows,
    "tests": exports.suite_rows,
    "proposals": exports.proposal_rows,
}
PAGE_SIZE = 50


@login_required
@require_GET
def texts(request: HtmxRequest, tab: str = "reviews") -> HttpResponse:
    if tab not in ROWS:
        raise NotFound("There is no such page.")
    initial = {}
    if wanted := request.GET.get("text"):
        text = text_get(user=current_user(request), text_id=parse_id("code", wanted))
        initial = {"path": text.path, "text": text.text}
    return _page(request, tab, TextForm(initial=initial))


@login_required
@require_GET
def text_export(request: HtmxRequest, tab: str) -> HttpResponse:
    if tab not in TABLES:
        raise NotFound("There is no such table.")
    rows = TABLES[tab](texts_of(current_user(request)))
    return table_download(request, f"texts-{tab}.csv", rows)


@login_required
@require_POST
def text_new(request: HtmxRequest) -> HttpResponse:
    """Do with a text what the pressed button says; a refusal shows the page again with the text in it."""
    require_anywhere(request, Action.QUALITY_MEASURE)
    tab = request.POST.get("what", "")
    if tab not in ROWS:
        raise NotFound("There is nothing of this kind to do with a text.")
    form = TextForm(request.POST)
    if not form.is_valid():
        return _page(request, tab, form, status=422)
    code = Code(text=form.cleaned_data["text"], path=form.cleaned_data["path"])
    try:
        url = _done(tab, code, current_user(request))
    except NofxError as problem:
        form.add_error("text", str(problem))
        return _page(request, tab, form, status=422)
    return redirect_after(request, url)


@login_required
@require_GET
def text_review(request: HtmxRequest, review_id: UUID) -> HttpResponse:
    review = review_get(code=texts_of(current_user(request)), review_id=review_id)
    context = review_context(review) | _detail(request, "reviews", review.code_artifact_id)
    return render(request, "quality/review_detail.html", context)


@login_required
@require_GET
def text_suite(request: HtmxRequest, suite_id: UUID) -> HttpResponse:
    suite = suite_get(code=texts_of(current_user(request)), suite_id=suite_id)
    context = suite_context(suite) | _detail(request, "tests", suite.target_code_id)
    return render(request, "quality/suite_detail.html", context)


@login_required
@require_GET
def text_proposal(request: HtmxRequest, proposal_id: UUID) -> HttpResponse:
    row = proposal_get(code=texts_of(current_user(request)), proposal_id=proposal_id)
    context = proposal_context(row) | _detail(request, "proposals", row.original_code_id)
    context["patch_url"] = reverse("quality:text-proposal-patch", args=[row.pk])
    return render(request, "quality/proposal_detail.html", context)


@login_required
@require_GET
def text_proposal_patch(request: HtmxRequest, proposal_id: UUID) -> HttpResponse:
    return patch_response(proposal_get(code=texts_of(current_user(request)), proposal_id=proposal_id))


def _done(tab: str, code: Code, user: User) -> str:
    """Make the one call that is asked for; return where its result will be."""
    STARTS[tab](code=code, requested_by=user)
    return reverse("quality:texts-of-kind", args=[tab])


def _page(request: HtmxRequest, tab: str, form: TextForm, *, status: int = 200) -> HttpResponse:
    user = current_user(request)
    code = texts_of(user)
    # Before what it makes: a page that is behind stays live.
    job = code_job_latest(kind=JOBS[tab], code=code, user=user)
    page = Paginator(ROWS[tab](code), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [Proposal(row) for row in page] if tab == "proposals" else [],
        "form": form,
        "tab": tab,
        "tab_url": reverse("quality:texts-of-kind", args=[tab]),
        "tabs": [
            {"label": label, "url": reverse("quality:texts-of-kind", args=[key]), "is_current": key == tab}
            for key, label in TABS
        ],
        "job": job,
        "can_measure": scopes_where(user, Action.QUALITY_MEASURE).exists(),
        "trail": [("Quality", reverse("quality:index"))],
    }
    return render_page(request, "quality/texts.html", context, fragment="quality/_texts.html", status=status)


def _detail(request: HtmxRequest, tab: str, text_id: UUID | None) -> dict[str, Any]:
    """Return what the page of a text's result shows beside it: the text itself, and the way back."""
    return {
        "sent": text_get(user=current_user(request), text_id=text_id),
        "trail": [
            ("Quality", reverse("quality:index")),
            (f"Your texts: {dict(TABS)[tab].lower()}", reverse("quality:texts-of-kind", args=[tab])),
        ],
    }
