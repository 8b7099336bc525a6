"""Text files that go with a specification: which can, under what name, and how much of each a model is shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from apps.core.digests import sha256_hex
from apps.generation.engine.budget import CHARACTERS_A_TOKEN, FENCE, Purse, tokens
from apps.generation.engine.prompts import written_out

MOST = 5
MOST_BYTES = 64 * 1024
MOST_NAME = 100
# Of the whole budget, for all of them: the file to change and what is like it need room, too.
LARGEST_SHARE = 0.4
REST = "\n[the first {shown:,} of {whole:,} characters]"
_SEPARATOR = re.compile(r"[/\\]")
_MARKS = " ._-+"


class Unreadable(ValueError):
    """The file cannot be attached; the message is a sentence that names it."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file; ``size`` in bytes and ``digest`` (SHA-256) are of the file, ``text`` has plain line ends."""

    name: str
    size: int
    digest: str
    text: str


def attachment_read(name: str, content: bytes) -> Attachment:
    """
    Return a file that somebody sent.

    :raises Unreadable: it is empty, longer than :data:`MOST_BYTES`, no UTF-8, or holds a NUL.
    """
    name = file_name(name)
    if len(content) > MOST_BYTES:
        raise Unreadable(f"{name} is larger than {MOST_BYTES // 1024} KB.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is no text in UTF-8.") from None
    if "\0" in text:
        raise Unreadable(f"{name} is no text: it holds a NUL.")
    if not text.strip():
        raise Unreadable(f"{name} is empty.")
    return Attachment(name, len(content), sha256_hex(content), text)


def file_name(name: str) -> str:
    """Return the last part of *name*, with letters, digits and a few marks only, 100 characters at most."""
    last = _SEPARATOR.split(unicodedata.normalize("NFC", name))[-1]
    kept = "".join(one if one.isalnum() or one in _MARKS else "_" for one in last)
    clean = " ".join(kept.split()).strip(" .")
    if len(clean) > MOST_NAME:
        ending = PurePosixPath(clean).suffix[:20]
        clean = clean[: MOST_NAME - len(ending)].rstrip(" .") + ending
    return clean or "file"


def attachments_freeze(attachments: Sequence[Attachment], purse: Purse) -> list[dict[str, object]]:
    """
    Return *attachments* as a request is frozen with them, as JSON data, and pay for what models are shown of them.

    Each is whole, without what looks like a secret, and with what a reader would not see written out. ``shown`` is how
    many of its characters models are shown: short files go whole, of long ones the first lines, within
    :data:`LARGEST_SHARE` of the budget. ``form`` is "whole", "beginning" or "none".
    """
    clean = [replace(one, name=purse.redact(one.name), text=purse.redact(written_out(one.text))) for one in attachments]
    left = min(int(purse.budget * LARGEST_SHARE), purse.budget - purse.used)
    rooms = _rooms([purse.cost(one.name + one.text) for one in clean], left)
    return [_frozen(one, room, purse) for one, room in zip(clean, rooms, strict=True)]


def _rooms(costs: Sequence[int], room: int) -> list[int]:
    """Divide *room* so that what costs little gets all of it, and the others equal parts of the rest."""
    rooms = [0] * len(costs)
    for place, index in enumerate(sorted(range(len(costs)), key=costs.__getitem__)):
        rooms[index] = min(costs[index], room // (len(costs) - place))
        room -= rooms[index]
    return rooms


def _frozen(attachment: Attachment, room: int, purse: Purse) -> dict[str, object]:
    text = attachment.text
    shown = _shown(text, (room - FENCE) * CHARACTERS_A_TOKEN - len(attachment.name))
    form = "whole" if shown == len(text) else "beginning" if shown else "none"
    frozen = {**asdict(attachment), "shown": shown, "form": form}
    told = text_shown(frozen)
    if told:
        purse.spend(attachment.name + told)
    else:
        purse.left_out += 1
    return {**frozen, "tokens": tokens(told)}


def _shown(text: str, room: int) -> int:
    """Return how many characters of *text* fit into *room*, the words about the rest included: whole lines if any."""
    if len(text) <= room:
        return len(text)
    room -= len(REST.format(shown=len(text), whole=len(text)))
    return 0 if room <= 0 else text.rfind("\n", 0, room) + 1 or room


def text_shown(frozen: Mapping[str, Any]) -> str:
    """Return what models are shown of an attachment as it is frozen; "" for nothing of it."""
    text, shown = str(frozen["text"]), int(frozen["shown"])
    if not shown or shown == len(text):
        return text[:shown]
    return text[:shown].rstrip("\n") + REST.format(shown=shown, whole=len(text))
