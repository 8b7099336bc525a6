"""Where the cells of a treemap lie: they fill the drawing in proportion, none over another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.quality.debt_map import CANVAS, debt_map, debt_pictured
from apps.quality.engine.treemap import ROOT, Weight, treemap_cells
from apps.quality.engine.treemap_layout import Box, squarified, treemap_boxes

AREAS = st.lists(st.integers(1, 10_000), min_size=1, max_size=60).map(lambda areas: sorted(areas, reverse=True))
SIDES = st.floats(1, 2_000)


def overlap(one: Box, other: Box) -> float:
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(wide, 0.0) * max(high, 0.0)


def within(inner: Box, outer: Box) -> bool:
    slack = 1e-6 * max(outer.width, outer.height)
    return (
        inner.x >= outer.x - slack
        and inner.y >= outer.y - slack
        and inner.x + inner.width <= outer.x + outer.width + slack
        and inner.y + inner.height <= outer.y + outer.height + slack
    )


@given(areas=AREAS, width=SIDES, height=SIDES)
def test_boxes_fill_the_drawing_in_proportion_and_never_lie_over_each_other(
    areas: list[int], width: float, height: float
) -> None:
    whole = Box(0, 0, width, height)
    boxes = squarified(areas, whole)
    for area, box in zip(areas, boxes, strict=True):
        assert box.width * box.height == pytest.approx(width * height * area / sum(areas), rel=1e-6)
        assert within(box, whole)
    tolerance = 1e-6 * width * height
    assert all(overlap(one, other) <= tolerance for at, one in enumerate(boxes) for other in boxes[:at])


def test_the_example_of_the_paper_comes_out_as_printed() -> None:
    boxes = squarified([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    assert [(box.width, box.height) for box in boxes[:2]] == [(3.0, 2.0), (3.0, 2.0)]
    assert boxes[2].width == pytest.approx(12 / 7) and boxes[2].height == pytest.approx(7 / 3)
    assert boxes[-1].width == pytest.approx(0.6) and boxes[-1].height == pytest.approx(5 / 3)


def test_a_folder_lies_around_what_it_holds() -> None:
    cells = treemap_cells([Weight(f"a/b{n % 3}/c{n}.py", 1 + n, 10, 0) for n in range(40)])
    boxes = treemap_boxes(cells, ROOT, CANVAS)
    assert all(within(boxes[cell.id], boxes[cell.parent]) for cell in cells if cell.id != ROOT)


def stored(count: int) -> list[dict[str, object]]:
    return [
        {"path": f"shop/area_{n % 4}/m{n}.py", "minutes": 1 + n % 9, "rating": "C", "code_lines": 20, "touches": n % 3}
        for n in range(count)
    ]


def test_every_file_is_drawn_and_every_folder_that_lies_side_by_side_leads_inside() -> None:
    found = debt_map(stored(2_000), "minutes")
    assert sum(path.count("M") for _, path in found.shades) == found.cells == 2_000
    assert {one.folder for one in found.places} == {f"shop/area_{n}/" for n in range(4)}


def test_few_files_are_a_figure_and_many_a_map() -> None:
    whole, part = (debt_pictured(stored(2_000), "minutes", folder) for folder in ("", "shop/area_1/"))
    assert whole["chart"] is None and whole["map"] is not None
    assert part["map"] is None and part["chart"] is not None
    assert (part["folders"], part["folder_name"]) == ([("shop/", "shop")], "area_1")
