"""What has to be looked after every few seconds, in whichever process of the queue comes first."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError

Chore = Callable[[], object]

log = logging.getLogger(__name__)
_chores: dict[str, Chore] = {}


def chore_register(name: str, chore: Chore) -> None:
    """
    Have *chore* called every few seconds by each queue process; an app says so once, in ``ready``.

    It is called from several machines at once and must be short, harmless to repeat, and wait for nobody.
    """
    _chores[name] = chore


def chores_run() -> None:
    """
    Call every chore once; one that fails is logged and called again next time.

    :raises OperationalError: the database went away.
    """
    for name, chore in _chores.items():
        try:
            chore()
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("The chore %s failed.", name)
