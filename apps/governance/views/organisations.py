"""What the organisations that one administers are called."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.errors import OrganisationInvalid
from apps.governance.http import current_user, interactive, require_anywhere, session_key
from apps.governance.models import Organisation, User
from apps.governance.selectors import scopes_where
from apps.governance.services.organisations import organisation_rename
from apps.governance.types import Action


class NameForm(forms.Form):
    """What an organisation is called."""

    name = forms.CharField(
        max_length=120, help_text="What people read. Roles, policies and history stay with the organisation."
    )


@login_required
@require_GET
def organisation_list(request: HtmxRequest) -> HttpResponse:
    require_anywhere(request, Action.PEOPLE_MANAGE)
    return _page(request)


@login_required
@require_POST
def organisation_naming(request: HtmxRequest, organisation_id: int) -> HttpResponse:
    user = current_user(request)
    form = NameForm(request.POST, prefix=str(organisation_id))
    if form.is_valid():
        try:
            organisation_rename(
                organisation_id=organisation_id,
                name=form.cleaned_data["name"],
                actor=user,
                is_interactive=interactive(request),
                session_key=session_key(request),
            )
        except OrganisationInvalid as error:
            form.add_error("name", str(error))
        else:
            return notify(request, redirect_after(request, reverse("governance:organisation-list")), "Renamed.")
    return _page(request, refused={organisation_id: form}, status=422)


def _page(request: HtmxRequest, *, refused: dict[int, NameForm] | None = None, status: int = 200) -> HttpResponse:
    forms_of = [
        (one, (refused or {}).get(one.pk) or NameForm(initial={"name": one.name}, prefix=str(one.pk)))
        for one in _administered(current_user(request))
    ]
    context = {"rows": forms_of, "trail": [("Settings", reverse("console:settings"))]}
    return render_page(request, "governance/organisation_list.html", context, status=status)


def _administered(user: User) -> list[Organisation]:
    """Return the organisations whose people *user* manages as a whole, by name."""
    places = scopes_where(user, Action.PEOPLE_MANAGE).filter(repository="")
    return list(Organisation.objects.filter(pk__in=places.values("organisation")).order_by("name"))
