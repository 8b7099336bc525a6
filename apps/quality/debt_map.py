"""The debt of more files than a figure in the browser takes: every file drawn here, one path for each rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from apps.core.errors import NotFound
from apps.quality.charts import MAX_CELLS, Chart, debt_summary, debt_table, debt_treemap_chart, weights_of
from apps.quality.engine.debt import MINUTES_PER_LINE, rating
from apps.quality.engine.treemap import ROOT, Area, Cell, treemap_cells
from apps.quality.engine.treemap_layout import Box, treemap_boxes

# In units of the drawing, which are pixels where it is as wide as this.
CANVAS = Box(0.0, 0.0, 1000.0, 420.0)
LETTER_WIDTH, LINE_HEIGHT, SMALLEST_PLACE = 6.6, 16.0, 8.0
RATINGS = "ABCDE"


@dataclass(frozen=True)
class Place:
    """A folder on the map: where it lies, where it leads, and its name if there is room for it."""

    box: Box
    folder: str
    label: str
    title: str


@dataclass(frozen=True)
class DebtMap:
    """All files as one path for each rating, the folders to look into, and what a chart has beside its figure."""

    shades: list[tuple[str, str]]
    places: list[Place]
    chart: Chart
    cells: int


def debt_pictured(files: Sequence[dict[str, Any]], area: Area, folder: str) -> dict[str, Any]:
    """
    Return what shows the debt of *files* below *folder* ("" is all, others end with a slash): a figure, or a map.

    :raises NotFound: there is no such folder.
    """
    inside = [file for file in files if file["path"].startswith(folder)]
    if folder and not (folder.endswith("/") and inside):
        raise NotFound("There is no such folder among the files that were assessed.")
    count = sum(file["minutes"] > 0 for file in inside)
    return {
        "chart": debt_treemap_chart(inside, area) if 0 < count <= MAX_CELLS else None,
        "map": debt_map(inside, area) if count > MAX_CELLS else None,
        "folder": folder,
        "folders": [(f"{one}/", one.name) for one in reversed(PurePosixPath(folder).parents[:-1])] if folder else [],
        "folder_name": PurePosixPath(folder).name,
    }


def debt_map(files: Sequence[dict[str, Any]], area: Area) -> DebtMap:
    """Return the debt of *files* (as they are stored), each drawn: the area is what it costs, the shade its rating."""
    weights = weights_of(files)
    cells = treemap_cells(weights, area)
    boxes = treemap_boxes(cells, ROOT, CANVAS)
    drawn = [cell for cell in cells if cell.is_file]
    chart = Chart({}, debt_summary(weights, area), *debt_table(files))
    return DebtMap(_shades(drawn, boxes), _places(cells, boxes), chart, len(drawn))


def _shades(files: Sequence[Cell], boxes: dict[str, Box]) -> list[tuple[str, str]]:
    steps: dict[str, list[str]] = {letter: [] for letter in RATINGS}
    for cell in files:
        box = boxes[cell.id]
        letter = rating(cell.minutes / (MINUTES_PER_LINE * max(cell.code_lines, 1)))
        steps[letter].append(f"M{box.x:.1f} {box.y:.1f}h{box.width:.2f}v{box.height:.2f}h-{box.width:.2f}z")
    return [(letter.lower(), "".join(path)) for letter, path in steps.items() if path]


def _places(cells: Sequence[Cell], boxes: dict[str, Box]) -> list[Place]:
    """Return the folders that lie side by side in the outermost one that holds more than a single folder."""
    at = ROOT
    while True:
        inside = [cell for cell in cells if cell.parent == at]
        if len(inside) != 1 or inside[0].is_file:
            break
        at = inside[0].id
    folders = [cell for cell in inside if not cell.is_file]
    return [_place(cell, boxes[cell.id]) for cell in folders if _is_a_target(boxes[cell.id])]


def _is_a_target(box: Box) -> bool:
    return min(box.width, box.height) >= SMALLEST_PLACE


def _place(cell: Cell, box: Box) -> Place:
    has_room = box.height >= LINE_HEIGHT and box.width >= LETTER_WIDTH * (len(cell.label) + 1)
    return Place(box, cell.id, cell.label if has_room else "", f"{cell.id} {cell.minutes} min, {cell.code_lines} lines")
