"""What depends on the language that a request is written in, behind one interface."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from apps.core.javascript import CannotStrip, fault_of, literal_value, source_of, strip_types
from apps.core.modules import dotted_name
from apps.generation.engine import documentation, testgen
from apps.generation.engine.assembly import BYTE_ORDER_MARK
from apps.generation.engine.assembly import merge_module as merge_python
from apps.generation.engine.consensus import PoolInput
from apps.generation.engine.javascript import answers as javascript_answers
from apps.generation.engine.javascript import program
from apps.generation.engine.javascript import tests as javascript_tests
from apps.generation.engine.javascript.assembly import merge_module as merge_javascript
from apps.generation.engine.javascript.landmarks import javascript_landmarks
from apps.generation.engine.javascript.modules import import_path, is_javascript, module_kind, test_folder
from apps.generation.engine.landmarks import landmarks_of
from apps.generation.engine.source import (
    ExtractedCode,
    ParsedCandidate,
    Unparsable,
    extract_code,
    normalised_digest,
    parse_candidate,
    parsed,
)
from apps.generation.engine.specification import Specification
from apps.generation.engine.specification.languages import language_of_path
from apps.generation.engine.specification.literals import read_literal

# Models are told to import from "solution", since they do not know where their code will stand.
_PYTHON_PLACEHOLDER = re.compile(r"^(\s*(?:from|import)) solution\b", re.MULTILINE)
_JAVASCRIPT_PLACEHOLDER = re.compile(
    r"""(\bfrom\s*|\brequire\(\s*|\bimport\(\s*)(["'])\.{1,2}/solution(?:\.[cm]?[jt]s)?\2"""
)


class Language(Protocol):
    """A language that candidates are written in."""

    name: str
    label: str
    raises: str  # the verb for an exception
    error: str  # an exception as an example
    checked: str  # what candidates are checked for before they are run

    def is_source(self, path: str) -> bool:
        """Tell whether a file is one of the language."""

    def extract(self, text: str, *, is_cut: bool = False) -> ExtractedCode:
        """Take implementation, tests and documentation out of a model's answer."""

    def unparsable(self, code: str, entry: str | None) -> Unparsable | None:
        """Return why *code* cannot be run, None where it can."""

    def stands(self, text: str) -> bool:
        """Tell whether a file parses as it stands."""

    def merged(self, path: str, code: str, names: Sequence[str], files: Mapping[str, str]) -> str:
        """
        Return the file at *path* with the definitions of *code* in it; *names* are what others may import from it.

        :raises SyntaxError: either text does not parse, or the result would not.
        :raises ValueError: the same, in the words of the reason.
        :raises RecursionError: either text is nested too deeply.
        """

    def digest(self, module: str) -> str:
        """Return a hash of what the program is, whoever wrote it down."""

    def test_file(self, directory: str, name: str, files: Mapping[str, str]) -> tuple[str, str, str]:
        """Return folder, stem and suffix of a file of tests; *directory* is where the tests in Python are."""

    def tests(self, spec: Specification, target: str, test_path: str) -> str:
        """Return a file of tests with one for each example, "" where there is none."""

    def own_tests(self, text: str, target: str, test_path: str) -> str:
        """Return tests that a model wrote, importing from where its code stands."""

    def calls(self, tests: str, entry: str | None) -> tuple[PoolInput, ...]:
        """Return the calls that a file of tests makes."""

    def document(self, spec: Specification, module: str) -> str:
        """Return a page of Markdown about the program."""

    def value(self, value: object) -> str:
        """Return a value as it is written in the language."""

    def read(self, text: str) -> object:
        """
        Return the value of a literal.

        :raises ValueError: the text is anything else.
        """

    def landmarks(self, sources: Iterable[str]) -> tuple[object, ...]:
        """Return the constants that programs mention."""


class Python:
    """Candidates in Python."""

    name = "python"
    label = "Python"
    raises = "raises"
    error = "ValueError"
    checked = "lint, types, security and dependencies"

    def is_source(self, path: str) -> bool:
        return path.endswith(".py")

    def extract(self, text: str, *, is_cut: bool = False) -> ExtractedCode:
        return extract_code(text, is_cut=is_cut)

    def unparsable(self, code: str, entry: str | None) -> Unparsable | None:
        found = parse_candidate(code, entry)
        return None if isinstance(found, ParsedCandidate) else found

    def stands(self, text: str) -> bool:
        return parsed(text.removeprefix(BYTE_ORDER_MARK)) is not None

    def merged(self, path: str, code: str, names: Sequence[str], files: Mapping[str, str]) -> str:
        return merge_python(files.get(path, ""), code)

    def digest(self, module: str) -> str:
        return normalised_digest(module)

    def test_file(self, directory: str, name: str, files: Mapping[str, str]) -> tuple[str, str, str]:
        return directory, f"test_{name}", ".py"

    def tests(self, spec: Specification, target: str, test_path: str) -> str:
        return testgen.tests_from_specification(spec, dotted_name(target))

    def own_tests(self, text: str, target: str, test_path: str) -> str:
        return _PYTHON_PLACEHOLDER.sub(rf"\1 {dotted_name(target)}", text.strip())

    def calls(self, tests: str, entry: str | None) -> tuple[PoolInput, ...]:
        return testgen.calls_from_tests(tests, entry)

    def document(self, spec: Specification, module: str) -> str:
        return documentation.document(spec, module)

    def value(self, value: object) -> str:
        return repr(value)

    def read(self, text: str) -> object:
        return read_literal(text)

    def landmarks(self, sources: Iterable[str]) -> tuple[object, ...]:
        return landmarks_of(sources)


class JavaScript:
    """Candidates in JavaScript, or in TypeScript with its types taken out before anything is run."""

    raises = "throws"
    error = "TypeError"
    checked = "syntax; lint, types, security and dependencies are not looked at"

    def __init__(self, *, is_typed: bool) -> None:
        self.is_typed = is_typed
        self.name = "typescript" if is_typed else "javascript"
        self.label = "TypeScript" if is_typed else "JavaScript"
        self._dialect = javascript_answers.dialect(is_typed=is_typed)

    def is_source(self, path: str) -> bool:
        return is_javascript(path)

    def extract(self, text: str, *, is_cut: bool = False) -> ExtractedCode:
        return extract_code(text, is_cut=is_cut, dialect=self._dialect)

    def unparsable(self, code: str, entry: str | None) -> Unparsable | None:
        return program.unparsable(code, entry, is_typed=self.is_typed)

    def stands(self, text: str) -> bool:
        return fault_of(text, is_typed=self.is_typed) is None

    def merged(self, path: str, code: str, names: Sequence[str], files: Mapping[str, str]) -> str:
        kind = module_kind(path, files)
        return merge_javascript(files.get(path, ""), code, names=names, kind=kind, is_typed=self.is_typed)

    def digest(self, module: str) -> str:
        return program.normalised_digest(module, is_typed=self.is_typed)

    def test_file(self, directory: str, name: str, files: Mapping[str, str]) -> tuple[str, str, str]:
        return test_folder(files), name, ".test.mts" if self.is_typed else ".test.mjs"

    def tests(self, spec: Specification, target: str, test_path: str) -> str:
        return javascript_tests.tests_from_specification(spec, import_path(target, test_path))

    def own_tests(self, text: str, target: str, test_path: str) -> str:
        return _JAVASCRIPT_PLACEHOLDER.sub(rf"\1\2{import_path(target, test_path)}\2", text.strip())

    def calls(self, tests: str, entry: str | None) -> tuple[PoolInput, ...]:
        return javascript_tests.calls_from_tests(tests, entry)

    def document(self, spec: Specification, module: str) -> str:
        return documentation.document_javascript(spec, module, is_typed=self.is_typed)

    def value(self, value: object) -> str:
        return source_of(value)

    def read(self, text: str) -> object:
        return literal_value(text)

    def landmarks(self, sources: Iterable[str]) -> tuple[object, ...]:
        return javascript_landmarks([self._plain(source) for source in sources])

    def _plain(self, source: str) -> str:
        try:
            return strip_types(source) if self.is_typed else source
        except CannotStrip:
            return ""


PYTHON = Python()
LANGUAGES: Mapping[str, Language] = {
    one.name: one for one in (PYTHON, JavaScript(is_typed=False), JavaScript(is_typed=True))
}


def language_named(name: str) -> Language:
    """Return the language of a name, Python where nobody knows it."""
    return LANGUAGES.get(name, PYTHON)


def language_of(path: str) -> Language:
    """Return the language of a file."""
    return language_named(language_of_path(path))


def file_name(entry: str | None, title: str, suffix: str) -> str:
    """Return the name of a new file for *entry*, such as ``parse-price.mjs``."""
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", entry or title)
    stem = "-".join(word.lower() for word in words)[:60].strip("-") or "generated"
    return f"{PurePosixPath(stem).name}{suffix}"
