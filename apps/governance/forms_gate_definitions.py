"""What the page of gate definitions asks for: the rule, the criteria that stay, and those that come."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.text import slugify

from apps.governance.engine.gates import SIGNS, Comparison, Criterion, GateDefinition
from apps.governance.forms_tripwires import MeasureChoice, measure_choices

KEY_LENGTH = 40


class DefinitionForm(forms.Form):
    """How a gate is decided."""

    needed = forms.IntegerField(label="Seats that must approve", min_value=1, max_value=9)
    quorum = forms.IntegerField(label="Seats that must be present", min_value=0, max_value=9)
    most_waivers = forms.IntegerField(label="Criteria that may be waived", min_value=0, max_value=20)
    vote_days = forms.IntegerField(label="Days that a vote lasts at most", min_value=1, max_value=60)
    reason = forms.CharField(
        label="Why it shall change",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed to propose it; not to try it.",
    )


class CriterionForm(forms.Form):
    """What one criterion asks for, and whether it stays."""

    key = forms.CharField(max_length=KEY_LENGTH, widget=forms.HiddenInput)
    threshold = forms.FloatField(label="Threshold", help_text="A share from 0 to 1.")
    minimum_n = forms.IntegerField(label="Least n", min_value=0, max_value=1_000_000)
    window_days = forms.IntegerField(label="Window, days", min_value=1, max_value=400)
    is_required = forms.BooleanField(label="Required", required=False)
    is_taken_away = forms.BooleanField(label="Take away", required=False)


class FurtherForm(forms.Form):
    """A criterion that comes, on a measure that is registered; without a measure there is none."""

    measure = forms.ChoiceField(choices=measure_choices, required=False, widget=MeasureChoice)
    title = forms.CharField(max_length=80, required=False)
    comparison = forms.ChoiceField(
        label="Its value is",
        choices=[(one.value, f"{one.value.replace('_', ' ')} ({SIGNS[one]})") for one in Comparison],
    )
    threshold = forms.FloatField(required=False, help_text="A share from 0 to 1, or in the measure's unit.")
    minimum_n = forms.IntegerField(label="Least n", min_value=0, max_value=1_000_000, initial=30)
    window_days = forms.IntegerField(label="Window, days", min_value=1, max_value=400, initial=90)
    is_required = forms.BooleanField(label="Has to be met", required=False, initial=True)
    per_flagship = forms.BooleanField(label="For each flagship by itself", required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for a title and a threshold where there is a measure."""
        data = super().clean() or {}
        if data.get("measure"):
            for name, words in (("title", "Give it a title."), ("threshold", "Say what it asks for.")):
                if data.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, words)
        return data

    def criterion(self, taken: Collection[str]) -> Criterion | None:
        """Return the criterion, named apart from those *taken*; None where no measure was chosen."""
        data = self.cleaned_data
        if not data.get("measure"):
            return None
        base = slugify(data["title"])[: KEY_LENGTH - 3] or slugify(data["measure"])[: KEY_LENGTH - 3]
        key = next(one for one in (base, *(f"{base}-{number}" for number in range(2, 100))) if one and one not in taken)
        return Criterion(
            key=key,
            title=data["title"],
            measure=data["measure"],
            comparison=Comparison(data["comparison"]),
            threshold=data["threshold"],
            minimum_n=data["minimum_n"],
            window_days=data["window_days"],
            is_required=data["is_required"],
            per_flagship=data["per_flagship"],
        )


CriterionForms = forms.formset_factory(CriterionForm, extra=0, max_num=40, absolute_max=40)
FurtherForms = forms.formset_factory(FurtherForm, extra=2, max_num=2, absolute_max=2)


def criteria_first(definition: GateDefinition) -> list[dict[str, object]]:
    """Return the criteria of *definition* as the first words of their forms."""
    return [
        {
            "key": one.key,
            "threshold": one.threshold,
            "minimum_n": one.minimum_n,
            "window_days": one.window_days,
            "is_required": one.is_required,
        }
        for one in definition.criteria
    ]
