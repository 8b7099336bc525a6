"""Figures as people read them: with their unit, of which one is written otherwise than several."""

from __future__ import annotations

from apps.governance.measures import Measure, Shape


def told(value: float | None, measure: Measure, *, digits: int = 2) -> str:
    """Return *value* as people read it: a share in percent, anything else with its unit."""
    if value is None:
        return "–"
    if measure.shape is Shape.RATE or measure.unit == "%":
        return f"{_plain(value * 100, digits)} %"
    text = _plain(value, digits)
    return f"{text} {measure.unit_of(text)}".strip()


def figure_told(value: float | None, measure: Measure | None) -> str:
    """Return *value* as people read it, whether or not its measure is still registered."""
    if measure is not None:
        return told(value, measure)
    return "–" if value is None else f"{value:g}"


def counted(number: int, one: str, many: str) -> str:
    """Return *number* before what it counts: of *one*, else of *many*."""
    return f"{number:,} {one if number == 1 else many}"


def _plain(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
