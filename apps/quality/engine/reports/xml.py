"""XML as a stream of elements, without entities and without anything from outside."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from apps.quality.engine.reports.model import ReportUnreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # the type only; defusedxml does the reading

MAX_DEPTH = 50
MAX_TEXT = 4_000


def elements(content: bytes, *, roots: tuple[str, ...]) -> Iterator[tuple[str, Element]]:
    """
    Yield ("start" or "end", element) in document order; an element is emptied once its end was yielded.

    A DOCTYPE that only names where a definition lies is passed over and never fetched.

    :raises ReportUnreadable: it is no well-formed XML, declares entities, nests too deeply, or has another root.
    """
    depth = 0
    try:
        for event, element in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=False):
            depth += 1 if event == "start" else -1
            if depth > MAX_DEPTH:
                raise ReportUnreadable(f"The XML is nested more than {MAX_DEPTH} levels deep.")
            if event == "start" and depth == 1 and element.tag not in roots:
                raise ReportUnreadable(f"The XML begins with <{element.tag[:60]}>, not with <{roots[0]}>.")
            yield event, element
            if event == "end":
                element.clear()
    except DefusedXmlException as error:
        raise ReportUnreadable(
            "The XML declares entities or refers to something outside, which no report needs."
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        raise ReportUnreadable(f"This is not well-formed XML: {str(error)[:200]}.") from error
