"""What the pages of gates ask for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from apps.governance.engine.gates import Choice, GateDefinition
from apps.governance.forms import PeopleField
from apps.governance.models import Gate, Scope, User
from apps.governance.services.gates import Sitting, Wish

USUAL_GRANT = timedelta(days=90)


def end_of(day: date) -> datetime:
    """Return the last minute of *day*."""
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


class WordsField(forms.CharField):
    """Words with commas between them, as a list."""

    def clean(self, value: Any) -> list[str]:
        """Return the words, each once."""
        return sorted({word.strip() for word in super().clean(value).split(",")} - {""})


class WishForm(forms.Form):
    """What an expansion asks for."""

    title = forms.CharField(max_length=120, help_text="For example pilot to wave 2.")
    granted = forms.ModelMultipleChoiceField(
        queryset=Scope.objects.none(), label="Repositories to open", widget=forms.CheckboxSelectMultiple
    )
    sample = forms.ModelMultipleChoiceField(
        queryset=Scope.objects.none(),
        label="Repositories whose records are the evidence",
        widget=forms.CheckboxSelectMultiple,
        help_text="The pilots, as a rule.",
    )
    flagships = forms.ModelMultipleChoiceField(
        queryset=Scope.objects.none(),
        label="Flagships among them",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Coverage and documentation are read for each of these by itself.",
    )
    risk_max = forms.ChoiceField(label="Highest risk", choices=Gate.Risk.choices, initial=Gate.Risk.MEDIUM)
    expires_on = forms.DateField(
        label="Until",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Within a year; then it ends.",
    )
    task_classes = WordsField(
        label="Kinds of tasks", required=False, max_length=400, help_text="With commas. Empty: all of them."
    )
    models = WordsField(
        label="Models", required=False, max_length=400, help_text="With commas. Empty: all that are approved."
    )
    risks = forms.CharField(
        label="Risks, and what is done about them",
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self, *args: Any, writable: QuerySet[Scope], readable: QuerySet[Scope], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["granted"].queryset = writable
        self.fields["sample"].queryset = readable
        self.fields["flagships"].queryset = readable
        self.fields["expires_on"].initial = today + USUAL_GRANT
        self.fields["sample"].initial = [one.pk for one in readable if one.is_pilot]

    def wish(self, tripwires: list[dict[str, object]]) -> Wish:
        """Return what the form says, with *tripwires* to watch over it; it must be valid."""
        data = self.cleaned_data
        return Wish(
            title=data["title"],
            granted=list(data["granted"]),
            sample=list(data["sample"]),
            flagships=list(data["flagships"]),
            risk_max=data["risk_max"],
            expires_at=end_of(data["expires_on"]),
            task_classes=data["task_classes"],
            models=data["models"],
            tripwires=tripwires,
            risks=data["risks"],
        )


class SeatsForm(forms.Form):
    """Who sits where, by user name: a pair of fields for each seat of the definition."""

    def __init__(self, *args: Any, definition: GateDefinition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = [seat.key for seat in definition.seats]
        for seat in definition.seats:
            title = f"{seat.title} (veto)" if seat.has_veto else seat.title
            self.fields[f"holder_{seat.key}"] = PeopleField(label=title, required=False, max_length=400)
            self.fields[f"alternate_{seat.key}"] = PeopleField(
                label=f"{seat.title}: stands in", required=False, max_length=400
            )

    @property
    def sitting(self) -> Sitting:
        """Who the form seats; it must be valid. Two queries."""
        return Sitting(self._people("holder"), self._people("alternate"))

    def _people(self, part: str) -> dict[str, list[User]]:
        keys = {key: self.cleaned_data[f"{part}_{key}"] for key in self.keys}
        users = User.objects.in_bulk([pk for found in keys.values() for pk in found])
        return {key: [users[pk] for pk in sorted(found)] for key, found in keys.items() if found}


class BallotForm(forms.Form):
    """What a member says, on which digest."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    choice = forms.ChoiceField(
        label="Your ballot",
        choices=[
            (Choice.APPROVE.value, "Approve"),
            (Choice.APPROVE_WITH_CONDITIONS.value, "Approve with conditions"),
            (Choice.REJECT.value, "Reject"),
            (Choice.ABSTAIN.value, "Abstain"),
            (Choice.RECUSE.value, "Step aside"),
        ],
        widget=forms.RadioSelect,
    )
    conditions = forms.CharField(
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For an approval with some.",
    )
    rationale = forms.CharField(
        label="Why",
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Read when the vote closes.",
    )


class WaiverForm(forms.Form):
    """Why one criterion need not be met, and until when."""

    key = forms.CharField(max_length=80, widget=forms.HiddenInput)
    reason = forms.CharField(label="Why it need not be met", max_length=2_000)
    until = forms.DateField(
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), help_text="Within 90 days."
    )
