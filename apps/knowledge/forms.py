"""The parameters of a pattern, and the policy of a repository, as forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.governance.policy_kinds import Content, PolicyVersionForm
from apps.knowledge.engine.instantiation import ParameterInvalid, instantiate
from apps.knowledge.engine.pattern_model import Pattern
from apps.knowledge.engine.policy import LISTS, PolicyContent, policy_problems, policy_read
from apps.knowledge.gateways.library import patterns
from apps.knowledge.models import RepositoryPolicy

LONGEST_VALUE = 2000


class ParametersForm(forms.Form):
    """One field for each parameter; after a valid one ``code`` is the pattern under these names and values."""

    def __init__(self, pattern: Pattern, data: Any = None) -> None:
        super().__init__(data)
        self.pattern = pattern
        self.code = pattern.template
        for parameter in pattern.parameters:
            self.fields[parameter.name] = forms.CharField(
                label=parameter.name,
                help_text=f"{parameter.meaning[:1].upper()}{parameter.meaning[1:]}.",
                initial=parameter.default,
                required=False,
                max_length=LONGEST_VALUE,
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        try:
            self.code = instantiate(self.pattern, cleaned)
        except ParameterInvalid as error:
            self.add_error(error.parameter, str(error))
        return cleaned


POLICY_LABELS = {
    "required_patterns": "Required patterns",
    "forbidden_patterns": "Forbidden patterns and anti-patterns",
    "dependencies_allowed": "Allowed distributions",
    "dependencies_denied": "Denied distributions",
    "licences_allowed": "Allowed licences",
    "licences_denied": "Denied licences",
}
_HELP = {
    "required_patterns": "A changed file needs an instance of it, or imports one. "
    "One a line; “retry-with-backoff in shop/clients/*” for some files only.",
    "forbidden_patterns": "One a line, by the names in the library.",
    "dependencies_allowed": "One a line. Where there is any, no other may be imported.",
    "dependencies_denied": "One a line.",
    "licences_allowed": "SPDX names, one a line. Where there is any, no other licence is permitted, nor one that is "
    "not known.",
    "licences_denied": "SPDX names, one a line, such as AGPL-3.0-only. Where there is any, what has a licence that is "
    "not known is not permitted either.",
}
_LONGEST_TEXT = 20_000


def policy_entries(policy: RepositoryPolicy | None) -> dict[str, list[str]]:
    """Return the entries of each list of a policy as people write them; none where there is no policy."""
    return content_entries(PolicyContent.from_json(policy.content) if policy else PolicyContent())


def content_entries(content: PolicyContent) -> dict[str, list[str]]:
    """Return the entries of each list of *content*, as a person writes them."""
    return {
        "required_patterns": [str(one) for one in content.required_patterns],
        **{name: list(getattr(content, name)) for name in LISTS},
    }


class CodeRulesForm(PolicyVersionForm):
    """What a repository asks of code: its lists as lines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in POLICY_LABELS.items():
            self.fields[name] = forms.CharField(
                label=label,
                help_text=_HELP[name],
                required=False,
                max_length=_LONGEST_TEXT,
                widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
            )
        self.order_fields(["scope", *POLICY_LABELS, "reason"])

    def clean(self) -> dict[str, Any]:
        """Return the cleaned fields; what names nothing or contradicts itself is said beside its list."""
        cleaned = super().clean() or self.cleaned_data
        for problem in policy_problems(self._rules(), patterns()):
            self.add_error(problem.field, problem.message)
        return dict(cleaned)

    def content(self) -> Content:
        """Return the rules, as the engine stores them."""
        return self._rules().as_json()

    def _rules(self) -> PolicyContent:
        return policy_read({name: self.cleaned_data.get(name, "").splitlines() for name in POLICY_LABELS})

    @classmethod
    def values(cls, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the lists of *content* as lines."""
        return {name: "\n".join(entries) for name, entries in content_entries(PolicyContent.from_json(content)).items()}


class MinedForm(forms.Form):
    """What a person decides about a mined structure."""

    DECISIONS = (("proposed", "Propose it for the library"), ("declined", "Decline it"))
    state = forms.ChoiceField(label="Decision", choices=DECISIONS, widget=forms.RadioSelect)
    name = forms.CharField(
        label="Name of the pattern", max_length=120, required=False, help_text="Needed to propose it."
    )
    reason = forms.CharField(label="Why", max_length=2000, error_messages={"required": "Say why."})

    def clean_name(self) -> str:
        """Refuse a proposal without a name."""
        name: str = self.cleaned_data["name"].strip()
        if self.cleaned_data.get("state") == "proposed" and not name:
            raise forms.ValidationError("A proposal needs a name.")
        return name
