"""What the architecture of a repository asks of code that is written into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.core.modules import dotted_name
from apps.evolution.selectors import opportunities_known
from apps.repositories.models import Repository

MOST = 3


def architecture_guidance(repository: Repository, target_path: str) -> list[dict[str, str]]:
    """Return which imports a module is to give up, and which would close a circle through it; one query."""
    module = dotted_name(target_path)
    found = [one for found in opportunities_known(repository) for one in _said(found, module)]
    return found[:MOST]


def _said(opportunity: Mapping[str, Any], module: str) -> Iterator[dict[str, str]]:
    if module not in opportunity["modules"]:
        return
    circle = ", ".join(opportunity["modules"])
    for edge in opportunity["cut"]:
        yield {
            "title": f"{edge['importer']} without {edge['imported']}",
            "text": f"These modules import one another in a circle: {circle}. It is planned that {edge['importer']} "
            f"gives up its import of {edge['imported']}; do not add another use of it.",
        }
