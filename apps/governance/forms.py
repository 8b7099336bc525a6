"""What the governance pages ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.governance.engine.decisions import Policy, Seat
from apps.governance.engine.permissions import Role
from apps.governance.engine.policies import LONGEST_LIFE, MOST_SEATS, SEAT_ROLES
from apps.governance.models import ApprovalPolicyVersion, Scope, User

ANY = [("", "Any")]


class PolicyForm(forms.Form):
    """Who must approve requests of one risk: the numbers. The seats are forms of their own."""

    scope = forms.ModelChoiceField(queryset=Scope.objects.none(), label="Where", empty_label=None)
    risk_tier = forms.ChoiceField(label="Risk", choices=ApprovalPolicyVersion.RiskTier.choices)
    needed = forms.IntegerField(
        label="Seats that must approve",
        min_value=1,
        max_value=MOST_SEATS,
        required=False,
        help_text="Empty: all of them.",
    )
    quorum = forms.IntegerField(
        label="Seats that must be present",
        min_value=0,
        max_value=MOST_SEATS,
        required=False,
        help_text="By any verdict but stepping aside. Empty: none beyond those who approve.",
    )
    ballot_days = forms.IntegerField(
        label="Days that an approval lives",
        min_value=1,
        max_value=LONGEST_LIFE.days,
        required=False,
        help_text="Empty: until the request changes.",
    )
    reason = forms.CharField(
        label="Why it shall change", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), required=True
    )

    def __init__(self, *args: Any, scopes: QuerySet[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].queryset = scopes

    def policy(self, seats: list[Seat]) -> Policy:
        """
        Return the policy that the form and *seats* describe; both must be valid.

        :raises ValueError: it contradicts itself.
        """
        data = self.cleaned_data
        days = data["ballot_days"]
        return Policy(
            name=f"the policy for {data['risk_tier']} risk",
            seats=tuple(seats),
            needed=data["needed"] or 0,
            quorum=data["quorum"] or 0,
            ballot_life=timedelta(days=days) if days else None,
        )


class PeopleField(forms.CharField):
    """User names with commas between them, as the keys of active people."""

    def clean(self, value: Any) -> frozenset[int]:
        """Return the keys; refuse names that belong to nobody active, and machines."""
        names = {name.strip() for name in super().clean(value).split(",")} - {""}
        people = User.objects.filter(username__in=names, is_active=True, is_service=False)
        found = dict(people.values_list("username", "pk"))
        missing = sorted(names - found.keys())
        if missing:
            raise forms.ValidationError(f"There is no active person called {' or '.join(missing)}.")
        return frozenset(found.values())


class SeatForm(forms.Form):
    """One seat; a row without a name is none."""

    name = forms.CharField(max_length=60, required=False, help_text="For example a reviewer.")
    role = forms.ChoiceField(
        label="Also holds the role",
        required=False,
        choices=[("", "Any"), *((role.value, role.value.replace("_", " ").capitalize()) for role in SEAT_ROLES)],
    )
    is_owner = forms.BooleanField(label="Owns the path", required=False)
    holders = PeopleField(label="Held by", max_length=400, required=False, help_text="User names; empty: whoever fits.")
    alternates = PeopleField(label="In their absence", max_length=400, required=False)
    has_veto = forms.BooleanField(label="Has a veto", required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a row that says something about a seat without naming it, and alternates of nobody."""
        data = super().clean() or {}
        says = any(data.get(name) for name in ("role", "is_owner", "holders", "alternates", "has_veto"))
        if says and not data.get("name"):
            self.add_error("name", "Give the seat a name.")
        if data.get("alternates") and not data.get("holders"):
            self.add_error("alternates", "Alternates stand in for somebody: say who holds the seat.")
        return data

    @property
    def seat(self) -> Seat | None:
        """The seat that the row describes; None for an empty row. The form must be valid."""
        data = self.cleaned_data
        if not data.get("name"):
            return None
        return Seat(
            name=data["name"],
            also=Role(data["role"]) if data["role"] else None,
            is_owner=data["is_owner"],
            holders=data["holders"],
            alternates=data["alternates"],
            has_veto=data["has_veto"],
        )


SeatForms = forms.formset_factory(SeatForm, extra=0, max_num=MOST_SEATS, absolute_max=MOST_SEATS)
