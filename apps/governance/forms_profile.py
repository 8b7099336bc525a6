"""What the pages about oneself ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from apps.core.keymap import ACTIONS
from apps.governance.addresses import NetworkInvalid, networks_read
from apps.governance.models import Scope, User
from apps.governance.services.tokens import LONGEST, TOKEN_SCOPES

DAY = forms.DateInput(attrs={"type": "date"})


class ProfileForm(forms.ModelForm):
    """What a person is called and written to."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, token in (("first_name", "given-name"), ("last_name", "family-name"), ("email", "email")):
            self.fields[name].widget.attrs["autocomplete"] = token


class AbsenceForm(forms.Form):
    """From when until when somebody is away."""

    starts_on = forms.DateField(label="First day", widget=DAY)
    ends_on = forms.DateField(label="Last day", widget=DAY)


class PasswordForm(forms.Form):
    """A new password, twice."""

    new_password = forms.CharField(
        label="New password",
        max_length=1000,
        strip=False,
        help_text="At least 12 characters. Several words are easier to remember than signs.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="The same again",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Refuse two different ones, and those that are easily guessed."""
        data = super().clean() or {}
        if {"new_password", "again"} <= data.keys():
            new = data["new_password"]
            if new != data["again"]:
                self.add_error("again", "The two are not the same.")
            if self.user.is_password_given and self.user.check_password(new):
                self.add_error("new_password", "This is the password that you were given. Choose another one.")
            try:
                password_validation.validate_password(new, self.user)
            except ValidationError as error:
                self.add_error("new_password", error)
        return data


class AppForm(forms.Form):
    """The first code of a new authenticator app."""

    code = forms.CharField(
        label="Code that the app shows",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class TokenForm(forms.Form):
    """What a new token may do, where, from where and for how long."""

    name = forms.CharField(max_length=80, help_text="After where it will be used, for example build server.")
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=list(TOKEN_SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="No token can approve, vote or sign.",
    )
    repositories = forms.ModelMultipleChoiceField(
        queryset=Scope.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all that the account reads, also later.",
    )
    days = forms.IntegerField(
        label="Days that it lives", min_value=1, max_value=LONGEST.days, initial=90, help_text="Up to 365."
    )
    networks = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Addresses it may be used from, such as 192.0.2.0/24. Empty: anywhere.",
    )

    def __init__(self, *args: Any, scopes: QuerySet[Scope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["repositories"].queryset = scopes

    def clean_networks(self) -> list[str]:
        """Read the addresses."""
        try:
            return networks_read(self.cleaned_data["networks"])
        except NetworkInvalid as error:
            raise ValidationError(str(error)) from error

    @property
    def lifetime(self) -> timedelta:
        """How long the token lives; the form must be valid."""
        return timedelta(days=self.cleaned_data["days"])


class RotateForm(forms.Form):
    """For how long the old token works beside the new one."""

    overlap = forms.TypedChoiceField(
        coerce=int, choices=[(0, "at once"), (24, "in a day"), (72, "in three days"), (168, "in seven days")]
    )


class KeysForm(forms.Form):
    """Which single key does what."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for action in ACTIONS:
            self.fields[action.name] = forms.CharField(
                label=action.label,
                min_length=1,
                max_length=1,
                strip=False,
                widget=forms.TextInput(attrs={"size": 2, "autocomplete": "off", "autocapitalize": "none"}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a key that does two things, and what is no key of its own."""
        data = super().clean() or {}
        chosen = list(data.values())
        for name, key in list(data.items()):
            if not key.isprintable() or not key.isascii() or key.isspace():
                self.add_error(name, "Choose a letter, a digit or a sign.")
            elif chosen.count(key) > 1:
                self.add_error(name, f"{key} does something else as well.")
        return data
