"""Forms of the generation pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.generation.schemas import MODULE_NAME
from apps.generation.services.drafts import MAX_TEXT_CHARACTERS
from apps.repositories.models import Repository


class SpecificationForm(forms.Form):
    """A specification as it is typed; nothing is required until it is submitted."""

    title = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    repository = forms.ModelChoiceField(
        queryset=Repository.objects.none(), to_field_name="name", required=False, empty_label="Choose a repository"
    )
    target_path = forms.CharField(
        label="File",
        max_length=400,
        required=False,
        help_text="Where the code goes. Empty: the file that defines the function, else a new module.",
    )
    text = forms.CharField(
        label="Specification",
        max_length=MAX_TEXT_CHARACTERS,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true"}),
        help_text="Say what the code must do, with a signature and examples such as slug('A b') -> 'a-b'.",
    )

    def __init__(self, *args: Any, repositories: QuerySet[Repository], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["repository"].queryset = repositories


class TestsForm(forms.Form):
    """A specification that tests are written for at once."""

    prefix = "tests"

    title = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    module = forms.RegexField(
        MODULE_NAME,
        initial="module",
        max_length=200,
        help_text="Dotted name that the tests import from, such as shop.slugs.",
        error_messages={"invalid": "Give a dotted name such as shop.slugs."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    # Its length is judged by the service and not by the browser, which would silently cut what is pasted.
    text = forms.CharField(
        label="Specification",
        strip=False,
        error_messages={"required": "Say what the code must do, with an example."},
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Each example, such as slug('A b') -> 'a-b', becomes a test.",
    )


class RefactoringForm(forms.Form):
    """Code that is to be simplified without changing what it does."""

    prefix = "refactoring"

    title = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    code = forms.CharField(
        label="Python code",
        strip=False,
        error_messages={"required": "Paste a Python module."},
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text="Its public functions are run before and after, on the same inputs.",
    )

    def clean_code(self) -> str:
        # A browser sends line feeds as a carriage return and a line feed.
        code: str = self.cleaned_data["code"].replace("\r\n", "\n")
        return code


class VerdictForm(forms.Form):
    """A verdict on what the page showed."""

    VERDICTS = (
        ("approve", "Approve"),
        ("request_changes", "Request changes"),
        ("block", "Block"),
    )
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    preference = forms.ChoiceField(label="Which would you take?", widget=forms.RadioSelect)
    verdict = forms.ChoiceField(label="Your verdict on the chosen one", choices=VERDICTS, widget=forms.RadioSelect)
    rationale = forms.CharField(
        label="Why",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to block or to ask for changes.",
    )

    def __init__(self, *args: Any, letters: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(letter, letter) for letter in letters]
        self.fields["preference"].choices = [*choices, ("tie", "Tie"), ("none", "None is acceptable")]
