"""What gates ask for, in versions: one of quality lead and chair proposes, another one publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core.errors import NofxError, NotFound
from apps.core.htmx import HtmxRequest, notify, redirect_after, render_page
from apps.core.numbers import whole_number
from apps.governance.engine.gates import TEMPLATES, Criterion, GateDefinition, definition_read
from apps.governance.engine.gates.changes import definition_changes
from apps.governance.engine.permissions import Action
from apps.governance.forms_gate_definitions import CriterionForms, DefinitionForm, FurtherForms, criteria_first
from apps.governance.http import current_user, interactive, record_denial, require, session_key
from apps.governance.measures import measure_find, measures_all
from apps.governance.models import Scope, User
from apps.governance.reauthentication import recently_authenticated
from apps.governance.selectors import accounts_of, can, display_name, scopes_where
from apps.governance.selectors.gate_definitions import definition_before, definition_get, definition_trials
from apps.governance.selectors.gates import definitions_readable
from apps.governance.services.gates import definition_check, gate_definition_propose, gate_definition_publish
from apps.governance.services.gates.requests import definition_ruling

NEWEST = 50
TRAIL = ("Governance", reverse_lazy("governance:index"))


@dataclass(frozen=True)
class Forms:
    """What the page asks for: the rule of the vote, the criteria that are there, and further ones."""

    rule: DefinitionForm
    criteria: Any
    further: Any

    def is_valid(self) -> bool:
        """Whether all of it is."""
        return all([self.rule.is_valid(), self.criteria.is_valid(), self.further.is_valid()])

    def definition(self, before: GateDefinition) -> GateDefinition:
        """
        Return *before* as the forms change it; criteria that they do not name stay as they are.

        :raises ValueError: it contradicts itself, with a sentence about how.
        """
        said = {row["key"]: row for row in self.criteria.cleaned_data}
        criteria = [
            _said(one, said[one.key]) if one.key in said else one
            for one in before.criteria
            if not said.get(one.key, {}).get("is_taken_away")
        ]
        for form in self.further:
            further = form.criterion({one.key for one in (*before.criteria, *criteria)})
            criteria += [further] if further else []
        rule = {name: self.rule.cleaned_data[name] for name in ("needed", "quorum", "most_waivers", "vote_days")}
        return replace(before, criteria=tuple(criteria), **rule)


def _said(criterion: Criterion, row: Mapping[str, Any]) -> Criterion:
    return replace(criterion, **{name: row[name] for name in ("threshold", "minimum_n", "window_days", "is_required")})


@login_required
@require_http_methods(["GET", "POST"])
def definition_list(request: HtmxRequest) -> HttpResponse:
    """Show what rules in an organisation and its versions; try a proposal, or take it as the next version."""
    user = current_user(request)
    scope = _organisation(request, user)
    _ruling, content = definition_ruling(scope, "expansion")
    before = definition_read(content)
    if request.method == "GET":
        return _page(request, scope, before, _first(before))
    require(request, Action.THRESHOLD_EDIT, scope, object_kind="gate_definition", object_id=scope.pk)
    forms = Forms(
        DefinitionForm(request.POST),
        CriterionForms(request.POST, prefix="criteria"),
        FurtherForms(request.POST, prefix="further"),
    )
    is_trial = "try" in request.POST
    if not forms.is_valid():
        return _page(request, scope, before, forms, status=422)
    try:
        after = forms.definition(before)
        if is_trial:
            definition_check(after)
            return _page(request, scope, before, forms, tried=_tried(user, scope, before, after))
        version = gate_definition_propose(
            scope=scope,
            template="expansion",
            definition=after,
            reason=forms.rule.cleaned_data["reason"],
            actor=user,
            is_interactive=interactive(request),
        )
    except (NofxError, ValueError) as error:
        if isinstance(error, NofxError):
            record_denial(request, error)
        forms.rule.add_error(None, str(error))
        return _page(request, scope, before, forms, status=422)
    response = redirect_after(request, reverse("governance:gate-definition", args=[version.pk]))
    return notify(request, response, "Proposed. Another quality lead, or the chair, publishes it.")


def _tried(user: User, scope: Scope, before: GateDefinition, after: GateDefinition) -> dict[str, Any]:
    trials = definition_trials(user, scope, before, after)
    return {
        "changes": definition_changes(before, after, {one.key: one for one in measures_all()}),
        "trials": trials,
        "changed_count": sum(len(trial.changed) for trial in trials),
    }


@login_required
@require_GET
def definition_detail(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    """Show what a version changes of what ruled before it, and which rows of gates would be otherwise."""
    user = current_user(request)
    version = definition_get(user, version_id)
    compared, before = definition_before(version)
    context = {
        "version": version,
        "proposer": display_name(version.proposed_by),
        "publisher": display_name(version.published_by) if version.published_by else "",
        "compared": compared,
        "tried": _tried(user, version.scope, before, definition_read(version.content)),
        "may_publish": version.published_at is None
        and can(user, Action.THRESHOLD_EDIT, version.scope)
        and version.proposed_by_id not in accounts_of(user),
        "trail": [
            TRAIL,
            ("Gate definitions", f"{reverse('governance:gate-definitions')}?scope={version.scope_id}"),
        ],
    }
    return render_page(request, "governance/gate_definition.html", context)


@login_required
@require_POST
@recently_authenticated
def definition_publication(request: HtmxRequest, version_id: UUID) -> HttpResponse:
    version = definition_get(current_user(request), version_id)
    gate_definition_publish(
        version_id=version.pk,
        digest=request.POST.get("digest", ""),
        actor=current_user(request),
        is_interactive=interactive(request),
        session_key=session_key(request),
    )
    response = redirect_after(request, f"{reverse('governance:gate-definitions')}?scope={version.scope_id}")
    return notify(request, response, "Published. New gates are held against it; those there keep theirs.")


def _organisation(request: HtmxRequest, user: User) -> Scope:
    scopes = scopes_where(user, Action.REQUEST_READ).filter(repository="").select_related("organisation")
    chosen = whole_number(request.GET.get("scope", ""))
    scope: Scope | None = (scopes.order_by("pk") if chosen is None else scopes.filter(pk=chosen)).first()
    if scope is None:
        raise NotFound("There is no organisation whose gates you can read.", remedy="An administrator gives roles.")
    return scope


def _first(definition: GateDefinition) -> Forms:
    figures = {name: getattr(definition, name) for name in ("needed", "quorum", "most_waivers", "vote_days")}
    criteria = CriterionForms(initial=criteria_first(definition), prefix="criteria")
    return Forms(DefinitionForm(initial=figures), criteria, FurtherForms(prefix="further"))


def _page(
    request: HtmxRequest,
    scope: Scope,
    definition: GateDefinition,
    forms: Forms,
    *,
    tried: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = current_user(request)
    versions = definitions_readable(user).filter(scope=scope).select_related("proposed_by", "published_by")
    context = {
        "scope": scope,
        "template": TEMPLATES["expansion"],
        "definition": definition,
        "form": forms.rule,
        "criteria": forms.criteria,
        "further": forms.further,
        "rows": [
            (one, measure_find(one.measure), row) for one, row in zip(definition.criteria, forms.criteria, strict=False)
        ],
        "tried": tried,
        "may_edit": can(user, Action.THRESHOLD_EDIT, scope),
        "versions": [
            (one, display_name(one.proposed_by), display_name(one.published_by) if one.published_by else "")
            for one in versions.order_by("-proposed_at", "id")[:NEWEST]
        ],
        "trail": [TRAIL],
    }
    return render_page(request, "governance/gate_definitions.html", context, status=status)
