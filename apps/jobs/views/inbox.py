"""What somebody was told, and how they want to be told."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.clock import now
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.keyset import keyset_page
from apps.governance.http import current_user
from apps.jobs.forms import MailChoicesForm
from apps.jobs.selectors.notifications import inbox, mail_choices, mail_is_configured, mutes_of
from apps.jobs.services.notifications import (
    notification_choices_save,
    notification_read,
    notification_snooze,
    notifications_read_all,
    subject_mute,
    subject_unmute,
)

PAGE_SIZE = 50
TABS = (("open", "To read"), ("snoozed", "Put off"), ("all", "All"))
# A working day and a week are what people put things off for.
SNOOZES = {"day": (timedelta(days=1), "tomorrow"), "week": (timedelta(days=7), "in a week")}


@login_required
@require_GET
def notification_list(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    show = request.GET.get("show", "open")
    show = show if show in dict(TABS) else "open"
    after = request.GET.get("after", "")
    page = keyset_page(inbox(user, show=show), newest="changed_at", first=PAGE_SIZE, after=after)
    context = {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "is_later_page": bool(after),
        "show": show,
        "now": now(),
        "tabs": [
            {"label": label, "url": f"?show={name}", "is_current": name == show, "count": None} for name, label in TABS
        ],
    }
    return render_page(request, "jobs/inbox.html", context)


@login_required
@require_POST
def notification_open(request: HtmxRequest, notification_id: UUID) -> HttpResponse:
    """Mark it as read and go where it leads."""
    found = notification_read(user=current_user(request), notification_id=notification_id)
    return HttpResponseRedirect(found.url or reverse("jobs:inbox"))


@login_required
@require_POST
def notification_mark(request: HtmxRequest, notification_id: UUID) -> HttpResponse:
    is_read = request.POST.get("read") != "no"
    notification_read(user=current_user(request), notification_id=notification_id, is_read=is_read)
    return _back(request, "Marked as read." if is_read else "Marked as unread.")


@login_required
@require_POST
def notification_mark_all(request: HtmxRequest) -> HttpResponse:
    count = notifications_read_all(user=current_user(request))
    return _back(request, f"{count} marked as read." if count else "Everything was read already.")


@login_required
@require_POST
def notification_put_off(request: HtmxRequest, notification_id: UUID) -> HttpResponse:
    length, words = SNOOZES.get(request.POST.get("until", ""), SNOOZES["day"])
    notification_snooze(user=current_user(request), notification_id=notification_id, until=now() + length)
    return _back(request, f"It comes back {words}, or when there is news.")


@login_required
@require_POST
def notification_mute(request: HtmxRequest, notification_id: UUID) -> HttpResponse:
    subject_mute(user=current_user(request), notification_id=notification_id)
    return _back(request, "You hear nothing more about it. Under Settings, Notifications you can change that.")


@login_required
@require_http_methods(["GET", "POST"])
def notification_settings(request: HtmxRequest) -> HttpResponse:
    user = current_user(request)
    form = MailChoicesForm(request.POST or None, chosen=mail_choices(user))
    if request.method == "POST" and form.is_valid():
        notification_choices_save(user=user, choices=form.wishes)
        return notify(request, redirect_after(request, reverse("jobs:notification-settings")), "Saved.")
    context = {
        "form": form,
        "mutes": mutes_of(user),
        "has_mail": mail_is_configured(),
        "trail": [("Settings", reverse("console:settings"))],
    }
    return render_page(request, "jobs/notification_settings.html", context)


@login_required
@require_POST
def mute_remove(request: HtmxRequest, mute_id: int) -> HttpResponse:
    subject_unmute(user=current_user(request), mute_id=mute_id)
    return notify(request, redirect_after(request, reverse("jobs:notification-settings")), "You hear about it again.")


def _back(request: HttpRequest, words: str) -> HttpResponse:
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = reverse("jobs:inbox")
    return notify(request, redirect_after(request, target), words)
