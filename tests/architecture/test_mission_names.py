"""What the documentation says stands for a part of the mission is there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "mission.md"
ROW = re.compile(r"^\| (\w+) \| `([\w.]+)` \| \S", re.MULTILINE)
NAMED = dict(ROW.findall(PAGE.read_text()))


def test_the_systems_of_the_mission_are_there() -> None:
    assert {"SpecificationParser", "MultiModelGenerator", "AITestGenerator", "ArchitectureAnalyzer"} <= NAMED.keys()


@pytest.mark.parametrize("name", NAMED)
def test_each_part_is_where_the_page_says(name: str) -> None:
    module, _, attribute = NAMED[name].rpartition(".")
    assert callable(getattr(import_module(module), attribute))
