"""Code as text: taken out of answers, parsed, compared, put into modules and turned into patches."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtractedCode:
    """
    What a model's answer holds; a part that is missing is "".

    ``patch`` is a unified diff when the answer changes several files by one; ``implementation`` is "" then.
    """

    implementation: str
    tests: str = ""
    documentation: str = ""
    patch: str = ""


@dataclass(frozen=True, slots=True)
class ParsedCandidate:
    """A candidate that parses and defines its entry ("" when none was asked for); ``imports`` are top-level names."""

    code: str
    entry: str
    tree: ast.Module
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unparsable:
    """Why a candidate cannot be run, as a sentence for a person."""

    reason: str


def extract_code(answer_text: str) -> ExtractedCode:
    """Take implementation, tests and documentation out of a model's Markdown answer."""
    raise NotImplementedError


def parse_candidate(code: str, entry: str | None) -> ParsedCandidate | Unparsable:
    """Parse *code* and find *entry* at its top level."""
    raise NotImplementedError


def normalised_digest(code: str) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of the program without comments, docstrings and formatting."""
    raise NotImplementedError


def replace_symbol(source: str, qualname: str, new_source: str) -> str:
    """Replace or append the function or class *qualname*, keeping all other bytes."""
    raise NotImplementedError


def unified_patch(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return one unified diff from *before* to *after* that ``git apply`` accepts."""
    raise NotImplementedError
