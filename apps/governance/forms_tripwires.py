"""The tripwires that the form of a gate asks for: registered measures, chosen and never typed."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.governance.engine.tripwires import Trips
from apps.governance.measures import Measure, measure_find, measures_all

USUAL = (
    ("generation.revert_rate", Trips.ABOVE, 0.10),
    ("generation.rework_rate", Trips.ABOVE, 0.25),
    ("quality.flake_rate", Trips.ABOVE, 0.02),
    ("quality.coverage_line", Trips.BELOW, 0.85),
    ("governance.open_incidents", Trips.ABOVE, 0),
)
FURTHER = 2
MOST = len(USUAL) + FURTHER


def measure_choices() -> list[tuple[str, Any]]:
    """Return no measure and every registered one, by group, as choices."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in measures_all():
        groups.setdefault(one.group, []).append((one.key, _label(one)))
    return [("", "none"), *groups.items()]


def _label(measure: Measure) -> str:
    unit = "share from 0 to 1" if measure.unit == "%" else measure.unit
    return f"{measure.title} ({unit})" if unit else measure.title


class MeasureChoice(forms.Select):
    """Measures; each option has its definition and its name as a tooltip, and so has the one that is chosen."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["attrs"].update(_tooltip(value))
        return option

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, {**(attrs or {}), **_tooltip(value)})


def _tooltip(key: Any) -> dict[str, str]:
    measure = measure_find(str(key))
    return {"title": f"{measure.definition} ({measure.key})"} if measure else {}


class TripwireForm(forms.Form):
    """One tripwire; without a measure there is none."""

    measure = forms.ChoiceField(choices=measure_choices, required=False, widget=MeasureChoice)
    trips = forms.ChoiceField(label="Trips", choices=[(one.value, one.value) for one in Trips], required=False)
    bound = forms.FloatField(required=False, widget=forms.NumberInput(attrs={"step": "any"}))

    def clean(self) -> dict[str, Any]:
        """Ask for a side and a bound where there is a measure, and refuse them without one."""
        data = super().clean() or {}
        if data.get("measure"):
            if data.get("bound") is None and "bound" not in self.errors:
                self.add_error("bound", "Say past which figure it trips.")
            if not data.get("trips") and "trips" not in self.errors:
                self.add_error("trips", "Say on which side it trips.")
        elif data.get("bound") is not None and "measure" not in self.errors:
            self.add_error("measure", "Say what the figure is of.")
        return data


TripwireForms = forms.formset_factory(TripwireForm, extra=FURTHER, max_num=MOST, absolute_max=MOST)


def tripwires_first() -> list[dict[str, object]]:
    """Return the usual tripwires as the first words of their forms."""
    return [{"measure": key, "trips": trips.value, "bound": bound} for key, trips, bound in USUAL]


def tripwires_said(rows: Any) -> list[dict[str, object]]:
    """Return the tripwires that the valid forms *rows* name, as data."""
    return [dict(row) for row in rows.cleaned_data if row.get("measure")]
