"""What providers do for others: answers to a task, their own rows, and the local models."""

from apps.providers.services.budgets import BudgetLeft, budgets_left, budgets_used_up
from apps.providers.services.builtins import ProviderFactory, provider_register_builtin
from apps.providers.services.calls import answers_generate, calls_abandon, prompt_digest
from apps.providers.services.defaults import provider_defaults_ensure
from apps.providers.services.local_models import local_model_cancel, local_model_fetch, local_model_remove

__all__ = [
    "BudgetLeft",
    "ProviderFactory",
    "answers_generate",
    "budgets_left",
    "budgets_used_up",
    "calls_abandon",
    "local_model_cancel",
    "local_model_fetch",
    "local_model_remove",
    "prompt_digest",
    "provider_defaults_ensure",
    "provider_register_builtin",
]
