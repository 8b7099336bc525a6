"""Content addresses: the same content has the same SHA-256, whoever computes it."""

from __future__ import annotations

import hashlib
import json


def canonical_json(value: object) -> bytes:
    """
    Return *value* as UTF-8 JSON with sorted keys and no spaces.

    :raises TypeError: the value holds something that JSON has no word for.
    :raises ValueError: the value holds NaN or an infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256_hex(data: bytes | str) -> str:
    """Return the SHA-256 of *data* (text is encoded as UTF-8) as 64 hexadecimal digits."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
