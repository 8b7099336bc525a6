"""The folder of anchors: one file a day, written once."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from apps.core.errors import NofxError
from apps.governance.engine.anchors import Anchor, AnchorUnreadable, anchor_read

PATTERN = "audit-*.jsonl"


class AnchorsUnwritable(NofxError):
    """The folder of anchors cannot be written to."""

    code = "audit.anchors_unwritable"
    status = 503


def anchors_folder() -> Path:
    """Return the folder that anchors lie in; it need not exist."""
    return Path(settings.NOFX_AUDIT_ANCHORS)


def anchors_load() -> tuple[list[Anchor], str]:
    """Return the anchors, oldest first, and what is wrong with the first file that is none; empty when all are."""
    found: list[Anchor] = []
    for path in sorted(anchors_folder().glob(PATTERN)):
        try:
            anchor = anchor_read(path.read_text())
        except AnchorUnreadable as error:
            return found, f"The anchor {path.name} cannot be read: {error}"
        except (OSError, UnicodeDecodeError):
            return found, f"The anchor {path.name} cannot be read."
        if path != _path(anchor):
            return found, f"The anchor {path.name} is about another day."
        found.append(anchor)
    return found, ""


def anchor_write(anchor: Anchor) -> bool:
    """
    Write *anchor* to the file of its day, whole or not at all; return whether there was none yet.

    :raises AnchorsUnwritable: the folder cannot be made or written to.
    """
    path = _path(anchor)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with part.open("w") as file:
            file.write(anchor.line)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o440)
        try:
            os.link(part, path)
        except FileExistsError:
            return False
        finally:
            part.unlink()
    except OSError as error:
        raise AnchorsUnwritable(
            f"The folder of anchors {path.parent} cannot be written to: {error.strerror}.",
            remedy="Set NOFX_AUDIT_ANCHORS to a folder that the platform may write to.",
        ) from error
    return True


def _path(anchor: Anchor) -> Path:
    return anchors_folder() / f"audit-{anchor.day.isoformat()}.jsonl"
