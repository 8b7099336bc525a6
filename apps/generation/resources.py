"""Requests, artefacts, consensus, candidates, pull requests and drafts as API resources."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from apps.core.database import Part, Reach
from apps.generation.models import (
    Answer,
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    Contribution,
    DirectArtifact,
    GeneratedCodeArtifact,
    GenerationRun,
    ObservedInput,
    PatternUse,
    PullRequest,
    StageRecord,
)
from apps.generation.subjects import guarded_requests, requests_in, still_blind
from apps.governance.models import User
from apps.governance.rest import Resource, Searched
from apps.repositories.selectors import repository_ids


class RequestResource(Resource):
    """A submitted specification and how far it is."""

    noun = "requests"
    prefix = "req"
    model = CodeGenerationRequest
    permit = "requests:read"
    columns = {
        "id": "pk",
        "title": "run__title",
        "specification": "",
        "target_language": "",
        "constraints": "",
        "status": "",
        "repository": "run__repository",
        "requester": "run__requester",
        "target_path": "run__target_path",
        "base_sha": "run__base_sha",
        "risk_tier": "run__risk_tier",
        "specification_digest": "run__specification_digest",
        "context_digest": "run__context_digest",
        "failure": "run__failure",
        "remedy": "run__remedy",
        "created_at": "",
        "state_changed_at": "run__state_changed_at",
    }
    references = {"repository": "repo", "requester": "user"}
    joins = ("run",)
    filters = ("status", "target_language", "repository", "requester", "risk_tier")
    place_path = "run__repository"
    places = staticmethod(repository_ids)


class RunResource(Resource):
    """What a request is about and how it was submitted. Its seed is empty while you are still to vote on it."""

    noun = "generation-runs"
    prefix = "run"
    model = GenerationRun
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "",
        "draft": "",
        "repository": "",
        "requester": "",
        "title": "",
        "target_path": "",
        "base_sha": "",
        "entry": "",
        "analysis": "",
        "risk_tier": "",
        "approval_policy": "",
        "specification_digest": "",
        "context_digest": "",
        "embedding_model": "",
        "embedding_dimensions": "",
        "seed": "",
        "job": "",
        "failure": "",
        "remedy": "",
        "review_digest": "",
        "state_changed_at": "",
    }
    references = {
        "approval_policy": "policy",
        "request": "req",
        "draft": "draft",
        "repository": "repo",
        "requester": "user",
        "job": "job",
    }
    filters = ("request", "repository", "requester", "risk_tier")
    newest = None
    place_path = "repository"
    places = staticmethod(repository_ids)
    hidden = ("seed",)

    def blind(self, user: User) -> Q:
        """Return the rows whose request *user* is still to vote on: the seed gives the order of candidates away."""
        return still_blind(user).looked_up


class ContributionResource(Resource):
    """Somebody's hand in a request. Whoever contributed never approves it."""

    noun = "contributions"
    prefix = "contribution"
    model = Contribution
    permit = "requests:read"
    columns = {"id": "pk", "request": "run", "user": "", "kind": ""}
    references = {"request": "req", "user": "user"}
    filters = ("request", "user", "kind")
    newest = None
    place_path = "run__repository"
    places = staticmethod(repository_ids)


class ArtifactResource(Searched, Resource):
    """A text that a model wrote. Absent while you are still to vote on its request; without one, yours alone."""

    noun = "artifacts"
    prefix = "art"
    model = GeneratedCodeArtifact
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "",
        "model_id": "",
        "code_type": "",
        "generated_code": "",
        "quality_score": "",
        "performance_metrics": "",
        "security_score": "",
        "created_at": "",
    }
    references = {"request": "req"}
    filters = ("request", "model_id", "code_type")

    def reach(self, user: User) -> Reach:
        """Return those of readable requests that *user* is not still to vote on, and what they asked for at once."""
        requests = requests_in(user, repository_ids(user))
        own = DirectArtifact.objects.filter(submitted_by=user)
        parts = [Part(identity="request_id", keys=requests), Part(identity="pk", keys=own)]
        return Reach(parts, without=[still_blind(user)])


