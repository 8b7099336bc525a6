"""The comments of a review as one person reads them: where they stand, and what can be done about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from apps.core.digests import sha256_hex
from apps.core.highlighting import split_lines
from apps.generation.models import GenerationRun, ReviewThread
from apps.generation.services.discussion import Said, discussion_of, may_speak
from apps.generation.services.review_subject import barred_people
from apps.generation.services.threads import LONGEST, may_confirm
from apps.generation.types import RequestStatus as Status
from apps.generation.views.panes import CODE, Shelf
from apps.generation.views.places import Place, address
from apps.governance.models import User
from apps.governance.selectors import accounts_of, display_name

SOMEBODY = "another reviewer"


class ThreadForm(forms.Form):
    """A comment that begins a thread, on a line of the file in view, on the file, or on the request as a whole."""

    prefix = "thread"

    letter = forms.ChoiceField(label="About", required=False)
    line = forms.IntegerField(label="Line", required=False, min_value=1, widget=forms.NumberInput(attrs={"min": 1}))
    side = forms.ChoiceField(
        label="Of the file", choices=ReviewThread.Side.choices, required=False, initial=ReviewThread.Side.NEW
    )
    text = forms.CharField(
        label="Comment",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what you want to say."},
    )
    is_issue = forms.BooleanField(
        label="This is an issue",
        required=False,
        help_text="Nobody approves until it is resolved.",
    )
    needs_confirmation = forms.BooleanField(
        label="Its resolution is to be confirmed",
        required=False,
        help_text="By you, or by a reviewer who did not resolve it.",
    )

    def __init__(self, *args: Any, letters: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        whole = ("", "The request as a whole")
        self.fields["letter"].choices = [whole, *((letter, f"Candidate {letter}") for letter in letters)]

    def clean(self) -> dict[str, Any]:
        """Ask for the candidate where a line is named."""
        data = super().clean() or {}
        if data.get("line") and not data.get("letter") and "letter" not in self.errors:
            self.add_error("letter", "Choose the candidate that the line is of.")
        return data


@dataclass(frozen=True)
class Reader:
    """Who reads the comments of a review; ``reads_others`` once nobody can lead them any more."""

    run: GenerationRun
    user: User
    shelf: Shelf
    place: Place
    reads_others: bool

    @property
    def can_speak(self) -> bool:
        """Whether they may write, resolve and open again."""
        return self.run.request.status == Status.IN_REVIEW and may_speak(self.run, self.user)

    def context(self) -> dict[str, Any]:
        """Return the comments as the page shows them."""
        keys = {one.candidate.pk for one in self.shelf.shown}
        read = discussion_of(self.run, self.user, candidates=keys, reads_others=self.reads_others)
        heard = {*accounts_of(self.user), *barred_people(self.run)}
        can_speak = self.can_speak
        rows = [self._row(said, heard, can_speak=can_speak) for said in read.threads]
        return {
            "open": [row for row in rows if not row["is_settled"]],
            "settled": [row for row in rows if row["is_settled"]],
            "hidden": read.hidden,
            "can_speak": can_speak,
            "form": ThreadForm(letters=[one.letter for one in self.shelf.shown]),
            "longest": LONGEST,
            "place": address(self.place)[1:],
        }

    def _row(self, said: Said, heard: Collection[int], *, can_speak: bool) -> dict[str, Any]:
        thread = said.thread
        is_resolved = thread.resolved_at is not None
        waits = is_resolved and not thread.is_settled
        return {
            **self._where(thread),
            "id": thread.pk,
            "is_issue": thread.is_issue,
            "is_settled": thread.is_settled,
            "waits": waits,
            "needs_confirmation": thread.needs_confirmation,
            "resolved_by": self._name(thread.resolved_by, heard),
            "confirmed_by": self._name(thread.confirmed_by, heard),
            "comments": [
                {"name": display_name(one.author), "text": one.text, "at": one.written_at} for one in said.comments
            ],
            "may_reply": can_speak,
            "may_resolve": can_speak and not is_resolved,
            "may_reopen": can_speak and is_resolved,
            "may_confirm": can_speak and waits and may_confirm(self.run, thread, self.user),
        }

    def _name(self, person: User | None, heard: Collection[int]) -> str:
        if person is None:
            return ""
        return display_name(person) if self.reads_others or person.pk in heard else SOMEBODY

    def _where(self, thread: ReviewThread) -> dict[str, Any]:
        if thread.candidate is None:
            return {"letter": "", "path": "", "is_outdated": False}
        letter = next((one.letter for one in self.shelf.shown if one.candidate.pk == thread.candidate), "")
        text = self.shelf.files.get(letter, {}).get(thread.path)
        is_outdated = text is None or sha256_hex(text) != thread.content_digest
        before = self.shelf.workspace.files.get(thread.path, "")
        lines = split_lines((before if thread.side == ReviewThread.Side.OLD else text) or "")
        has_line = not is_outdated and thread.line is not None and thread.line <= len(lines)
        return {
            "letter": letter,
            "path": thread.path,
            "line": thread.line,
            "side": thread.side,
            "is_outdated": is_outdated,
            "excerpt": lines[thread.line - 1] if has_line and thread.line else "",
            "url": address(self.place, CODE, show=letter, file=thread.path, only="", requirement="") if letter else "",
        }
