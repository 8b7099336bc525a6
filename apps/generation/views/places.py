"""Where on the review page somebody is: which candidates, file and requirement, and all of it or what differs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import QueryDict

PARAMETERS = ("show", "file", "requirement", "only")
DIFFERING = "differing"

Place = Mapping[str, str]


def place_of(query: QueryDict) -> Place:
    """Return what of *query* says where somebody is."""
    return {name: query[name] for name in PARAMETERS if query.get(name)}


def address(place: Place, anchor: str = "", **changes: str) -> str:
    """Return the part of an address that leads to *place* with some *changes*; "" takes a parameter away."""
    wanted = {**place, **changes}
    query = urlencode({name: wanted[name] for name in PARAMETERS if wanted.get(name)})
    return f"?{query}{anchor}"
