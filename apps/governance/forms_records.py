"""What the pages about records ask for."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.governance.forms import ANY
from apps.governance.models import AuditEvent

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AuditFilter(forms.Form):
    """Which audit entries to show; empty fields show all."""

    actor = forms.CharField(required=False, max_length=150, label="Who", help_text="A user name or an id.")
    actor_type = forms.ChoiceField(required=False, choices=[*ANY, *AuditEvent.ActorType.choices], label="Sort of actor")
    action = forms.CharField(required=False, max_length=60, help_text="For example ballot.cast.")
    object_kind = forms.CharField(
        required=False, max_length=40, label="Kind of object", help_text="For example request."
    )
    object_id = forms.CharField(required=False, max_length=64, label="Its id")
    outcome = forms.ChoiceField(required=False, choices=[*ANY, *AuditEvent.Outcome.choices])
    since = forms.DateField(required=False, widget=DAY, label="From")
    until = forms.DateField(required=False, widget=DAY, label="Until", help_text="Days in UTC, both inclusive.")

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins."""
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            self.add_error("until", "This is before the first day.")
        return data
