"""What an administrator says to register a repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms

from apps.core.errors import NofxError
from apps.governance.models import Organisation, Scope
from apps.governance.services.pilots import NO_PILOT
from apps.repositories.models import Repository
from apps.repositories.services import branch_current, clone_require_new, registrable


class RegistrationForm(forms.ModelForm):
    """A clone on this machine; what git knows of it may stay empty. Refused beside the field, with a way on."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.order_by("name"),
        help_text="Whose it is. A role in all of it holds here, too.",
    )
    remote = forms.CharField(
        max_length=120, required=False, help_text="Name of the remote to push to. Empty: origin, or the first there is."
    )
    default_branch = forms.CharField(
        max_length=200, required=False, help_text="Changes are merged into it. Empty: the one that is checked out."
    )
    is_pilot = forms.BooleanField(
        required=False,
        label="Pilot",
        help_text="Code may be generated for it from now on; a vote of the committee opens any other repository.",
    )

    class Meta:
        model = Repository
        fields = ("name", "path", "organisation", "remote", "default_branch")
        help_texts = {"path": "Folder of the clone, for example /home/you/projects/shop."}

    def clean(self) -> dict[str, Any]:
        """Return the cleaned fields, once the repository could be registered."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.keys() >= {"name", "path"}:
            try:
                slug, path = registrable(name=cleaned["name"], path=Path(cleaned["path"]))
            except NofxError as problem:
                self.add_error("path", str(problem))
            else:
                self._require_pilot_possible(slug, path)
        return cleaned

    def _require_pilot_possible(self, slug: str, path: Path) -> None:
        said = self.cleaned_data
        if not said.get("is_pilot") or "organisation" not in said:
            return
        place = Scope.objects.filter(organisation=said["organisation"], repository=slug).first()
        if place is not None and not place.is_pilot:
            self.add_error("is_pilot", f"{NO_PILOT} Connect it as no pilot, and ask the committee.")
        try:
            branch = said.get("default_branch") or branch_current(path)
            clone_require_new(path=path, branch=branch, organisation=said["organisation"])
        except NofxError as problem:
            self.add_error("is_pilot", str(problem))
