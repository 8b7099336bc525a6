"""Which providers there are, which of them can be asked now, and how far the local models are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.providers.gateways.keys import key_read
from apps.providers.local import state
from apps.providers.models import ModelCall, Provider


@dataclass(frozen=True, slots=True)
class LocalModelStatus:
    """A local model for people: ``bytes`` of ``total`` are here; ``address`` is set while it is served."""

    name: str
    label: str
    state: str
    bytes: int
    total: int
    source: str
    error: str
    address: str

    @property
    def percent(self) -> int:
        """How much of it is here."""
        return min(100, self.bytes * 100 // self.total) if self.total else 0

    @property
    def progress(self) -> str:
        """How much of it is here, in words."""
        return f"{self.bytes // 1_000_000:,} of {self.total // 1_000_000:,} MB"

    @property
    def is_under_way(self) -> bool:
        """Whether its state will change by itself."""
        return self.state not in {state.State.SERVING, state.State.CANCELLED, state.State.REMOVED, state.State.FAILED}

    @property
    def is_ready(self) -> bool:
        """Whether it can be asked."""
        return self.state == state.State.SERVING and bool(self.address)


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """Whether a provider can be asked now, and a sentence about it. Nothing is sent to find out."""

    is_ready: bool
    sentence: str


def models_folder() -> Path:
    """Return where local models and their state lie."""
    return Path(settings.NOFX_HOME) / "models"


def local_models() -> list[LocalModelStatus]:
    """Return all local models that the platform fetches or serves, in the order they were asked for."""
    return [
        LocalModelStatus(
            name=name,
            label=model.label or name,
            state=model.state,
            bytes=model.bytes,
            total=model.total,
            source=model.source,
            error=model.error,
            address=model.address,
        )
        for name, model in state.read(models_folder()).items()
    ]


def local_model_address(name: str) -> str:
    """Return the base URL of a served local model, empty when it is not served."""
    model = state.read(models_folder()).get(name)
    return model.address if model and model.state == state.State.SERVING else ""


def provider_health(provider: Provider) -> ProviderHealth:
    """Return whether *provider* can be asked now, judged by what is known on this machine."""
    if not provider.is_enabled:
        return ProviderHealth(False, "Switched off.")
    if provider.key_variable and not key_read(provider.key_variable):
        return ProviderHealth(False, f"Waits for its key in {provider.key_variable}.")
    if provider.kind == Provider.Kind.LOCAL and not provider.base_url:
        return _local_health(provider.model_id)
    return ProviderHealth(True, "Ready.")


def _local_health(name: str) -> ProviderHealth:
    model = next((model for model in local_models() if model.name == name), None)
    if model is None:
        return ProviderHealth(False, "Not on this machine.")
    if model.is_ready:
        return ProviderHealth(True, "Ready.")
    if model.state == state.State.DOWNLOADING:
        return ProviderHealth(False, f"Being fetched: {model.percent} %.")
    return ProviderHealth(False, model.error or f"{model.state.capitalize()}.")


def providers_enabled() -> list[Provider]:
    """
    Return the providers to ask: switched on, and ready as far as can be known without asking them.

    A local model that is still being fetched, or an endpoint whose key is not set, is left out.
    """
    rows = Provider.objects.filter(is_enabled=True).order_by("name")
    return [provider for provider in rows if provider_health(provider).is_ready]


def calls_of(*, subject_kind: str, subject_id: UUID) -> QuerySet[ModelCall]:
    """Return the calls made for a subject, oldest first: its cost ledger."""
    return ModelCall.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("created_at", "id")


def cost_of(*, subject_kind: str, subject_id: UUID) -> Decimal | None:
    """Return what the calls for a subject cost in US dollars, or None when one of their prices is not known."""
    costs = list(calls_of(subject_kind=subject_kind, subject_id=subject_id).values_list("cost", flat=True))
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
