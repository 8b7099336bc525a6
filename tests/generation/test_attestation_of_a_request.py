"""A merge is signed for: what came in, who voted, what was checked, and which commit it became."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, GenerationRun, PullRequest
from apps.generation.services.attesting import delivery_evidence
from apps.generation.services.delivery import pull_request_merge
from apps.governance.engine.attestation import SigningKey, statement_in
from apps.governance.errors import SigningKeyUnusable
from apps.governance.models import Attestation, AuditEvent, Ballot, User
from apps.governance.selectors.attestation import public_key
from apps.governance.services.attestation import evidence_digest, signing_key
from apps.providers.models import ModelCall
from tests.generation.test_delivery import approved, deliver
from tests.git import git
from tests.kept import Keep

__all__ = ["approved"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def merged(kept: Keep, approved: GenerationRun, owner: User) -> PullRequest:
    def make() -> UUID:
        deliver(approved)
        return pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True).pk

    return PullRequest.objects.get(pk=kept("merged", make))


def statement() -> dict[str, Any]:
    attestation = Attestation.objects.get()
    return statement_in(attestation.envelope.encode(), public_key(attestation.key))


def test_a_merge_is_signed_for_with_all_it_rests_on(
    merged: PullRequest, code: Path, engineer: User, reviewer: User, owner: User
) -> None:
    told = statement()
    assert told["subject"] == [
        {"name": "Acme/shop", "digest": {"gitCommit": merged.merge_sha}},
        {"name": "Acme/shop tree", "digest": {"gitTree": git(code, "rev-parse", f"{merged.merge_sha}^{{tree}}")}},
    ]
    run = GenerationRun.objects.get()
    evidence = told["predicate"]["evidence"]
    assert evidence["specification"] == {"sha256": run.specification_digest, "version": 1}
    assert (evidence["base"], evidence["head"]) == (run.base_sha, merged.head_sha)
    assert evidence["reviewed"] == {"sha256": run.review_digest}
    assert evidence["models"] == [{"provider": "test", "kind": "openai", "model": "test-model"}]
    assert evidence["prompts"] == sorted(set(ModelCall.objects.values_list("prompt_digest", flat=True)))
    chosen = Candidate.objects.get(pk=merged.candidate_id)
    assert [one["patch"]["sha256"] for one in evidence["candidates"] if one["isChosen"]] == [chosen.patch_digest]
    assert {tool["name"] for tool in evidence["tools"]} >= {"ruff", "mypy", "bandit"}
    assert all(tool["version"] for tool in evidence["tools"])
    assert [(check["gate"], check["status"]) for check in evidence["checks"]][:1] == [("lint", "passed")]
    assert [(vote["by"], vote["verdict"], vote["saw"]) for vote in evidence["votes"]] == [
        (f"user_{user.pk}", "approve", run.review_digest) for user in (reviewer, owner)
    ]
    assert evidence["policy"] == {"risk": "low", "version": "built in"}
    assert evidence["ladder"]["isPilot"] is run.repository.scope.is_pilot
    assert told["predicate"]["merge"]["by"] == f"user_{owner.pk}"
    assert len(evidence["sandbox"]["sha256"]) == 64


def test_no_name_of_a_person_and_no_code_is_in_it(merged: PullRequest) -> None:
    told = json.dumps(statement())
    # As words: "ada" is also a part of a digest, one time in some.
    assert re.findall(r"\b(?:ada|barbara|grace|def clamp)\b", told) == []


def test_the_merge_commit_names_the_evidence_and_the_statement_names_the_commit(
    merged: PullRequest, code: Path
) -> None:
    evidence = statement()["predicate"]["evidence"]
    message = git(code, "log", "-1", "--format=%B", merged.merge_sha)
    assert f"NOFX-Attestation: sha256:{evidence_digest(evidence)}" in message
    assert git(code, "log", "-1", "--format=%(trailers:key=NOFX-Request,valueonly)", merged.merge_sha).strip()
    assert Attestation.objects.get().evidence_digest == evidence_digest(evidence)


def test_it_is_recorded_and_merging_twice_signs_once(merged: PullRequest, owner: User) -> None:
    pull_request_merge(request_id=merged.request_id, actor=owner, is_interactive=True)
    attestation = Attestation.objects.get()
    assert AuditEvent.objects.get(action="request.merge").detail["attestation"] == attestation.statement_digest
    assert AuditEvent.objects.filter(action="attestation.sign").count() == 1


def test_a_change_of_any_row_would_be_another_evidence(merged: PullRequest) -> None:
    merged = PullRequest.objects.select_related("request__run__repository__scope__organisation").get()
    before = evidence_digest(delivery_evidence(merged))
    assert before == Attestation.objects.get().evidence_digest
    merged.gates[0]["detail"] = "x"
    assert evidence_digest(delivery_evidence(merged)) != before


def test_without_a_usable_key_nothing_is_merged(
    approved: GenerationRun, owner: User, code: Path, settings: Any
) -> None:
    deliver(approved)
    signing_key()
    settings.NOFX_SIGNING_KEY = SigningKey.generate().pem()
    before = git(code, "rev-parse", "main")
    with pytest.raises(SigningKeyUnusable, match="not the one that the platform knows"):
        pull_request_merge(request_id=approved.pk, actor=owner, is_interactive=True)
    assert git(code, "rev-parse", "main") == before
    assert PullRequest.objects.get().state == PullRequest.State.OPEN


def test_who_reads_the_request_sees_and_downloads_it(
    merged: PullRequest, client: Client, engineer: User, person: Callable[..., User]
) -> None:
    address = reverse("generation:request-attestation", args=[merged.request_id])
    client.force_login(engineer)
    page = client.get(reverse("generation:request-detail", args=[merged.request_id])).content.decode()
    assert address in page and Attestation.objects.get().key.fingerprint in page
    answer = client.get(address)
    assert answer["Content-Type"] == "application/vnd.dsse.envelope.v1+json"
    assert answer.content.decode() == Attestation.objects.get().envelope
    client.force_login(User.objects.create_user("stranger", password="correct horse battery"))
    assert client.get(address).status_code == 404


def test_what_is_not_merged_has_none(approved: GenerationRun, client: Client, engineer: User) -> None:
    deliver(approved)
    client.force_login(engineer)
    assert client.get(reverse("generation:request-attestation", args=[approved.pk])).status_code == 404
    assert not Attestation.objects.exists() and Ballot.objects.exists()
