"""What providers do for others: answers to a task, their own rows, and the local models."""

from apps.providers.services.builtins import ProviderFactory, provider_register_builtin
from apps.providers.services.calls import answers_generate, prompt_digest
from apps.providers.services.defaults import provider_defaults_ensure

__all__ = [
    "ProviderFactory",
    "answers_generate",
    "prompt_digest",
    "provider_defaults_ensure",
    "provider_register_builtin",
]
