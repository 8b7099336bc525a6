"""Forms of the generation pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet

from apps.generation.schemas import MODULE_NAME
from apps.generation.services.drafts import MAX_TEXT_CHARACTERS
from apps.generation.types import RATINGS, RUBRIC
from apps.governance.selectors.ladder import places_closed
from apps.governance.types import Refusal, Verdict
from apps.repositories.models import Repository

NEEDS_REASON = {Verdict.REQUEST_CHANGES.value, Verdict.BLOCK.value}


CLOSED_WORDS = {
    Refusal.SUSPENDED: "suspended",
    Refusal.EXPIRED: "its rung of the expansion ladder ended",
    Refusal.NOT_OPEN: "no pilot and on no rung of the expansion ladder",
}


class RepositoryChoice(forms.Select):
    """Repositories; one that nothing is generated for now is greyed out with the reason, unless it is chosen."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        """Ask once for all of them what is closed."""
        self.closed = places_closed(list(self.choices.queryset.values_list("scope", flat=True)))
        return super().optgroups(name, value, attrs)

    def create_option(
        self, name: str, value: Any, label: Any, selected: bool, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        option = super().create_option(name, value, label, selected, *args, **kwargs)
        leave = self.closed.get(value.instance.scope_id) if value else None
        if leave is not None and leave.refusal is not None:
            option["label"] = f"{label} ({CLOSED_WORDS[leave.refusal]})"
            option["attrs"]["title"] = f"{leave.reason} {leave.remedy}"
            option["attrs"]["disabled"] = not selected
        return option


class SpecificationForm(forms.Form):
    """A specification as it is typed; nothing is required until it is submitted."""

    title = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    repository = forms.ModelChoiceField(
        queryset=Repository.objects.none(),
        to_field_name="name",
        required=False,
        widget=RepositoryChoice,
        empty_label="Choose a repository",
        help_text="Its reviewers approve the change.",
        error_messages={"invalid_choice": "There is no such repository that you may write specifications for."},
    )
    target_path = forms.CharField(
        label="File",
        max_length=400,
        required=False,
        help_text="Empty: the platform chooses it.",
    )
    text = forms.CharField(
        label="Specification",
        # Not max_length: a browser would cut what is pasted without a word.
        validators=[
            MaxLengthValidator(
                MAX_TEXT_CHARACTERS,
                f"Only the first {MAX_TEXT_CHARACTERS:,} characters are saved. Split it into several specifications.",
            )
        ],
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


class VerdictChoice(forms.RadioSelect):
    """The verdicts; *waiting* says why nobody approves yet, and then that one cannot be chosen."""

    waiting = ""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Switch the approval off while something is missing."""
        option = super().create_option(name, value, *args, **kwargs)
        if self.waiting and value == Verdict.APPROVE.value:
            option["attrs"]["disabled"] = True
        return option


class VerdictForm(forms.Form):
    """A verdict on what the page showed, with ratings of the candidates by whoever wishes to give them."""

    VERDICTS = (
        (Verdict.APPROVE.value, "Approve"),
        (Verdict.REQUEST_CHANGES.value, "Request changes"),
        (Verdict.BLOCK.value, "Block"),
        (Verdict.RECUSE.value, "Step aside"),
    )
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    # Needed by every verdict but a recusal, which is about the person and not about the candidates.
    preference = forms.ChoiceField(label="Which would you take?", required=False)
    verdict = forms.ChoiceField(
        choices=VERDICTS,
        widget=VerdictChoice,
        help_text="Step aside when you have an interest in this. It holds for every later version too.",
    )
    rationale = forms.CharField(
        label="Why",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to block or to ask for changes.",
    )

    def __init__(self, *args: Any, letters: Sequence[str], chosen: str, waiting: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.letters = letters
        self.fields["verdict"].widget.waiting = waiting
        tie = [("tie", "Tie")] if len(letters) > 1 else []
        answers = [*((letter, letter) for letter in letters), *tie, ("none", "None is acceptable")]
        self.fields["preference"].choices = [("", "Choose"), *answers]
        self.fields["verdict"].label = f"Your verdict on {chosen}"
        for criterion, name in RUBRIC.items():
            for letter in letters:
                self.fields[_rating_name(criterion, letter)] = _rating(f"Candidate {letter}, {name.lower()}")

    def clean_rationale(self) -> str:
        """Refuse a refusal without a reason, before anything else is looked at."""
        rationale: str = self.cleaned_data["rationale"]
        if self.cleaned_data.get("verdict") in NEEDS_REASON and not rationale.strip():
            raise forms.ValidationError("A block or a wish for changes needs a reason.")
        return rationale

    def clean(self) -> dict[str, Any]:
        """Ask whoever judges the candidates which one they would take."""
        data = super().clean() or {}
        judges = data.get("verdict") not in {None, Verdict.RECUSE.value}
        if judges and "preference" not in self.errors and not data.get("preference"):
            self.add_error("preference", "Say which one you would take.")
        return data

    @property
    def preferred(self) -> str:
        """What whoever judges would take, in words; empty where they do not say. The form must be valid."""
        value = self.cleaned_data["preference"]
        return dict(self.fields["preference"].choices)[value] if value else ""

    @property
    def rating_rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The rubric as a table: its criteria, each with one field for each candidate."""
        return [
            (name, [self[_rating_name(criterion, letter)] for letter in self.letters])
            for criterion, name in RUBRIC.items()
        ]

    @property
    def is_rated(self) -> bool:
        """Whether the form holds a rating, right or wrong."""
        return any(field.value() for _, fields in self.rating_rows for field in fields)

    def ratings(self) -> dict[str, dict[str, int]]:
        """Return the numbers that were given, by letter and criterion; the form must be valid."""
        return {
            letter: {
                criterion: number
                for criterion in RUBRIC
                if (number := self.cleaned_data[_rating_name(criterion, letter)]) is not None
            }
            for letter in self.letters
        }


def _rating_name(criterion: str, letter: str) -> str:
    return f"{criterion}-{letter}"


def _rating(label: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=[("", "–"), *((number, str(number)) for number in RATINGS)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.Select(attrs={"aria-label": label}),
    )
