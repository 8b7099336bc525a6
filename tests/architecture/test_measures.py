"""Whatever a default asks for, some track measures; nothing here stands in for the registered measures."""

from __future__ import annotations

import pytest

from apps.console.metrics.catalogue import OTHERS
from apps.console.metrics.trends import TRENDS
from apps.governance.engine.gates import EXPANSION
from apps.governance.engine.gates.frameworks import CONTROLS
from apps.governance.engine.tripwires import tripwires_default
from apps.governance.measures import measure_find

ASKED = {
    "the gate of expansion": [one.measure for one in EXPANSION.criteria],
    "the tripwires of a rung": [one.measure for one in tripwires_default()],
    "the controls of frameworks": [key for control in CONTROLS for key in control.measures],
    "the pages of metrics": list(OTHERS),
    "the home page": [key for keys in TRENDS for key in keys],
}


@pytest.mark.parametrize("who", ASKED)
def test_every_measure_that_a_default_names_is_registered(who: str) -> None:
    assert ASKED[who] and [key for key in ASKED[who] if measure_find(key) is None] == []
