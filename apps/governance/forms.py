"""What the governance pages ask for."""

from __future__ import annotations

from django import forms

from apps.governance.models import AuditEvent

ANY = [("", "Any")]


class AuditFilter(forms.Form):
    """Which audit entries to show; empty fields show all."""

    action = forms.CharField(required=False, max_length=60, help_text="For example ballot.cast.")
    object_kind = forms.CharField(
        required=False, max_length=40, label="Kind of object", help_text="For example request."
    )
    outcome = forms.ChoiceField(required=False, choices=[*ANY, *AuditEvent.Outcome.choices])
    actor_type = forms.ChoiceField(required=False, choices=[*ANY, *AuditEvent.ActorType.choices], label="Actor")
