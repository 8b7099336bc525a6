"""What the pages of the ladder ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.governance.models import Incident, Scope, Suspension, User
from apps.governance.selectors.suspensions import scopes_suspendable, wholes_suspendable

EVERYWHERE = "All organisations"
VERDICTS = [("approve", "Resume"), ("request_changes", "Not yet"), ("recuse", "Step aside")]


class SuspendForm(forms.Form):
    """
    What to suspend. Only what *user* may is offered; what is posted besides, the service refuses and records.

    The place of a repository is its own, of everything else its organisation, or none for all organisations.
    """

    kind = forms.ChoiceField(label="What", choices=Suspension.Kind.choices[:3])
    scope = forms.ModelChoiceField(queryset=Scope.objects.none(), label="Where", empty_label=None)
    model = forms.CharField(max_length=60, required=False, help_text="Its name; only where one model is suspended.")
    reason = forms.CharField(
        label="Why",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="May stay empty now and be given later.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = scopes_suspendable(user)
        self.fields["scope"].queryset = places
        wholes = wholes_suspendable(user)
        offered = [place for place in places if place.repository or place.organisation_id in wholes]
        self.fields["scope"].widget.choices = [(place.pk, str(place)) for place in offered]
        if len(wholes) > 1:
            self.fields["scope"].required = False
            self.fields["scope"].initial = offered[0].pk
            self.fields["scope"].widget.choices = [*self.fields["scope"].widget.choices, ("", EVERYWHERE)]
        self.is_offered = bool(offered)
        if not wholes:
            self.fields["kind"].widget.choices = [Suspension.Kind.choices[2]]
            self.fields["model"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("kind") == Suspension.Kind.REPOSITORY and "scope" in said and said["scope"] is None:
            self.add_error("scope", "Choose the repository.")
        return said


class IncidentForm(forms.Form):
    """What went wrong, and where."""

    scope = forms.ModelChoiceField(queryset=Scope.objects.none(), label="Repository", empty_label=None)
    title = forms.CharField(label="What went wrong", max_length=200)
    severity = forms.ChoiceField(choices=Incident.Severity.choices)
    request_id = forms.UUIDField(
        label="Request", required=False, help_text="The id of the request whose code it is about, if one is known."
    )

    def __init__(self, *args: Any, scopes: QuerySet[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].queryset = scopes
