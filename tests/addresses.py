"""The addresses of the platform, read from its URL configuration, so that tests of all of them miss no new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse

# What stands in an address where a test has nothing better: nothing is found there.
NOTHING: dict[str, Any] = {
    "UUIDConverter": UUID(int=1),
    "IntConverter": 1,
    "SlugConverter": "x",
    "StringConverter": "x",
}


def pages() -> Iterator[tuple[str, URLPattern]]:
    """
    Return every page of ours by name.

    The API has a description that tests read, and the admin site is Django's.
    """

    def walk(resolver: Any, space: str = "") -> Iterator[tuple[str, URLPattern]]:
        for one in resolver.url_patterns:
            if isinstance(one, URLPattern):
                yield f"{space}{one.name}", one
            elif isinstance(one, URLResolver) and not str(one.pattern).startswith(("admin/", "api/")):
                yield from walk(one, f"{one.namespace}:" if one.namespace else space)

    yield from walk(get_resolver())


def address(name: str, pattern: URLPattern, known: Mapping[str, Any] | None = None) -> str:
    """Return the address of a page, with the parts that are *known* and nothing's for the others."""
    kinds = {part: type(kind).__name__ for part, kind in pattern.pattern.converters.items()}
    return reverse(name, kwargs={part: (known or {}).get(part, NOTHING[kind]) for part, kind in kinds.items()})
