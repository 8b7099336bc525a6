"""Read baselines from a CSV or a JSON file that somebody sent."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

MAX_BYTES = 1_000_000
MAX_ROWS = 1_000
MAX_SOURCE = 400
MAX_PROBLEMS = 20
COLUMNS = ("metric", "value", "from", "to", "source")


class FileUnreadable(ValueError):
    """The file is no table of baselines; ``problems`` are sentences for whoever sent it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """What a metric was from ``start`` to ``end``, both inclusive, and where that comes from."""

    key: str
    value: float
    start: date
    end: date
    source: str


def read_baselines(content: bytes, *, known: Collection[str], today: date) -> list[BaselineRow]:
    """
    Return the rows of a file: JSON when it begins with ``[``, else CSV with the headings of :data:`COLUMNS`.

    Nothing of a file with a mistake is taken.

    :raises FileUnreadable: with a sentence for each of the first mistakes.
    """
    if len(content) > MAX_BYTES:
        raise FileUnreadable([f"The file has {len(content)} bytes; at most {MAX_BYTES} are read."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileUnreadable(["The file is not UTF-8 text."]) from error
    rows = list(_json_rows(text) if text.lstrip().startswith("[") else _csv_rows(text))
    if not rows:
        raise FileUnreadable(["The file has no row."])
    if len(rows) > MAX_ROWS:
        raise FileUnreadable([f"The file has {len(rows)} rows; at most {MAX_ROWS} are read."])
    problems: list[str] = []
    read = [one for place, row in rows if (one := _row(place, row, known, today, problems)) is not None]
    seen: set[str] = set()
    for row in read:
        if row.key in seen:
            problems.append(f"{row.key} stands in the file twice.")
        seen.add(row.key)
    if problems:
        raise FileUnreadable(problems[:MAX_PROBLEMS])
    return read


def _csv_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise FileUnreadable([f"The first line lacks the headings {', '.join(missing)}."])
    try:
        for row in reader:
            yield f"Line {reader.line_num}", row
    except csv.Error as error:
        raise FileUnreadable([f"Line {reader.line_num} cannot be read: {error}."]) from error


def _json_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(["The file is no JSON."]) from error
    for number, row in enumerate(found, 1):
        if not isinstance(row, dict):
            raise FileUnreadable([f"Row {number} is no object with {', '.join(COLUMNS)}."])
        yield f"Row {number}", row


def _row(
    place: str, row: Mapping[str, Any], known: Collection[str], today: date, problems: list[str]
) -> BaselineRow | None:
    key, source = str(row.get("metric") or "").strip(), str(row.get("source") or "").strip()
    value = _number(row.get("value"))
    start, end = _day(row.get("from")), _day(row.get("to"))
    wrong = [
        "" if key in known else f"{key[:80] or 'nothing'!r} is no metric that has a baseline",
        "" if value is not None else "the value is no number above 0",
        "" if start and end else "from and to are days such as 2025-01-31",
        "from is later than to" if start and end and start > end else "",
        "the period is not over yet" if end and end >= today else "",
        "" if source and source.isprintable() and len(source) <= MAX_SOURCE else "the source is one line of text",
    ]
    wrong = [sentence for sentence in wrong if sentence]
    if wrong or value is None or start is None or end is None:
        problems.append(f"{place}: {'; '.join(wrong)}.")
        return None
    return BaselineRow(key, value, start, end, source)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value or "").strip())
    except ValueError:
        return None
