"""Providers and the calls that were made, as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.core.database import Reach
from apps.governance.models import User
from apps.governance.rest import Resource, Searched
from apps.governance.selectors import readable_scopes
from apps.governance.subjects import subjects_blind, subjects_readable
from apps.providers.models import ModelCall, Provider


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
        "temperature": "",
        "max_tokens": "",
        "timeout_s": "",
        "max_concurrency": "",
        "prior": "",
        "created_at": "",
    }
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
        "latency_ms": "",
        "outcome": "",
        "error": "",
        "created_at": "",
    }
    references = {"provider": "provider"}
    filters = ("provider", "model_id", "outcome", "subject_kind", "subject_id")

    def reach(self, user: User) -> Reach:
        """Return the calls for subjects that *user* may read, without those that would tell a voter who wrote what."""
        return Reach(subjects_readable(user), without=subjects_blind(user))
