"""
Keys of endpoints: read when a call is made, handed to the client, never kept.

A provider's row holds the *name* of an environment variable. Nothing but this module reads its value.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from dotenv import dotenv_values

# A name like this cannot be mistaken for a key itself: keys have lower case, dashes or dots.
VARIABLE_PATTERN = re.compile(r"[A-Z][A-Z0-9_]{2,79}")


def key_read(variable: str) -> str:
    """Return the value of *variable* from the process environment, then from ``.env``; empty when it is not set."""
    return os.environ.get(variable) or dotenv_values(Path.cwd() / ".env").get(variable) or ""


def scrubbed(text: str, key: str) -> str:
    """Return *text* without *key*: a server may repeat it in what it says about an error."""
    if not key:
        return text
    shown = text.replace(key, "[key]")
    # Some servers repeat the ends of a key around asterisks.
    for end in (key[:8], key[-4:]) if len(key) >= 16 else ():
        shown = re.sub(rf"\S*{re.escape(end)}\S*", "[key]", shown)
    return shown
