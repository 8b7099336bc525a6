"""What an administrator may say about a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms

from apps.governance.policy_kinds import Content, PolicyVersionForm
from apps.providers.gateways.keys import VARIABLE_PATTERN
from apps.providers.models import Provider


class ProviderForm(forms.ModelForm):
    """The row of a provider. Takes the name of a key's variable and refuses what looks like a key."""

    data: Any
    base_url = forms.URLField(
        label="Base URL", required=False, assume_scheme="https", help_text="With its version: https://host/v1."
    )

    class Meta:
        model = Provider
        exclude = ("created_at",)

    def clean_key_variable(self) -> str:
        """Return the name, refused without being shown again when it may be a key."""
        variable = str(self.cleaned_data["key_variable"])
        if variable and not VARIABLE_PATTERN.fullmatch(variable):
            # What was typed may be the key itself; it must not come back in the page.
            self.data = self.data.copy()
            self.data[self.add_prefix("key_variable")] = ""
            raise forms.ValidationError(
                "Type the name of the environment variable that holds the key, for example OPENAI_API_KEY. "
                "Capital letters, digits and underscores only. Never type the key itself."
            )
        return variable

    def clean_task_classes(self) -> list[str]:
        """Return the classes, refused where they are no list of names."""
        classes = self.cleaned_data["task_classes"] or []
        if not isinstance(classes, list) or not all(isinstance(name, str) and name for name in classes):
            raise forms.ValidationError('Give a list of names, such as ["text", "numbers"], or nothing for all.')
        return classes

    def clean_base_url(self) -> str:
        """Return the address without anything that could carry a secret into a log."""
        address = str(self.cleaned_data["base_url"])
        parts = urlsplit(address)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise forms.ValidationError("Give the address without user name, password, query or fragment.")
        if address and parts.scheme not in {"http", "https"}:
            raise forms.ValidationError("The address begins with https:// or http://.")
        return address

    def clean(self) -> dict[str, Any]:
        """Return the cleaned fields, once each kind has what it needs."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == Provider.Kind.OPENAI and "base_url" in cleaned and not cleaned["base_url"]:
            self.add_error("base_url", "An endpoint needs its address, with its version: https://host/v1.")
        return dict(cleaned)


class BudgetsForm(PolicyVersionForm):
    """What calls for a place may use, for each request and in each month."""

    PERIODS = (("request", "for each request"), ("month", "in each month"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for period, words in self.PERIODS:
            self.fields[f"{period}_tokens"] = forms.IntegerField(
                min_value=0, max_value=10**15, required=False, label=f"Tokens {words}", help_text="Empty: no limit."
            )
            self.fields[f"{period}_cost"] = forms.DecimalField(
                min_value=0,
                max_digits=12,
                decimal_places=2,
                required=False,
                label=f"US dollars {words}",
                help_text="Empty: no limit.",
            )
            self.fields[f"{period}_unknown"] = forms.BooleanField(
                required=False,
                label=f"Allow calls whose cost is not known, {words}",
                help_text="Without it, a limit in money refuses models that have no price.",
            )
        self.order_fields([name for name in self.fields if name != "reason"])

    def content(self) -> Content:
        """Return the limits of each period, None where there are none."""
        return {period: self._limits(period) for period, _ in self.PERIODS}

    def _limits(self, period: str) -> Content | None:
        tokens, cost = self.cleaned_data[f"{period}_tokens"], self.cleaned_data[f"{period}_cost"]
        if tokens is None and cost is None:
            return None
        return {
            "tokens": tokens,
            "cost": None if cost is None else f"{cost:.2f}",
            "allows_unknown_cost": self.cleaned_data[f"{period}_unknown"],
        }

    @classmethod
    def values(cls, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the fields that say *content*."""
        found: dict[str, Any] = {}
        for period, _ in cls.PERIODS:
            limits = content[period] or {}
            found[f"{period}_tokens"] = limits.get("tokens")
            found[f"{period}_cost"] = limits.get("cost")
            found[f"{period}_unknown"] = limits.get("allows_unknown_cost", False)
        return found


class AllowedProvidersForm(PolicyVersionForm):
    """Which providers are asked for the requests of a place."""

    everyone = forms.BooleanField(
        required=False, label="Every approved provider", help_text="Also those that are registered later."
    )
    allowed = forms.ModelMultipleChoiceField(
        Provider.objects.order_by("name"),
        required=False,
        label="Providers that may be asked",
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        """Return the cleaned fields of a policy under which somebody can be asked."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned["everyone"] and not cleaned["allowed"]:
            self.add_error("allowed", "Allow at least one provider. To stop generation, suspend it for the repository.")
        return dict(cleaned)

    def content(self) -> Content:
        """Return the keys of the providers that are allowed, None for all."""
        chosen = self.cleaned_data["allowed"]
        return {"allowed": None if self.cleaned_data["everyone"] else sorted(str(one.pk) for one in chosen)}

    @classmethod
    def values(cls, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the fields that say *content*."""
        return {"everyone": content["allowed"] is None, "allowed": content["allowed"] or []}
