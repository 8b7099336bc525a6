"""
Names of distributions, and licences as SPDX expressions.

What a distribution's metadata says, whether lists permit it, and marks of licences in a text.

An expression is normalised as PEP 639 says. Metadata from before it is read through its classifiers and a few usual
spellings; what says no more than "BSD" becomes ``LicenseRef-BSD``, since nothing tells which of them it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "LicenseRef-BSD",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License (GPL)": "LicenseRef-GPL",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LicenseRef-LGPL",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Zope Public License": "LicenseRef-ZPL",
}
_SEPARATORS = re.compile(r"[-_.]+")
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), identifier)
    for pattern, identifier in (
        (r"(?:the )?mit(?: licen[sc]e)?", "MIT"),
        (
            r"(?:the )?apache(?: software)?(?: licen[sc]e)?,?(?: ?-?version| v)? ?-?2(?:\.0)?(?: licen[sc]e)?",
            "Apache-2.0",
        ),
        (r"(?:the )?(?:new |modified )?(?:3-clause bsd|bsd[- ]3[- ]clause)(?: licen[sc]e)?", "BSD-3-Clause"),
        (r"(?:the )?(?:simplified )?(?:2-clause bsd|bsd[- ]2[- ]clause)(?: licen[sc]e)?", "BSD-2-Clause"),
        (r"(?:the )?bsd(?: licen[sc]e)?", "LicenseRef-BSD"),
        (r"(?:the )?isc(?: licen[sc]e)?", "ISC"),
        (r"psf(?:l)?(?: licen[sc]e)?|python software foundation licen[sc]e", "PSF-2.0"),
        (r"mpl[- ]?2(?:\.0)?|mozilla public licen[sc]e 2\.0(?: \(mpl 2\.0\))?", "MPL-2.0"),
        (r"gplv?2", "GPL-2.0-only"),
        (r"gplv?2\+", "GPL-2.0-or-later"),
        (r"gplv?3", "GPL-3.0-only"),
        (r"gplv?3\+", "GPL-3.0-or-later"),
        (r"lgplv?3", "LGPL-3.0-only"),
        (r"lgplv?3\+", "LGPL-3.0-or-later"),
        (r"agplv?3", "AGPL-3.0-only"),
        (r"(?:the )?unlicen[sc]e", "Unlicense"),
    )
)
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
LONGEST_EXPRESSION = 300


def distribution_name(name: str) -> str:
    """Return the name of a distribution as PEP 503 compares it: ``Foo.Bar_baz`` is ``foo-bar-baz``."""
    return _SEPARATORS.sub("-", name.strip()).lower()


def licence_normalised(text: str) -> str:
    """Return an SPDX expression, or a usual spelling of a licence, in its canonical form; "" for any other text."""
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST_EXPRESSION:
        return ""
    spelled = next((name for pattern, name in _SPELLINGS if pattern.fullmatch(stripped)), "")
    if spelled:
        return spelled
    try:
        return str(canonicalize_license_expression(stripped))
    except (InvalidLicenseExpression, RecursionError, MemoryError, SyntaxError):
        return ""


def licence_of_metadata(*, expression: str, text: str, classifiers: Iterable[str]) -> str:
    """
    Return the licence of a distribution as an SPDX expression, "" where its metadata does not say.

    The expression counts before the text, and the text before classifiers, unless it is no more than a family.
    """
    told = [
        _CLASSIFIERS.get(one.rpartition("::")[2].strip(), "") for one in classifiers if one.startswith("License ::")
    ]
    classified = " AND ".join(dict.fromkeys(filter(None, told)))
    written = licence_normalised(expression) or licence_normalised(text)
    if written and not written.startswith("LicenseRef-"):
        return written
    return classified if classified and "LicenseRef-" not in classified else written or classified


Ways = tuple[frozenset[str], ...]
# More ways to comply than that no licence has; an expression that is made to explode is not permitted.
_MOST_WAYS = 64


def licence_permitted(expression: str, *, allow: Collection[str] = (), deny: Collection[str] = ()) -> bool:
    """
    Return whether one way to comply with *expression* needs no licence of *deny* and, if *allow* names any, only those.

    ``MIT OR GPL-3.0-only`` is permitted where MIT is; ``MIT AND GPL-3.0-only`` where both are. An exception ("WITH")
    stays with its licence: it is permitted where the licence is, or where both together are named. An expression that
    cannot be read is not permitted where there is any list.
    """
    if not allow and not deny:
        return True
    allowed, denied = {one.lower() for one in allow}, {one.lower() for one in deny}
    return any(
        all(_is_named(one, allowed) or not allowed for one in way) and not any(_is_named(one, denied) for one in way)
        for way in _ways(licence_normalised(expression))
    )


def _is_named(licence: str, named: Collection[str]) -> bool:
    return licence.lower() in named or licence.lower().partition(" with ")[0] in named


def _ways(expression: str) -> Ways:
    """Return the ways to comply with a canonical expression, each with all the licences that it asks for."""
    tokens = _TOKEN.findall(expression)
    if not tokens:
        return ()
    ways, _ = _either(tokens)
    return () if len(ways) > _MOST_WAYS else ways


def _either(tokens: Sequence[str]) -> tuple[Ways, Sequence[str]]:
    ways, rest = _both(tokens)
    while rest and rest[0] == "OR":
        more, rest = _both(rest[1:])
        ways += more
    return ways[: _MOST_WAYS + 1], rest


def _both(tokens: Sequence[str]) -> tuple[Ways, Sequence[str]]:
    ways, rest = _one(tokens)
    while rest and rest[0] == "AND":
        more, rest = _one(rest[1:])
        ways = tuple(left | right for left in ways for right in more)[: _MOST_WAYS + 1]
    return ways, rest


def _one(tokens: Sequence[str]) -> tuple[Ways, Sequence[str]]:
    if tokens[0] == "(":
        ways, rest = _either(tokens[1:])
        return ways, rest[1:]
    if len(tokens) > 2 and tokens[1] == "WITH":
        return (frozenset({f"{tokens[0]} WITH {tokens[2]}"}),), tokens[3:]
    return (frozenset({tokens[0]}),), tokens[1:]


Reciprocity = Literal["permissive", "reciprocal"]


@dataclass(frozen=True, slots=True)
class Header:
    """A mark in a text that some of it was written elsewhere, under ``licence`` ("" if it does not say which)."""

    line: int
    licence: str
    text: str

    @property
    def kind(self) -> Reciprocity:
        """Whether what holds it must be under the same licence, as far as the mark tells."""
        return "reciprocal" if re.search(r"GPL|MPL|EPL|CDDL|EUPL", self.licence) else "permissive"


_HEADERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), identifier)
    for pattern, identifier in (
        (r"GNU Affero General Public Licen[sc]e", "AGPL-3.0-only"),
        (r"GNU Lesser General Public Licen[sc]e|GNU Library General Public", "LicenseRef-LGPL"),
        (r"GNU General Public Licen[sc]e|\bGPLv?[23]\b", "LicenseRef-GPL"),
        (r"Mozilla Public Licen[sc]e", "MPL-2.0"),
        (r"Licen[sc]ed under the Apache Licen[sc]e", "Apache-2.0"),
        (r"Permission is hereby granted, free of charge|Licen[sc]ed under the MIT|\bMIT Licen[sc]e\b", "MIT"),
        (r"Redistribution and use in source and binary forms", "LicenseRef-BSD"),
        (r"\bAll rights reserved\b", ""),
        (r"(?:\bCopyright\b|©|\(c\))\s*(?:\(c\)\s*|©\s*)?(?:19|20)\d\d\b", ""),
    )
)
_SPDX_MARK = re.compile(r"SPDX-License-Identifier:\s*([^\n*#]{1,120})")


def licence_headers(source: str) -> tuple[Header, ...]:
    """Return the marks of licences and copyrights in *source*, at most one for each line, by line."""
    found = []
    for number, line in enumerate(source.splitlines(), 1):
        mark = _SPDX_MARK.search(line)
        if mark:
            found.append(Header(number, licence_normalised(mark[1]), line.strip()[:120]))
            continue
        known = next((name for pattern, name in _HEADERS if pattern.search(line)), None)
        if known is not None:
            found.append(Header(number, known, line.strip()[:120]))
    return tuple(found)
