"""From a row to something that can be asked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from apps.core.lazy import lazy_module
from apps.providers.models import Provider
from apps.providers.selectors import local_model_address
from apps.providers.services.builtins import builtin_factory
from apps.providers.types import CodeProvider, ProviderUnavailable

if TYPE_CHECKING:
    from apps.providers.gateways import openai_compatible
else:
    openai_compatible = lazy_module("apps.providers.gateways.openai_compatible", for_jobs=True)

FREE = Decimal(0)


def provider_open(provider: Provider, *, is_budgeted: bool = False) -> CodeProvider:
    """
    Return the provider behind a row. Nothing is sent yet, and no key is read. Under a budget one call pays once.

    :raises ProviderUnavailable: it is a local model that is not served, or a built-in one this version has not.
    """
    if provider.kind == Provider.Kind.BUILTIN:
        factory = builtin_factory(provider.model_id)
        if factory is None:
            raise ProviderUnavailable(f"This version has no built-in provider named {provider.model_id}.")
        return factory(provider)
    is_local = provider.kind == Provider.Kind.LOCAL
    return openai_compatible.OpenAICompatible(
        name=provider.name,
        kind=provider.kind,
        base_url=_local_address(provider) if is_local else provider.base_url,
        model_id=provider.model_id,
        key_variable=provider.key_variable,
        temperature=float(provider.temperature),
        max_tokens=provider.max_tokens,
        timeout_s=provider.timeout_s,
        cost=FREE if is_local else None,
        pays_once=is_budgeted,
    )


def _local_address(provider: Provider) -> str:
    address = provider.base_url or local_model_address(provider.model_id)
    if not address:
        raise ProviderUnavailable(
            f"The local model {provider.name} is not ready.", remedy="The home page shows how far it is."
        )
    return address
