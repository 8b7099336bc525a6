"""The body of an API request as JSON: what no database and no JSON reader can hold is refused at the door."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from apps.checks.types import plain_text

UNSTORABLE = "The text holds a character that cannot be stored, such as NUL or half of a surrogate pair."
NOT_A_NUMBER = "NaN and Infinity are no JSON numbers."
# An answer is not to be many times as large as what was sent.
MOST_ERRORS = 100


class BodyUnstorable(Exception):
    """The body parses but holds what cannot be kept; ``errors`` names the first places, as a validation error does."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(errors)} places in the body cannot be stored.")
        self.errors = errors


class JsonBodies(Parser):
    """Reads bodies as ninja does, then looks at every text and every number in them."""

    def parse_body(self, request: HttpRequest) -> Any:
        """
        Return the body as plain data.

        :raises BodyUnstorable: it holds a NUL, a lone surrogate, NaN or Infinity, in a value or in a key.
        :raises ValueError: it is no JSON.
        :raises RecursionError: it is nested too deeply.
        """
        body = super().parse_body(request)
        errors = list(islice(_faults(body), MOST_ERRORS))
        if errors:
            raise BodyUnstorable(errors)
        return body


def _faults(body: object) -> Iterator[dict[str, Any]]:
    waiting: list[tuple[tuple[object, ...], object]] = [(("body", "payload"), body)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and not _is_storable(value):
            yield {"loc": place, "type": "text_unstorable", "msg": UNSTORABLE}
        elif isinstance(value, float) and not math.isfinite(value):
            yield {"loc": place, "type": "number_not_finite", "msg": NOT_A_NUMBER}
        elif isinstance(value, list):
            waiting += reversed([((*place, index), item) for index, item in enumerate(value)])
        elif isinstance(value, dict):
            yield from _faults_of_keys(place, value)
            waiting += reversed([((*place, key), item) for key, item in value.items() if _is_storable(key)])


def _faults_of_keys(place: tuple[object, ...], value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not all(_is_storable(key) for key in value):
        yield {"loc": place, "type": "key_unstorable", "msg": UNSTORABLE}


def _is_storable(text: str) -> bool:
    return plain_text(text) == text
