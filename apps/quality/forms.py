"""Which file to look at."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms


class FileForm(forms.Form):
    """One Python file of a repository, at the newest commit of its default branch."""

    path = forms.ChoiceField(label="File", help_text="At the newest commit of the default branch.")

    def __init__(self, *args: object, paths: Sequence[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["path"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = [(path, path) for path in paths]