class DirectArtifactResource(Resource):
    """What you asked for at once, without a request: tests for a specification, or a refactoring that is proved."""

    noun = "direct-artifacts"
    prefix = "direct"
    model = DirectArtifact
    permit = "requests:read"
    columns = {
        "id": "pk",
        "artifact": "",
        "kind": "",
        "title": "",
        "source": "",
        "evidence": "",
        "created_at": "",
    }
    references = {"artifact": "art"}
    filters = ("kind",)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out what other people asked for."""
        return rows.filter(submitted_by=user)


class ConsensusResource(Resource):
    """What the platform chose for a request, why, and what people said to it."""

    noun = "consensus"
    prefix = "con"
    model = CodeGenerationConsensus
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "",
        "selected_implementation": "",
        "consensus_score": "",
        "voting_details": "",
        "human_approved": "",
        "deployed_at": "",
    }
    references = {"request": "req", "selected_implementation": "art"}
    filters = ("request", "human_approved")
    newest = None
    place_path = "request__run__repository"
    places = staticmethod(repository_ids)
    hidden = ("voting_details",)

    def blind(self, user: User) -> Q:
        """Return the rows whose request *user* is still to vote on."""
        return still_blind(user).looked_up


class CandidateResource(Resource):
    """
    One answer of one provider. Who gave it is empty while you are still to vote on its request.

    Absent until then in repositories where candidates may be wrong on purpose.
    """

    noun = "candidates"
    prefix = "cand"
    model = Candidate
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "",
        "provider": "",
        "model_id": "",
        "sample_index": "",
        "ordinal": "",
        "state": "",
        "reason": "",
        "note": "",
        "implementation": "",
        "test": "",
        "documentation": "",
        "patch": "",
        "patch_digest": "",
        "duplicate_of": "",
        "repairs": "",
        "checks": "",
        "gates": "",
        "examples_passed": "",
        "examples_total": "",
        "cluster": "",
    }
    references = {
        "request": "req",
        "provider": "provider",
        "implementation": "art",
        "test": "art",
        "documentation": "art",
        "duplicate_of": "cand",
        "repairs": "cand",
    }
    filters = ("request", "state", "cluster")
    newest = None
    place_path = "request__run__repository"
    places = staticmethod(repository_ids)
    hidden = ("provider", "model_id", "sample_index", "ordinal", "repairs", "reason", "note")

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those whose number would give away which candidate is wrong on purpose."""
        return super().readable(rows, user).exclude(request__in=guarded_requests(user).values("pk"))

    def blind(self, user: User) -> Q:
        """Return the rows whose request *user* is still to vote on."""
        return still_blind(user).looked_up


class PatternUseResource(Resource):
    """A pattern of the library in a candidate. Which one is empty while you are still to vote on its request."""

    noun = "pattern-uses"
    prefix = "use"
    model = PatternUse
    permit = "requests:read"
    columns = {"id": "pk", "request": "", "candidate": "", "pattern": "", "how": "", "found_at": ""}
    references = {"request": "req", "candidate": "cand"}
    filters = ("request",)
    newest = "found_at"
    place_path = "request__run__repository"
    places = staticmethod(repository_ids)
    hidden = ("candidate", "pattern", "how")

    def blind(self, user: User) -> Q:
        """Return the rows whose request *user* is still to vote on."""
        return still_blind(user).looked_up


class PullRequestResource(Resource):
    """The branch that carries an approved candidate, its gates and its merge."""

    noun = "pull-requests"
    prefix = "pr"
    model = PullRequest
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "",
        "candidate": "",
        "branch": "",
        "base_sha": "",
        "head_sha": "",
        "state": "",
        "gates": "",
        "is_pushed": "",
        "push_error": "",
        "opened_at": "",
        "merged_by": "",
        "merged_at": "",
        "merge_sha": "",
        "reverted_at": "",
        "revert_sha": "",
    }
    references = {"request": "req", "candidate": "cand", "merged_by": "user"}
    filters = ("request", "state")
    newest = "opened_at"
    place_path = "request__run__repository"
    places = staticmethod(repository_ids)


class StageResource(Resource):
    """
    When a request entered and left a stage, and what that stage found.

    Absent until your vote in repositories where candidates may be wrong on purpose, since they count candidates.
    """

    noun = "stages"
    prefix = "stage"
    model = StageRecord
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "run",
        "stage": "",
        "started_at": "",
        "finished_at": "",
        "evidence_count": "",
        "note": "",
    }
    references = {"request": "req"}
    filters = ("request", "stage")
    newest = None
    place_path = "run__repository"
    places = staticmethod(repository_ids)

    def readable(self, rows: QuerySet[Any], user: User) -> QuerySet[Any]:
        """Leave out those that say how many candidates there are to whoever must not know."""
        return super().readable(rows, user).exclude(run__in=guarded_requests(user))


class ObservedInputResource(Resource):
    """
    An input that the candidates of a request were run on, and what its author expects.

    What a written test weighs is left out: the trust in an author would tell before the vote who wrote what.
    """

    noun = "observed-inputs"
    prefix = "input"
    model = ObservedInput
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "run",
        "position": "",
        "origin": "",
        "call": "",
        "expected": "",
    }
    references = {"request": "req"}
    filters = ("request", "origin")
    newest = None
    place_path = "run__repository"
    places = staticmethod(repository_ids)


class AnswerResource(Resource):
    """What a person said the code must do on an input on which candidates differ."""

    noun = "answers"
    prefix = "answer"
    model = Answer
    permit = "requests:read"
    columns = {
        "id": "pk",
        "request": "run",
        "input": "",
        "kind": "",
        "expected": "",
        "answered_by": "",
        "answered_at": "",
        "withdrawn_at": "",
    }
    references = {"request": "req", "input": "input", "answered_by": "user"}
    filters = ("request", "kind")
    newest = "answered_at"
    place_path = "run__repository"
    places = staticmethod(repository_ids)
