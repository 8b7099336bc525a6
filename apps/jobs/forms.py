"""What the pages of notifications and webhooks ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.governance.models import Scope
from apps.jobs.engine.addresses import LONGEST_URL
from apps.jobs.engine.notices import Kind, Wish
from apps.jobs.engine.webhooks import EVENTS
from apps.jobs.models import Kind as KindChoices
from apps.jobs.models import Mail

MEANINGS = {
    Kind.YOUR_TURN: "A review, an answer, a merge, a vote, a signature or an open incident waits for you.",
    Kind.REQUEST_ENDED: "What you asked for was merged, rejected, or failed.",
    Kind.REVIEW_ENDED: "A request that you were asked to review was withdrawn.",
    Kind.GATE_CHANGED: "A gate of the committee was asked for or decided, or a waiver of it was signed.",
    Kind.SCOPE_SUSPENDED: "Code may no longer be generated somewhere, or may again.",
    Kind.REQUEST_MOVED: "What you asked for reached its reviewers, was approved, or was delivered.",
    Kind.ENDS_SOON: "Your token, an override or a waiver that you signed, or what your committee opened.",
    Kind.RULES_CHANGED: "A policy, or a role of yours.",
    Kind.PLATFORM: "Models, legal holds, incidents, and whatever else has no kind of its own.",
}


class MailChoicesForm(forms.Form):
    """When somebody wants e-mail: one choice for each kind of news."""

    def __init__(self, *args: Any, chosen: dict[Kind, Wish], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in Kind:
            self.fields[kind.value] = forms.ChoiceField(
                label=KindChoices(kind.value).label,
                help_text=MEANINGS[kind],
                choices=Mail.choices,
                initial=chosen[kind].value,
            )

    @property
    def wishes(self) -> dict[Kind, Wish]:
        """The choices of a valid form."""
        return {kind: Wish(self.cleaned_data[kind.value]) for kind in Kind}


class WebhookForm(forms.Form):
    """A webhook; where it belongs is chosen once, when it is made."""

    scope = forms.ModelChoiceField(queryset=Scope.objects.none(), label="Events of", empty_label=None)
    name = forms.CharField(max_length=80, help_text="The system that listens.")
    url = forms.CharField(max_length=LONGEST_URL, label="Address", help_text="Begins with https://.")
    events = forms.MultipleChoiceField(
        choices=[(name, f"{name}: {meaning}") for name, meaning in EVENTS.items()], widget=forms.CheckboxSelectMultiple
    )
    is_enabled = forms.BooleanField(label="Switched on", required=False)

    def __init__(self, *args: Any, scopes: QuerySet[Scope] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if scopes is None:
            del self.fields["scope"]
        else:
            self.fields["scope"].queryset = scopes
            del self.fields["is_enabled"]
