"""Whoever silences a tool says why, where it is silenced."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SILENCED = re.compile(r"#\s*(noqa\b(: ?[A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)*)?|type: ?ignore(\[[a-z, -]+\])?)")


def without_reason(source: str) -> Iterator[int]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_silencing = token.type == tokenize.COMMENT and SILENCED.match(token.string)
        if is_silencing and len(re.findall(r"\w+", SILENCED.sub("", token.string))) < 2:
            yield token.start[0]


@pytest.mark.parametrize("folder", ["apps", "nofx", "bench"])
def test_each_has_a_reason(folder: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / folder).rglob("*.py")
        for line in without_reason(path.read_text())
    ]
    assert wrong == []


def test_one_without_is_found() -> None:
    source = (
        'x = 1  # noqa: S105\ny = 2  # type: ignore[misc]  # noqa: E501\nz = "# noqa"\nw = 3  # noqa: S105  a name\n'
    )
    assert list(without_reason(source)) == [1, 2]
