"""Rows as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

Row = tuple[object, ...]
# A cell that begins with one of these is a formula to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Row]) -> str:
    """Return rows as a CSV file in which no spreadsheet finds a formula."""
    text = io.StringIO()
    csv.writer(text).writerows(_cells(row) for row in rows)
    return text.getvalue()


def _cells(row: Row) -> list[str]:
    cells = ["" if value is None else str(value) for value in row]
    return [f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells]
