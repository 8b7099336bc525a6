"""The programming language that a text is to be written in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from apps.generation.engine.specification.asked_language import GENERATED, NAMES, asked_for
from apps.generation.engine.specification.model import IssueKind, Span, SpecIssue
from apps.generation.engine.specification.shown_language import hinted_in, shown_in

JAVASCRIPT = frozenset({"javascript", "typescript"})
_SUFFIXES = {
    ".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "typescript",
    ".mts": "typescript", ".cts": "typescript",
}  # fmt: skip
_LISTED = "Python, JavaScript and TypeScript"


Found = tuple[str, Span]


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """
    The language to write in and why, as a clause that follows "because".

    ``asked`` is what the text orders in words, ``shown`` what the code in it is written in; both may be languages that
    nobody here writes, and ``language`` is one of those only where it was asked for. ``is_given`` says that a file or
    the request decided, and not the text.
    """

    language: str
    reason: str
    asked: Found | None = None
    shown: Found | None = None
    is_given: bool = False


def language_of_path(path: str) -> str:
    """Return the language of a file by its name, "" where it has none that is generated."""
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower(), "")


def language_name(language: str) -> str:
    """Return a language as people write it."""
    return NAMES.get(language, language)


def language_choice(
    text: str, *, title: str = "", path: str = "", stated: str = "", around: str = ""
) -> LanguageChoice:
    """
    Decide the language to write in.

    It is that of the file, else the one stated beside the text, else what the text asks for in words, else that of the
    code in it, else that of the repository, else what the text hints at, else Python.

    :param path: the file that the code goes to, "" for none.
    :param around: the language that most of the repository is written in, "" for none.
    """
    asked, shown = asked_for(text) or _in_title(title, asked_for), shown_in(text)
    language, reason = _decided(text, title, path, stated, around, asked, shown)
    return LanguageChoice(language, reason, asked, shown, is_given=bool(language_of_path(path) or stated))


def _decided(
    text: str, title: str, path: str, stated: str, around: str, asked: Found | None, shown: Found | None
) -> tuple[str, str]:
    of_file = language_of_path(path)
    if of_file:
        return of_file, f"{path} is a file of {language_name(of_file)}"
    if stated:
        return stated, f"the request names {language_name(stated)}"
    if asked is not None:
        return asked[0], "the text asks for it"
    if shown is not None and shown[0] in GENERATED:
        return shown[0], "the code in the text is written in it"
    if around:
        return around, "most of the repository is written in it"
    hint = hinted_in(text) or _in_title(title, hinted_in)
    if hint is not None:
        return hint[0], "what the text speaks of belongs to it"
    return "python", "nothing asks for another language"


def _in_title(title: str, reader: Callable[[str], Found | None]) -> Found | None:
    found = reader(title)
    return (found[0], Span(0, 0)) if found is not None else None


def language_findings(choice: LanguageChoice) -> Iterable[SpecIssue]:
    """Yield a finding where the text asks for, or shows, another language than the one that is written."""
    said = choice.asked or choice.shown
    if said is None:
        return
    verb, name = "asks for" if choice.asked else "shows", language_name(said[0])
    if said[0] not in GENERATED and not choice.is_given:
        message = f"This {verb} {name}; only {_LISTED} are generated."
        question, suggestion = "May it be written in Python?", "Write it in Python."
    # TypeScript is JavaScript with types: what is shown in the one may be meant for the other.
    elif said[0] != choice.language and {said[0], choice.language} != JAVASCRIPT:
        message = f"The text {verb} {name}, but {choice.reason}; that counts."
        question, suggestion = "Which of the two is meant?", f"Write it in {language_name(choice.language)}."
    else:
        return
    yield SpecIssue(IssueKind.LANGUAGE, said[1], message, question, suggestion)
