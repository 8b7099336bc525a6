"""The parameters of a pattern as a form."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.knowledge.engine.instantiation import ParameterInvalid, instantiate
from apps.knowledge.engine.pattern_model import Pattern

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
