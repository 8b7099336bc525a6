"""The programming language that a text asks for, and the human one it is written in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from apps.generation.engine.specification.model import IssueKind, Span, SpecIssue

GENERATED = ("python", "javascript", "typescript")
JAVASCRIPT = frozenset({"javascript", "typescript"})
_SUFFIXES = {
    ".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "typescript",
    ".mts": "typescript", ".cts": "typescript",
}  # fmt: skip
_NAMES = {"python": "Python", "javascript": "JavaScript", "typescript": "TypeScript"}
_PYTHON = re.compile(r"\bpython\b|```py|>>>|\bdef \w+\(", re.IGNORECASE)
_OTHERS = (
    ("typescript", re.compile(r"\btypescript\b|```(?:ts|mts|typescript)\b", re.IGNORECASE)),
    (
        "javascript",
        re.compile(
            r"\bjavascript\b|\bnode\.?js\b|\b(?:in|for|on|under) node\b|```(?:js|mjs|cjs|javascript)\b"
            r"|\bfunction \w+\s*\(|\bexpect\([^\n]*\)\.to(?:Be|Equal)|\bassert\.(?:deepS|s)trictEqual\("
            r"|\bmodule\.exports\b",
            re.IGNORECASE,
        ),
    ),
    *(
        (name, re.compile(rf"\b(?:in|using|write|a|an)\s+(?:{word})(?![\w+#-])|```(?:{fence})\b"))
        for name, word, fence in (
            ("rust", "Rust", "rust|rs"),
            ("go", "Go|Golang|golang", "go"),
            ("java", "Java", "java"),
            ("c++", r"C\+\+", "cpp"),
            ("c#", "C#", "csharp"),
            ("c", "C", "c"),
            ("ruby", "Ruby", "ruby"),
            ("php", "PHP", "php"),
            ("kotlin", "Kotlin", "kotlin"),
            ("swift", "Swift", "swift"),
            ("scala", "Scala", "scala"),
            ("haskell", "Haskell", "haskell"),
        )
    ),
)
_LISTED = "Python, JavaScript and TypeScript"
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        "the a an of to and or is are be in it for with that this as by on not must should when if returns given",
    )
)
_WORD = re.compile(r"[^\W\d_]{1,40}")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)
_ENOUGH_WORDS = 12
_LEAST_SHARE = 0.08


def language_of_path(path: str) -> str:
    """Return the language of a file by its name, "" where it has none that is generated."""
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower(), "")


def language_name(language: str) -> str:
    """Return a language as people write it."""
    return _NAMES.get(language, language)


def stated_language(text: str) -> str:
    """Return the programming language that *text* asks for, "" where it names none."""
    if _PYTHON.search(text):
        return "python"
    return next((name for name, pattern in _OTHERS if pattern.search(text)), "")


def target_language(text: str, path: str = "") -> str:
    """Return the language to write in: that of the file where one is named, else that of the text, else "python"."""
    return language_of_path(path) or stated_language(text) or "python"


def language_conflict(text: str, path: str) -> Iterable[SpecIssue]:
    """Yield a finding where the text asks for another language than the file is of."""
    of_file, asked = language_of_path(path), stated_language(text)
    # TypeScript is JavaScript with types: what is shown in the one may be meant for the other.
    if not of_file or not asked or asked == of_file or {asked, of_file} == {"javascript", "typescript"}:
        return
    pattern = {**dict(_OTHERS), "python": _PYTHON}[asked]
    hit = pattern.search(text)
    yield SpecIssue(
        IssueKind.LANGUAGE,
        Span(hit.start(), hit.end()) if hit else Span(0, 0),
        f"The text asks for {language_name(asked)}, but {path} is a file of {language_name(of_file)}; the file counts.",
        "Which of the two is meant?",
        f"Write it in {language_name(of_file)}.",
    )


def language_issues(text: str) -> Iterable[SpecIssue]:
    """Yield what keeps the rules from reading the text: a language that is not generated, prose that is not English."""
    language = target_language(text)
    pattern = dict(_OTHERS).get(language)
    hit = pattern.search(text) if pattern is not None and language not in GENERATED else None
    if hit is not None:
        yield SpecIssue(
            IssueKind.LANGUAGE,
            Span(hit.start(), hit.end()),
            f"This asks for {language}; only {_LISTED} are generated.",
            "May it be written in Python?",
            "Write it in Python.",
        )
    words = [word.lower() for word in _WORD.findall(_CODE.sub(" ", text[:20_000]))]
    if len(words) >= _ENOUGH_WORDS and sum(word in _ENGLISH for word in words) < _LEAST_SHARE * len(words):
        first = _WORD.search(text)
        yield SpecIssue(
            IssueKind.LANGUAGE,
            Span(first.start(), first.end()) if first else Span(0, 0),
            "This does not seem to be English: signatures and examples are read, rules in sentences may be missed.",
            "Can the rules be said in English, or as examples?",
            "Add an example for each rule.",
        )
