"""What the pages about records ask for."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.errors import NotFound
from apps.core.ids import parse_id
from apps.governance.forms import ANY
from apps.governance.models import AuditEvent, Scope, User
from apps.governance.records import data_classes

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


class ReasonField(forms.CharField):
    """Why somebody signs. It is kept for as long as the audit chain."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Kept for years: name nobody.")
        super().__init__(label="Why", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), **options)


class RetentionForm(forms.Form):
    """For how many days one class of data shall be kept."""

    data_class = forms.ChoiceField(label="Data")
    days = forms.IntegerField(min_value=0, max_value=36500, label="Days")
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["data_class"].choices = [(data.key, data.title) for data in data_classes() if data.kept]


class PersonField(forms.CharField):
    """A user name, as the account it belongs to."""

    def clean(self, value: Any) -> User | None:
        """Return the account; None for an empty value."""
        name = super().clean(value)
        found = User.objects.filter(username=name).first() if name else None
        if name and found is None:
            raise forms.ValidationError("There is no account of this name.")
        return found


class RequestField(forms.CharField):
    """The id of a request, with or without its prefix."""

    def clean(self, value: Any) -> Any:
        """Return the id; None for an empty value."""
        text = super().clean(value)
        try:
            return parse_id("req", text) if text else None
        except NotFound as error:
            raise forms.ValidationError("This is no id of a request.") from error


class HoldForm(forms.Form):
    """What shall be held: exactly one of the three."""

    scope = forms.ModelChoiceField(
        queryset=Scope.objects.none(), required=False, label="A repository or an organisation", empty_label="None"
    )
    request_id = RequestField(required=False, max_length=60, label="Or a request", help_text="Its id, req_…")
    person = PersonField(required=False, max_length=150, label="Or a person", help_text="A user name.")
    reason = ReasonField(required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = Scope.objects.select_related("organisation")
        self.fields["scope"].queryset = scopes.order_by("organisation__name", "repository")


class ErasureFind(forms.Form):
    """Whom an erasure is about."""

    person = PersonField(max_length=150, label="User name")


class ErasureForm(forms.Form):
    """Why a person is erased."""

    reason = ReasonField(help_text="Kept for years: do not name the person.")


class AccountLinkForm(forms.Form):
    """Which accounts are one person's, or which one is nobody else's."""

    account = PersonField(max_length=150, label="Account", help_text="A user name.")
    other = PersonField(
        required=False, max_length=150, label="Is the same person's as", help_text="Empty: nobody else's any more."
    )
    reason = ReasonField()
