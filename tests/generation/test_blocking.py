"""A specification that breaks a rule is refused with it, at the page and in the API, and its words are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest, GenerationRun, SpecificationDraft
from apps.generation.services.languages import SpecificationRefused
from apps.governance.models import AuditEvent, Scope, User
from apps.repositories.models import Repository
from tests.generation.test_pipeline import CLAMP

pytestmark = pytest.mark.django_db

Submit = Callable[..., CodeGenerationRequest]

CONTRADICTORY = f"{CLAMP}\n>>> clamp(5, 0, 10)\n6\n"
UNCHECKED = "Make the shop nicer and faster."
LARGE = "\n".join(f"- R{number}: Case {number} returns {number}." for number in range(1, 77))
REFUSED = {
    "specification.contradiction": (CONTRADICTORY, "no code could meet it"),
    "specification.nothing_to_check": (UNCHECKED, "A specification needs one example"),
    "specification.too_large": (LARGE, "a specification for R1 to R15 and one for R16 to R30"),
}


@pytest.fixture
def people(repository: Repository, reviewer: User, owner: User) -> None:
    """Those who could approve."""


@pytest.mark.parametrize(("refused", "text", "rule"), [(name, *rest) for name, rest in REFUSED.items()])
def test_the_api_refuses_with_the_rule_and_names_the_place(
    refused: str, text: str, rule: str, people: None, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    body = {"title": "T", "specification": text, "repository": "shop"}
    answer = client.post("/api/ai/generate/code", body, content_type="application/json")
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert problem["code"] == refused
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/body/specification", refused)]
    assert rule in problem["errors"][0]["message"]
    assert problem["remedy"]
    assert not CodeGenerationRequest.objects.exists()


@pytest.mark.parametrize(("refused", "text", "rule"), [(name, *rest) for name, rest in REFUSED.items()])
def test_the_form_refuses_with_the_rule_and_keeps_the_words(
    refused: str, text: str, rule: str, people: None, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    answer = client.post(reverse("generation:spec-submit"), {"title": "T", "text": text, "repository": "shop"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert rule in page
    assert SpecificationDraft.objects.get(author=engineer).text == text
    assert not CodeGenerationRequest.objects.exists()


def test_every_reason_is_told_at_once(people: None, submit: Submit) -> None:
    with pytest.raises(SpecificationRefused) as refusal:
        submit(LARGE + "\n- R77: It must be empty.\n- R78: It must not be empty.")
    assert [flaw.code for flaw in refusal.value.errors] == ["specification.contradiction", "specification.too_large"]


def test_a_place_outside_the_ladder_is_named_in_the_api(
    people: None, engineer: User, scope: Scope, client: Client
) -> None:
    Scope.objects.filter(pk=scope.pk).update(is_pilot=False)
    client.force_login(engineer)
    body = {"title": "T", "specification": CLAMP, "repository": "shop"}
    problem = client.post("/api/ai/generate/code", body, content_type="application/json").json()
    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == ("/body/repository", "generation.not_open")
    assert "is no pilot and on no rung of the expansion ladder" in error["message"]


def test_whoever_says_that_it_is_no_contradiction_is_believed_and_it_is_kept(
    people: None, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    values = {"title": "T", "text": CONTRADICTORY, "repository": "shop"}
    refused = client.post(reverse("generation:spec-submit"), values).content.decode()
    (digest,) = re.findall(r'name="no_contradiction" id="id_no_contradiction" value="([0-9a-f]{16})"', refused)
    draft = SpecificationDraft.objects.get(author=engineer)
    said = {**values, "no_contradiction": digest, "draft": draft.pk.hex, "version": draft.version}
    assert client.post(reverse("generation:spec-submit"), said).status_code == 302
    (kept,) = GenerationRun.objects.get().analysis["contradictions_denied"]
    assert kept["message"] == "clamp(5, 0, 10) is given two different outcomes."
    entry = AuditEvent.objects.get(action="request.submit")
    assert entry.detail["contradictions_denied"] == [[kept["start"], kept["end"]]]
    page = client.get(reverse("generation:request-detail", args=[entry.object_id])).content.decode()
    assert "submitted this although it seems to contradict itself" in page


def test_the_word_is_for_the_contradictions_that_were_seen_and_no_other(
    people: None, engineer: User, client: Client
) -> None:
    client.force_login(engineer)
    first = {"title": "T", "text": CONTRADICTORY, "repository": "shop"}
    page = client.post(reverse("generation:spec-save"), first, HTTP_HX_REQUEST="true").content.decode()
    (digest,) = re.findall(r'id="id_no_contradiction" value="([0-9a-f]{16})"', page)
    other = {**first, "text": f"{CONTRADICTORY}>>> clamp(7, 0, 10)\n7\n>>> clamp(7, 0, 10)\n8\n"}
    answer = client.post(reverse("generation:spec-submit"), {**other, "no_contradiction": digest})
    assert answer.status_code == 422
    assert " checked" not in tick_in(answer)
    again = client.post(reverse("generation:spec-save"), {**first, "no_contradiction": digest}, HTTP_HX_REQUEST="true")
    assert " checked" in tick_in(again)


def tick_in(answer: Any) -> str:
    """Return the tick that says it is no contradiction, as the page writes it."""
    return re.findall(r'<input type="checkbox" name="no_contradiction"[^>]*>', answer.content.decode())[0]


def test_the_api_takes_the_same_word(people: None, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    body = {"title": "T", "specification": CONTRADICTORY, "repository": "shop", "no_contradiction": True}
    assert client.post("/api/ai/generate/code", body, content_type="application/json").status_code == 202
    assert GenerationRun.objects.get().analysis["contradictions_denied"]


@pytest.mark.parametrize("text", [UNCHECKED, LARGE])
def test_size_and_what_can_be_checked_are_nobodys_word(text: str, people: None, submit: Submit) -> None:
    with pytest.raises(SpecificationRefused):
        submit(text, is_consistent=True)


def test_nothing_is_kept_of_a_word_that_was_not_needed(people: None, submit: Submit) -> None:
    assert submit(CLAMP, is_consistent=True).run.analysis["contradictions_denied"] == []
    assert "contradictions_denied" not in AuditEvent.objects.get(action="request.submit").detail


def test_the_analysis_of_the_api_names_what_would_be_refused(people: None, engineer: User, client: Client) -> None:
    client.force_login(engineer)
    body = {"specification": UNCHECKED}
    answer = client.post("/api/ai/analyze/specification", body, content_type="application/json").json()
    assert [one["code"] for one in answer["blockers"]] == ["specification.nothing_to_check"]
