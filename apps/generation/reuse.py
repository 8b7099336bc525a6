"""The built-in provider of what exists already, which loads the sandbox at its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.core.lazy import lazy_module
from apps.providers.models import Provider
from apps.providers.types import CodeProvider

if TYPE_CHECKING:
    from apps.generation.gateways import reuse
else:
    reuse = lazy_module("apps.generation.gateways.reuse")


def reuse_open(provider: Provider) -> CodeProvider:
    """Return the provider of a row."""
    return reuse.Reuse(name=provider.name, timeout_s=float(provider.timeout_s))
