"""The built-in providers: apps register theirs when Django starts, since some of them live above this app."""

from __future__ import annotations

from collections.abc import Callable

from apps.providers.models import Provider
from apps.providers.types import CodeProvider

ProviderFactory = Callable[[Provider], CodeProvider]

_factories: dict[str, ProviderFactory] = {}


def provider_register_builtin(name: str, factory: ProviderFactory) -> None:
    """
    Offer a built-in provider under *name*, which its rows carry as ``model_id``.

    :raises ValueError: another factory has that name.
    """
    if _factories.setdefault(name, factory) is not factory:
        raise ValueError(f"There are two built-in providers named {name}.")


def builtin_factory(name: str) -> ProviderFactory | None:
    """Return what makes the built-in provider *name*."""
    return _factories.get(name)


def builtin_names() -> list[str]:
    """Return the names of all built-in providers, sorted."""
    return sorted(_factories)
