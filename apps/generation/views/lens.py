"""The requirement lens of the review page: one requirement, and of the code in view only what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from apps.core.highlighting import Line, only_lines
from apps.generation.engine.lens import Part, Signs, part_of
from apps.generation.selectors import Lettered
from apps.generation.services.candidates import Workspace
from apps.generation.services.lens import Lens, lens_of
from apps.generation.services.trace import criteria_of

PLACE = "#lens"


@dataclass(frozen=True)
class LensView:
    """What the page shows of the lens, and what it leaves of each pane."""

    context: dict[str, Any]
    parts: Mapping[str, Part] = field(default_factory=dict)
    before: Part = field(default_factory=Part)

    def narrowed(self, pane: dict[str, Any]) -> dict[str, Any]:
        """Return *pane* with only the lines that belong to the requirement, where any do."""
        part = self.parts.get(pane["letter"])
        if part is None or not part.lines:
            return pane
        lines: list[Line] = pane["lines"]
        return {**pane, "lines": only_lines(lines, after=part.lines, before=self.before.lines)}


def lens_view(
    query: QueryDict, workspace: Workspace, panes: Sequence[Lettered], modules: Mapping[str, str], *, is_visible: bool
) -> LensView:
    """Return the lens that the address asks for: a requirement, none, or one that does not exist."""
    ids = [one.id for one in criteria_of(workspace.run)]
    asked = query.get("requirement", "")
    shown = {"show": query["show"]} if query.get("show") else {}
    following = ids[(ids.index(asked) + 1) if asked in ids else 0 :][:1]
    context: dict[str, Any] = {
        "asked": asked,
        "links": [(one, _address({**shown, "requirement": one}), [one] == following) for one in ids],
        "is_last": asked in ids and not following,
        "all_url": _address(shown),
        "suffix": f"&{urlencode({'requirement': asked})}{PLACE}" if asked in ids else "",
        "letters": [one.letter for one in panes],
    }
    found = (
        lens_of(
            workspace=workspace,
            requirement=asked,
            candidates=[one.candidate for one in panes],
            are_authors_known=is_visible,
        )
        if asked in ids
        else None
    )
    if found is None:
        return LensView(context)
    parts = {one.letter: part_of(modules[one.letter], found.signs.names) for one in panes}
    before = part_of(workspace.files.get(workspace.run.target_path, ""), found.signs.names)
    tests = list(zip(context["letters"], found.tests, strict=True))
    return LensView(
        {**context, "found": found, "tests": tests, "words": _words(found, parts, workspace)}, parts, before
    )


def _address(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters)}{PLACE}"


def _words(found: Lens, parts: Mapping[str, Part], workspace: Workspace) -> list[str]:
    """Return how the code in view was chosen, as sentences."""
    names = sorted({name for part in parts.values() for name in part.names})
    if not names:
        return [_nothing(found, workspace)]
    called = [name for name in names if _points_to(found.signs.called, name)]
    named = [name for name in names if name not in called]
    reasons = " and ".join(
        [
            *([f"what its examples call ({', '.join(called)})"] if called else []),
            *([f"what its words name ({', '.join(named)})"] if named else []),
        ]
    )
    without = [letter for letter, part in parts.items() if not part.lines]
    return [
        f"Of the code only {reasons} is shown. It was chosen by these names alone: what they call in turn is left out.",
        *([f"Nothing in {' and '.join(without)} has one of these names, so all of it is shown."] if without else []),
    ]


def _points_to(names: frozenset[str], dotted: str) -> bool:
    return dotted.rsplit(".", 1)[-1] in names or dotted.endswith(".__init__")


def _nothing(found: Lens, workspace: Workspace) -> str:
    if workspace.language.name != "python":
        return "Functions are told apart in Python only, so all of the code is shown."
    signs: Signs = found.signs
    if not signs.names:
        return f"No example shows {found.id} and its words name no code, so all of the code is shown."
    return f"No function in view has a name that {found.id} or its examples mention, so all of the code is shown."
