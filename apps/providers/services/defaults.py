"""The providers that a fresh platform has."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from apps.providers.local.catalogue import LARGE, MODELS, own_models
from apps.providers.models import Provider
from apps.providers.services.builtins import builtin_names
from apps.providers.types import REPLAY, REUSE

Kind = Provider.Kind
# Shares of HumanEval problems solved greedily on a CPU, lowered: people ask for harder things.
_LOCAL_PRIORS = {LARGE.name: "0.60"}
# A pattern is tested code; a program composed from a few examples often fits nothing else.
_BUILTIN_PRIORS = {REUSE: "0.60", "patterns": "0.60", "synthesis": "0.25"}


@transaction.atomic
def provider_defaults_ensure() -> list[str]:
    """
    Make the rows of the built-in providers, the local models and OpenAI where they are missing.

    What an administrator changed stays. Local models and OpenAI are asked only once they are ready: served, or
    their key is set; replay has a row once a file of recordings is named. Returns the names that were added.
    """
    has_recordings = bool(settings.ENVIRONMENT["NOFX_RECORDED_ANSWERS"])
    wanted = {name: _builtin(name) for name in builtin_names() if name != REPLAY or has_recordings}
    wanted |= {name: _local(name) for name in [model.name for model in MODELS]}
    paths = settings.ENVIRONMENT.names("NOFX_LOCAL_MODEL_PATHS")
    wanted |= {model.name: _local(model.name) for model in own_models(paths)}
    wanted["openai"] = {
        "kind": Kind.OPENAI,
        "base_url": "https://api.openai.com/v1",
        "model_id": "gpt-4.1-mini",
        "key_variable": "OPENAI_API_KEY",
        "samples": 2,
        "further_samples": 2,
    }
    return [name for name, values in wanted.items() if Provider.objects.get_or_create(name=name, defaults=values)[1]]


def _builtin(name: str) -> dict[str, Any]:
    prior = _BUILTIN_PRIORS.get(name, "0.50")
    return {"kind": Kind.BUILTIN, "model_id": name, "max_concurrency": 1, "timeout_s": 20, "prior": prior}


def _local(name: str) -> dict[str, Any]:
    return {
        "kind": Kind.LOCAL,
        "model_id": name,
        "samples": 3,
        "further_samples": 6,
        "prompt_form": Provider.PromptForm.BRIEF,
        "max_concurrency": 1,
        "timeout_s": 300,
        "prior": _LOCAL_PRIORS.get(name, "0.45"),
    }
