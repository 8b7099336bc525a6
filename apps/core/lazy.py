"""
Modules that load at their first use, because what they import is heavy and most processes never need it.

A gateway to a heavy library is named where it is used::

    if TYPE_CHECKING:
        from apps.repositories.gateways import minilm
    else:
        minilm = lazy_module("apps.repositories.gateways.minilm")

To the type checker it is the module. Only gateways of the app itself are named so: what an app imports from another
stays visible to the import contracts.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

_for_jobs: list[str] = []


class _LazyModule(ModuleType):
    """Stands for the module of its name, and imports it when an attribute is asked for."""

    def __getattr__(self, attribute: str) -> Any:
        # import_module takes the module's lock: threads that come at once all see it whole.
        return getattr(import_module(self.__name__), attribute)


def lazy_module(name: str, *, for_jobs: bool = False) -> ModuleType:
    """
    Return what behaves like the module *name* and loads it at its first use, in whichever thread that is.

    With *for_jobs* the workers of the queue load it before they are forked: no job waits for it, and they share it.
    """
    if for_jobs:
        _for_jobs.append(name)
    return _LazyModule(name)


def job_modules_load() -> None:
    """Load the modules that jobs use; takes most of a second, and nothing where they are loaded."""
    for name in _for_jobs:
        import_module(name)
