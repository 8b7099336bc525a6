"""What decisions taught, as API resources."""

from __future__ import annotations

from django.db.models import Q

from apps.core.database import Part
from apps.generation.models import ExpertiseChange, Judgement
from apps.generation.subjects import blind_requests
from apps.governance.models import User
from apps.governance.rest import Resource
from apps.repositories.selectors import repository_ids


class JudgementResource(Resource):
    """What is known of one candidate since people decided about its request: how likely it is right, and why."""

    noun = "judgements"
    prefix = "judgement"
    model = Judgement
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "run",
        "candidate": "",
        "model_id": "",
        "family": "",
        "right": "",
        "cause": "",
        "behaviour": "",
        "is_choice": "",
        "figures": "",
        "judged_at": "",
    }
    references = {"request": "req", "candidate": "cand"}
    filters = ("request", "model_id", "family", "cause", "is_choice")
    newest = "judged_at"
    place_path = "run__repository"
    places = staticmethod(repository_ids)
    hidden = ("candidate", "model_id", "behaviour", "is_choice", "figures")

    def blind(self, user: User) -> Q:
        """Return the rows whose request *user* is still to vote on."""
        return Part(identity="run_id", keys=blind_requests(user)).looked_up


class ExpertiseChangeResource(Resource):
    """How a decision about a request moved what is known of a model in a family of tasks: before, after, 95 %."""

    noun = "expertise-changes"
    prefix = "change"
    model = ExpertiseChange
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "run",
        "verdict": "",
        "model_id": "",
        "family": "",
        "answers": "",
        "before_mean": "",
        "before_low": "",
        "before_high": "",
        "mean": "",
        "low": "",
        "high": "",
        "changed_at": "",
    }
    references = {"request": "req"}
    filters = ("request", "model_id", "family", "verdict")
    newest = "changed_at"
    place_path = "run__repository"
    places = staticmethod(repository_ids)
    hidden = ("model_id",)

    def blind(self, user: User) -> Q:
        """Return the rows whose request *user* is still to vote on."""
        return Part(identity="run_id", keys=blind_requests(user)).looked_up
