"""What the figures of quality and documentation are is written down, in one place."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from apps.governance.measures import measures_all

PAGE = Path(settings.BASE_DIR) / "docs" / "measures.md"


def test_each_measure_of_quality_and_documentation_is_in_the_table():
    keys = [measure.key for measure in measures_all() if measure.key.startswith(("quality.", "docs."))]
    assert len(keys) == 5
    text = PAGE.read_text()
    assert [key for key in keys if f"`{key}`" not in text] == []
    assert [measure.key for measure in measures_all() if not measure.definition.endswith(".")] == []
