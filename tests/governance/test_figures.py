"""Figures as people read them: one is written otherwise than several, wherever a gate tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.governance.engine.figures import counted, figure_told, told
from apps.governance.engine.gates import Comparison, Criterion, judge
from apps.governance.engine.gates.changes import asked
from apps.governance.engine.tripwires import Trips, Tripwire
from apps.governance.measures import Measure, Reading, Shape, measure_find, measures_all
from apps.governance.selectors.ladder_page import WireRow

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CYCLES = Measure(
    "test.cycles", "Cycles", "d", Shape.MINIMUM, "cycles", "Docs", lambda *_: Reading(1.0, n=1), unit_one="cycle"
)


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "1 cycle"), (0.0, "0 cycles"), (2.0, "2 cycles"), (1.004, "1 cycle"), (1.5, "1.5 cycles"), (None, "–")],
)
def test_a_value_has_its_unit_in_the_number_in_which_it_is_written(value: float | None, words: str) -> None:
    assert told(value, CYCLES) == words


def test_a_share_is_a_percentage_and_what_nobody_measures_is_a_bare_number() -> None:
    assert told(0.015, replace(CYCLES, shape=Shape.RATE)) == "1.5 %"
    assert figure_told(0.5, None) == "0.5"
    assert figure_told(None, None) == "–"


def test_things_are_counted_one_by_one() -> None:
    assert counted(1, "day", "days") == "1 day"
    assert counted(1_200, "day", "days") == "1,200 days"


def test_the_sentence_of_a_criterion_counts_right() -> None:
    criterion = Criterion("docs", "Docs", CYCLES.key, Comparison.AT_LEAST, 1.0, window_days=1)
    met = judge(criterion, CYCLES, Reading(1.0, n=1, as_of=NOW), error="", now=NOW)
    assert met.sentence == "The lowest value in the window, 1 cycle, is at least 1 cycle."
    day_old = replace(CYCLES, freshness=timedelta(hours=1))
    stale = judge(criterion, day_old, Reading(1.0, n=1, as_of=NOW - timedelta(days=1)), error="", now=NOW)
    assert stale.sentence.startswith("The newest observation is 1 day old;")
    assert asked(criterion, {CYCLES.key: CYCLES}) == "Cycles ≥ 1 cycle, n ≥ 1, 1 day, required"


def test_a_tripwire_counts_right() -> None:
    wire = Tripwire(CYCLES.key, bound=1, trips=Trips.BELOW, window_days=1)
    assert WireRow(wire, CYCLES, None).asked == "below 1 cycle, of 1 day"


def test_every_unit_that_is_a_word_has_one_for_a_single_one() -> None:
    documented = measure_find("docs.sync_cycle")
    assert documented is not None and told(1.0, documented) == "1 release cycle"
    plural = [measure.key for measure in measures_all() if measure.unit.endswith("s") and not measure.unit_one]
    assert plural == []
