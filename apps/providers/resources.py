"""Providers and the calls that were made, as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.core.database import Reach
from apps.governance.models import User
from apps.governance.rest import Resource, Searched
from apps.governance.selectors import readable_scopes, scope_ids
from apps.governance.subjects import subjects_blind, subjects_readable
from apps.providers.models import Budget, ModelCall, Provider


class ProviderResource(Resource):
    """A source of candidates."""

    noun = "providers"
    prefix = "provider"
    model = Provider
    permit = "requests:read"
    columns = {
        "id": "pk",
        "name": "",
        "kind": "",
        "model_id": "",
        "is_enabled": "",
        "samples": "",
        "further_samples": "",
        "prompt_form": "",
        "temperature": "",
        "max_tokens": "",
        "timeout_s": "",
        "max_concurrency": "",
        "calls_per_minute": "",
        "prior": "",
        "prompt_price": "",
        "completion_price": "",
        "data_policy": "",
        "task_classes": "",
        "retires_on": "",
        "registered_by": "",
        "approved_by": "",
        "approved_at": "",
        "created_at": "",
    }
    references = {"registered_by": "user", "approved_by": "user"}
    filters = ("name", "kind", "is_enabled")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Providers serve every repository: whoever reads one of them sees all providers."""
        return rows if readable_scopes(user).exists() else rows.none()


class ModelCallResource(Searched, Resource):
    """One call of a provider. Absent while you are still to vote on what it was made for."""

    noun = "model-calls"
    prefix = "call"
    model = ModelCall
    permit = "requests:read"
    columns = {
        "id": "pk",
        "provider": "",
        "subject_kind": "",
        "subject_id": "",
        "sample_index": "",
        "model_id": "",
        "prompt_digest": "",
        "answer_digest": "",
        "prompt_tokens": "",
        "completion_tokens": "",
        "cost": "",
        "scope": "",
        "counted_tokens": "",
        "counted_cost": "",
        "latency_ms": "",
        "outcome": "",
        "error": "",
        "created_at": "",
    }
    references = {"provider": "provider", "scope": "scope"}
    filters = ("provider", "model_id", "outcome", "subject_kind", "subject_id")

    def reach(self, user: User) -> Reach:
        """Return the calls for subjects that *user* may read, without those that would tell a voter who wrote what."""
        return Reach(subjects_readable(user), without=subjects_blind(user))


class BudgetResource(Resource):
    """What calls for a repository, an organisation or the whole platform (no scope) may use at most."""

    noun = "budgets"
    prefix = "budget"
    model = Budget
    permit = "requests:read"
    columns = {
        "id": "pk",
        "scope": "",
        "period": "",
        "token_limit": "",
        "cost_limit": "",
        "allows_unknown_cost": "",
        "set_by": "",
        "created_at": "",
    }
    references = {"scope": "scope", "set_by": "user"}
    filters = ("scope", "period")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Return the budgets of scopes that *user* reads, and the platform's where that is any."""
        places = scope_ids(user)
        return rows.filter(Q(scope__in=places) | Q(scope=None)) if places else rows.none()
