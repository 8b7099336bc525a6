"""
Where the cells of a treemap lie: squarified, so that none is a sliver where another shape fits.

After Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000): rows along the shorter side, each as long as its worst
aspect ratio gets better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.quality.engine.treemap import Cell


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in the units of the drawing."""

    x: float
    y: float
    width: float
    height: float


def squarified(areas: Sequence[float], box: Box) -> list[Box]:
    """
    Return one box for each of *areas*, which are positive and come largest first; together they fill *box*.

    The size of a box is in proportion to its area. Costs a few steps for each area.
    """
    boxes: list[Box] = []
    left, begin = float(sum(areas)), 0
    while begin < len(areas):
        scale = box.width * box.height / left if left else 0.0
        side = min(box.width, box.height)
        end, held = _row(areas, begin, scale, side)
        laid, box = _laid(areas[begin:end], held, scale, box)
        boxes += laid
        left, begin = left - held, end
    return boxes


def _row(areas: Sequence[float], begin: int, scale: float, side: float) -> tuple[int, float]:
    """Return where the row that starts at *begin* ends, and the sum of what it holds."""
    held, end, worst = areas[begin], begin + 1, _worst(areas[begin], areas[begin], areas[begin], scale, side)
    while end < len(areas):
        more = held + areas[end]
        ratio = _worst(areas[begin], areas[end], more, scale, side)
        if ratio > worst:
            break
        held, worst, end = more, ratio, end + 1
    return end, held


def _worst(largest: float, smallest: float, held: float, scale: float, side: float) -> float:
    """Return the worst ratio of length to width in a row along *side*."""
    thick = (held * scale) ** 2
    if not thick or not smallest:
        return float("inf")
    return max(side * side * largest * scale / thick, thick / (side * side * smallest * scale))


def _laid(row: Sequence[float], held: float, scale: float, box: Box) -> tuple[list[Box], Box]:
    """Return the boxes of *row* along the shorter side of *box*, and what is left of it."""
    is_column = box.width >= box.height
    side = box.height if is_column else box.width
    thick = held * scale / side if side else 0.0
    boxes, at = [], 0.0
    for area in row:
        length = side * area / held
        if is_column:
            boxes.append(Box(box.x, box.y + at, thick, length))
        else:
            boxes.append(Box(box.x + at, box.y, length, thick))
        at += length
    if is_column:
        return boxes, Box(box.x + thick, box.y, max(box.width - thick, 0.0), box.height)
    return boxes, Box(box.x, box.y + thick, box.width, max(box.height - thick, 0.0))


def treemap_boxes(cells: Iterable[Cell], root: str, box: Box) -> dict[str, Box]:
    """Return where each cell below the folder *root* lies in *box*, by its id; a folder lies around what it holds."""
    held: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        held[cell.parent].append(cell)
    places = {root: box}
    open_folders = [root]
    while open_folders:
        folder = open_folders.pop()
        inside = sorted(held[folder], key=lambda cell: (-cell.area, cell.id))
        for cell, place in zip(inside, squarified([cell.area for cell in inside], places[folder]), strict=True):
            places[cell.id] = place
            if not cell.is_file:
                open_folders.append(cell.id)
    return places
