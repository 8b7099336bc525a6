"""Values that Python has no type for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Foreign:
    """
    A value that Python has no type for, by the name of what it is in JavaScript.

    ``content``: nothing for "undefined", an int for "bigint", milliseconds for "date", (source, flags) for "regexp",
    a tuple of pairs for "map", a tuple of items for "set" and for the typed arrays.
    """

    TYPED: ClassVar[frozenset[str]] = frozenset(
        {
            "Uint8Array", "Int8Array", "Uint8ClampedArray", "Uint16Array", "Int16Array", "Uint32Array", "Int32Array",
            "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
        }
    )  # fmt: skip

    kind: str
    content: Any = None
