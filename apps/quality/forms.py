"""Which file, or which text, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from django import forms
from django.db.models import QuerySet

from apps.checks.types import Unparsable
from apps.governance.models import User
from apps.quality.engine.syntax import parse
from apps.quality.services.subjects import LONGEST_PATH, module_name
from apps.quality.types import (
    DEFAULT_PATH,
    LONGEST_QUARANTINE_DAYS,
    MAX_CODE,
    MOST_COMMITS,
    MOST_RERUNS,
    InputInvalid,
)


class FileForm(forms.Form):
    """One Python file of a repository, at the newest commit of its default branch."""

    path = forms.ChoiceField(label="File", help_text="At the newest commit of the default branch.")

    def __init__(self, *args: object, paths: Sequence[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["path"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = [(path, path) for path in paths]


class TextForm(forms.Form):
    """A text that a person pastes. What is wrong with it is said beside it; it is never cut short."""

    path = forms.CharField(
        label="Name",
        initial=DEFAULT_PATH,
        max_length=LONGEST_PATH,
        help_text="A file name such as prices.py. Tests import the text by it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # The length is checked below and not by the browser, which would silently cut what is pasted.
    text = forms.CharField(
        label="Python code",
        strip=False,
        error_messages={"required": "Paste some Python code."},
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )

    def clean_path(self) -> str:
        path: str = self.cleaned_data["path"]
        try:
            module_name(PurePosixPath(path))
        except InputInvalid as problem:
            raise forms.ValidationError(str(problem)) from problem
        return path

    def clean_text(self) -> str:
        # A browser sends line feeds as a carriage return and a line feed.
        text: str = self.cleaned_data["text"].replace("\r\n", "\n")
        if not text.strip():
            raise forms.ValidationError("Paste some Python code.")
        if len(text) > MAX_CODE:
            raise forms.ValidationError(
                f"This text has {len(text):,} characters; {MAX_CODE:,} can be looked at. "
                "Take a part of it, or have its repository registered."
            )
        try:
            parse(text)
        except Unparsable as problem:
            raise forms.ValidationError(f"This is not Python. {problem}") from problem
        return text


class RerunForm(forms.Form):
    """How often, and on how many commits, the tests are to be run."""

    times = forms.IntegerField(
        label="Times",
        min_value=2,
        max_value=MOST_RERUNS,
        initial=2,
        help_text="Two make a pair count; more find rarer flakes.",
    )
    commits = forms.IntegerField(
        label="Newest commits",
        min_value=1,
        max_value=MOST_COMMITS,
        initial=1,
        help_text="Each test makes one pair with each commit.",
    )


class OwnerField(forms.ModelChoiceField):
    """A person by the name that people know."""

    def label_from_instance(self, obj: User) -> str:
        return obj.get_full_name() or obj.get_username()


class QuarantineForm(forms.Form):
    """In whose care a test is put, for how long and why."""

    owner = OwnerField(label="Owner", queryset=User.objects.none(), help_text="Who mends it.")
    days = forms.IntegerField(label="Days", min_value=1, max_value=LONGEST_QUARANTINE_DAYS, initial=14)
    reason = forms.CharField(label="Reason", max_length=500)

    def __init__(self, *args: object, people: QuerySet[User], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, OwnerField)  # noqa: S101  # declared above
        field.queryset = people
