"""What gates ask for, in versions: one of quality lead and chair proposes, another one publishes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import NofxError, NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.governance.engine.gates import TEMPLATES, GateDefinition, definition_read
from apps.governance.engine.permissions import Action
from apps.governance.forms_gates import CriterionForms, DefinitionForm, criteria_first
from apps.governance.http import current_user, interactive, record_denial, require, session_key
from apps.governance.models import Scope, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import accounts_of, can, display_name, scopes_where
from apps.governance.selectors.gates import definitions_readable
from apps.governance.services.gates import gate_definition_propose, gate_definition_publish
from apps.governance.services.gates.requests import definition_ruling

NEWEST = 50


@login_required
@require_http_methods(["GET", "POST"])
def definition_list(request: HtmxRequest) -> HttpResponse:
    """Show what rules in an organisation and its versions; take a proposal for the next one."""
    user = current_user(request)
    scope = _organisation(request, user)
    _ruling, content = definition_ruling(scope, "expansion")
    definition = definition_read(content)
    if request.method == "GET":
        return _page(request, scope, definition, *_first(definition))
    require(request, Action.THRESHOLD_EDIT, scope, object_kind="gate_definition", object_id=scope.pk)
    form, criteria = DefinitionForm(request.POST), CriterionForms(request.POST, prefix="criteria")
    if not (form.is_valid() and criteria.is_valid()):
        return _page(request, scope, definition, form, criteria, status=422)
    try:
        gate_definition_propose(
            scope=scope,
            template="expansion",
            definition=_changed(definition, form, criteria),
            reason=form.cleaned_data["reason"],
            actor=user,
            is_interactive=interactive(request),
        )
    except (NofxError, ValueError) as error:
        if isinstance(error, NofxError):
            record_denial(request, error)
        form.add_error(None, str(error))
        return _page(request, scope, definition, form, criteria, status=422)
    response = redirect_after(request, f"{reverse('governance:gate-definitions')}?scope={scope.pk}")
    return notify(request, response, "Proposed. Another quality lead, or the chair, publishes it.")


@login_required
@require_POST
@recently_authenticated
def definition_publication(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    user = current_user(request)
    version = definitions_readable(user).filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version of a definition that you can read.")
    gate_definition_publish(
        version_id=version.pk,
        digest=request.POST.get("digest", ""),
        actor=user,
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    response = redirect_after(request, f"{reverse('governance:gate-definitions')}?scope={version.scope_id}")
    return notify(request, response, "Published. New gates are held against it; those there keep theirs.")


def _organisation(request: HtmxRequest, user: User) -> Scope:
    scopes = scopes_where(user, Action.REQUEST_READ).filter(repository="").select_related("organisation")
    chosen = request.GET.get("scope", "")
    scope: Scope | None = (scopes.filter(pk=int(chosen)) if chosen.isdecimal() else scopes.order_by("pk")).first()
    if scope is None:
        raise NotFound("There is no organisation whose gates you can read.", remedy="An administrator gives roles.")
    return scope


def _first(definition: GateDefinition) -> tuple[DefinitionForm, Any]:
    figures = {name: getattr(definition, name) for name in ("needed", "quorum", "most_waivers", "vote_days")}
    return DefinitionForm(initial=figures), CriterionForms(initial=criteria_first(definition), prefix="criteria")


def _changed(definition: GateDefinition, form: DefinitionForm, criteria: Any) -> GateDefinition:
    """Return *definition* with the figures of the forms; criteria that the forms do not name stay as they are."""
    said = {row["key"]: row for row in criteria.cleaned_data}
    return replace(
        definition,
        criteria=tuple(
            replace(
                one,
                threshold=said[one.key]["threshold"],
                minimum_n=said[one.key]["minimum_n"],
                window_days=said[one.key]["window_days"],
                is_required=said[one.key]["is_required"],
            )
            if one.key in said
            else one
            for one in definition.criteria
        ),
        **{name: form.cleaned_data[name] for name in ("needed", "quorum", "most_waivers", "vote_days")},
    )


def _page(
    request: HtmxRequest,
    scope: Scope,
    definition: GateDefinition,
    form: DefinitionForm,
    criteria: Any,
    status: int = 200,
) -> HttpResponse:
    user = current_user(request)
    may_edit = can(user, Action.THRESHOLD_EDIT, scope)
    mine = accounts_of(user)
    versions = definitions_readable(user).filter(scope=scope).select_related("proposed_by", "published_by")
    context = {
        "scope": scope,
        "template": TEMPLATES["expansion"],
        "definition": definition,
        "form": form,
        "criteria": criteria,
        "rows": zip(definition.criteria, criteria, strict=False),
        "may_edit": may_edit,
        "versions": [
            {
                "version": one,
                "proposer": display_name(one.proposed_by),
                "publisher": display_name(one.published_by) if one.published_by else "",
                "may_publish": may_edit and one.published_at is None and one.proposed_by_id not in mine,
            }
            for one in versions.order_by("-proposed_at", "id")[:NEWEST]
        ],
        "trail": [("Governance", reverse("governance:index"))],
    }
    return render_page(request, "governance/gate_definitions.html", context, status=status)
