"""What the pages of signing in ask for."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import ValidationError

from apps.governance.addresses import client_address
from apps.governance.errors import LockedOut, SignInRefused
from apps.governance.models import User
from apps.governance.services.sign_in import code_check

CODE_HELP = "Six digits from the app, or one of your recovery codes."


class SignInForm(LoginForm):
    """A user name and a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs = {
            "id": "id_username",
            "autocomplete": "username",
            "autocapitalize": "none",
            # With errors their summary takes the focus.
            "autofocus": not self.is_bound,
            "maxlength": 150,
        }
        self.fields["password"].widget.attrs = {"autocomplete": "current-password", "maxlength": 1000}
        self.fields["password"].help_text = ""


class CodeForm(AuthenticateForm):
    """The code that an authenticator app shows, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text=CODE_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        """Use the code up."""
        code: str = self.cleaned_data["code"]
        user = cast("User", self.user)
        try:
            code_check(user=user, code=code, address=client_address(context.request), channel="code")
        except (SignInRefused, LockedOut) as error:
            raise ValidationError(str(error)) from error
        self.authenticator = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
        return code


class ConfirmForm(forms.Form):
    """A password or a code, from somebody who is signed in."""

    password = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        required=False,
        max_length=20,
        help_text=CODE_HELP,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, has_password: bool, has_app: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_password:
            del self.fields["password"]
        if not has_app:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        data = super().clean() or {}
        if not data.get("password") and not data.get("code"):
            raise ValidationError("Type your password." if len(self.fields) == 1 else "Type your password or a code.")
        return data
