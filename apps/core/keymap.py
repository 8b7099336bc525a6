"""Which single key does what. A browser's own choice is a cookie, so that keys work before anybody signs in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

COOKIE = "nofx_keymap"


@dataclass(frozen=True)
class KeyAction:
    """Something that a single key does."""

    name: str
    label: str
    key: str


ACTIONS = (
    KeyAction("sheet", "Show the shortcuts", "?"),
    KeyAction("search", "Search, or go to", "/"),
    KeyAction("next", "Next row, or line of a review", "j"),
    KeyAction("previous", "Previous row, or line of a review", "k"),
    KeyAction("open", "Open row", "o"),
    KeyAction("next_change", "Next change in code", "n"),
    KeyAction("previous_change", "Previous change in code", "p"),
    KeyAction("up", "Up one level", "u"),
    KeyAction("go", "Go to, before the letter of a page", "g"),
)
DEFAULTS = {action.name: action.key for action in ACTIONS}


def keymap_read(cookie: str) -> dict[str, str]:
    """Return the key of each action; what *cookie* says of no action, or no single key, is left out."""
    try:
        chosen = json.loads(unquote(cookie)) if cookie else {}
    except ValueError:
        chosen = {}
    if not isinstance(chosen, dict):
        return dict(DEFAULTS)
    good = {
        name: key
        for name, key in chosen.items()
        if name in DEFAULTS and isinstance(key, str) and len(key) == 1 and key.isascii() and key.isprintable()
    }
    keys = {**DEFAULTS, **good}
    return keys if len(set(keys.values())) == len(keys) else dict(DEFAULTS)


def keymap_write(keys: Mapping[str, str]) -> str:
    """Return the cookie that says *keys*; empty where they are the usual ones."""
    changed = {name: key for name, key in keys.items() if DEFAULTS.get(name) not in {None, key}}
    return quote(json.dumps(changed), safe="") if changed else ""
