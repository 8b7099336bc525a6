"""What people send to the metrics pages."""

from __future__ import annotations

from django import forms

from apps.console.engine.baseline_files import MAX_BYTES


class BaselineForm(forms.Form):
    """A file of baselines."""

    file = forms.FileField(
        label="File",
        help_text="CSV with the headings metric, value, from, to and source, or a JSON list of objects with them.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.json,text/csv,application/json"}),
    )

    def clean_file(self) -> object:
        """Refuse what is too large before it is read."""
        sent = self.cleaned_data["file"]
        if sent.size > MAX_BYTES:
            raise forms.ValidationError(f"The file is larger than {MAX_BYTES // 1000} kB.")
        return sent
