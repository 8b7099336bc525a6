"""One job: its page, its status as a part of other pages, and stopping it."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.http import current_user
from apps.jobs import selectors
from apps.jobs.services import job_cancel

NEWEST_EVENTS = 100


@login_required
@require_GET
def job_detail(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    user = current_user(request)
    job = selectors.job_get(job_id=job_id, user=user)
    context = {
        "status": selectors.job_status(job=job, user=user),
        "events": selectors.events_since(job_id=job_id, sequence=max(0, job.sequence - NEWEST_EVENTS)),
    }
    return render_page(request, "jobs/job_detail.html", context, fragment="jobs/status.html")


@login_required
@require_POST
def cancel(request: HtmxRequest, job_id: UUID) -> HttpResponse:
    job = job_cancel(job_id=job_id, actor=current_user(request))
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = reverse("jobs:job-detail", args=[job_id])
    word = "Stopped." if job.is_ended else "Stopping at the next safe place."
    return notify(request, redirect_after(request, target), word)
