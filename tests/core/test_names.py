"""Models and fields are called in the admin site as people write them."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db.models import Field

from apps.core.names import WRITTEN, name_read

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
# In lower case, or with a capital at the start only, these are no words.
BAD = re.compile(rf"\b(?:{'|'.join(WRITTEN)})\b|\b(?:{'|'.join(one.capitalize() for one in WRITTEN)})\b|^(?:is|has) |_")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("api token", "API token"),
        ("is demo", "demo"),
        ("has veto", "veto"),
        ("base url", "base URL"),
        ("latency ms", "latency (ms)"),
        ("history", "history"),
        ("ideas", "ideas"),
        ("AI code review", "AI code review"),
        ("is", "is"),
    ],
)
def test_a_name_is_written_as_people_write_it(name: str, read: str) -> None:
    assert name_read(name) == read
    assert name_read(read) == read


def test_no_model_and_no_field_reads_badly() -> None:
    wrong = []
    for model in OURS:
        names = [model._meta.verbose_name, model._meta.verbose_name_plural]
        names += [field.verbose_name for field in model._meta.get_fields() if isinstance(field, Field)]
        wrong += [f"{model._meta.label}: {name}" for name in names if BAD.search(str(name).replace("(ms)", ""))]
    assert wrong == []
