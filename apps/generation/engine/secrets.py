"""
Key material and passwords in text, found and struck out before anybody outside reads it.

The forms are those that secret scanners look for (detect-secrets, gitleaks): keys of known shape, private keys,
passwords in addresses, and assignments of what looks drawn at random to a name that sounds like a secret.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import partial

MARK = "[secret removed]"
_NAME = (
    r"(?:[\w.-]{0,60}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
    r"[\w.-]{0,60})"
)
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----.*?"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----|\Z)",
            re.DOTALL,
        ),
    ),
    (
        "key",
        re.compile(
            r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}"
            r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
            r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bAIza[0-9A-Za-z_-]{30,}"
            r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
        ),
    ),
    # The user stays: an address without its password still says where it leads.
    ("password in an address", re.compile(r"(?<=://)([^\s:/@'\"]{0,100}):([^\s/@'\"]{1,200})(?=@)")),
    # KEY=value lines, as in a file of settings of an environment.
    (
        "setting",
        re.compile(rf"(?im)^([ \t]*(?:export[ \t]+)?{_NAME}[ \t]*=[ \t]*)([^\s'\"#()\[\]{{}},]{{8,}})[ \t]*$"),
    ),
    (
        "assignment",
        re.compile(
            rf"(?i)(\b{_NAME}['\"]?\]?[ \t]{{0,9}}(?::[ \t]{{0,9}}\w+[ \t]{{0,9}})?[:=][ \t]{{0,9}}[rbuf]{{0,2}}['\"])"
            r"([^'\"\s]{6,})(?=['\"])"
        ),
    ),
    ("long random text", re.compile(r"(?<=[\"'])()([A-Za-z0-9+/_-]{40,}={0,2})(?=[\"'])")),
)
# Their form alone does not tell: the value does.
_JUDGED = frozenset({"setting", "assignment", "long random text"})
_CODE = re.compile(r"[A-Za-z_][\w.]*")
_LEAST_ENTROPY = 2.8  # bits a character; words and repeated marks have less


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and how many of each sort there were."""

    text: str
    found: Counter[str]

    @property
    def count(self) -> int:
        """How many secrets were struck out."""
        return self.found.total()


def redact(text: str) -> Redacted:
    """
    Return *text* with each secret replaced by :data:`MARK`.

    A value is a secret when its form says so, or when its name does and it is not evidently a word, a name of code or a
    placeholder. Redacting twice changes nothing.
    """
    found: Counter[str] = Counter()
    for sort, form in _FORMS:
        text = form.sub(partial(_struck, sort=sort, found=found), text)
    return Redacted(text, found)


def secret_places(text: str) -> list[tuple[int, int, str]]:
    """Return where each secret of *text* begins and ends, and its sort, in reading order and without overlaps."""
    found: list[tuple[int, int, str]] = []
    for sort, form in _FORMS:
        for match in form.finditer(text):
            start, end = match.span(2) if match.re.groups else match.span()
            is_new = not any(start < other_end and other_start < end for other_start, other_end, _ in found)
            if is_new and _is_secret(match, sort):
                found.append((start, end, sort))
    return sorted(found)


def _is_secret(match: re.Match[str], sort: str) -> bool:
    return sort not in _JUDGED or _looks_random(match.group(2), sort)


def _struck(match: re.Match[str], sort: str, found: Counter[str]) -> str:
    if MARK in match.group():
        return match.group()
    if match.re.groups == 0:
        found[sort] += 1
        return MARK
    before = match.group(1)
    if not _is_secret(match, sort):
        return match.group()
    found[sort] += 1
    return f"{before}:{MARK}" if sort == "password in an address" else f"{before}{MARK}"


def _looks_random(value: str, sort: str) -> bool:
    """Return whether *value* is more than a word or a name: drawn at random, or with digits and marks among letters."""
    if sort == "setting" and _CODE.fullmatch(value) and not any(c.isdigit() for c in value):
        return False
    if sort == "long random text":
        return _entropy(value) >= 3.5 and any(c.isdigit() for c in value)
    return _entropy(value) >= _LEAST_ENTROPY and not re.fullmatch(r"[a-z]+(?:[_ .-][a-z]+)*|[A-Z]+(?:_[A-Z]+)*", value)


def _entropy(value: str) -> float:
    """Return the Shannon entropy of the characters of *value*, in bits a character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
