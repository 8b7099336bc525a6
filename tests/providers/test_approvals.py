"""A model is asked once another person than the one who registered it has approved its card."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from apps.core.clock import now
from apps.governance.models import AuditEvent, User
from apps.governance.services import ContentChanged, NotAllowed, NotEligible, NotInteractive, scope_create
from apps.providers.models import Provider
from apps.providers.selectors import provider_unapproved, provider_unfit, providers_enabled, providers_left_out
from apps.providers.services import evaluations
from apps.providers.services.approvals import card_digest, model_approve, model_withdraw
from apps.providers.services.evaluations import Evaluation, evaluations_register
from tests.linked import linked

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(db: None) -> User:
    scope_create(organisation="Acme", repository="shop", created_by=None)
    return User.objects.create_superuser("root", password="correct horse battery")


@pytest.fixture
def second(db: None) -> User:
    return User.objects.create_superuser("second", password="correct horse battery")


@pytest.fixture
def model(root: User) -> Provider:
    return Provider.objects.create(
        name="hosted",
        kind=Provider.Kind.OPENAI,
        base_url="https://models.example/v1",
        model_id="m",
        registered_by=root,
        data_policy="Kept for 30 days, not used for training.",
    )


def approve(model: Provider, actor: User, **options: Any) -> Provider:
    wanted: dict[str, Any] = {"digest": card_digest(model), "is_interactive": True}
    approved = model_approve(provider_id=model.pk, actor=actor, **{**wanted, **options})
    model.refresh_from_db()
    return approved


def test_an_endpoint_is_not_asked_before_it_is_approved(model: Provider, second: User) -> None:
    assert model not in providers_enabled()
    assert [provider for provider, _ in providers_left_out()] == [model]
    assert "not approved yet" in provider_unapproved(model)
    approve(model, second)
    assert model in providers_enabled()
    assert AuditEvent.objects.get(action="model.approve").detail["name"] == "hosted"


@pytest.mark.parametrize(
    ("kind", "base_url", "needs_nobody"),
    [("builtin", "", True), ("local", "", True), ("local", "https://elsewhere.example/v1", False)],
)
def test_what_comes_with_the_installation_needs_nobody(kind: str, base_url: str, needs_nobody: bool) -> None:
    provider = Provider(name="x", kind=kind, model_id="patterns", base_url=base_url)
    assert (provider_unapproved(provider) == "") is needs_nobody


def test_who_registered_it_does_not_approve_it_in_any_account(model: Provider, root: User, second: User) -> None:
    with pytest.raises(NotEligible):
        approve(model, root)
    linked(root, second)
    with pytest.raises(NotEligible):
        approve(model, second)


def test_no_token_and_nobody_but_an_administrator_approves(model: Provider, second: User) -> None:
    with pytest.raises(NotInteractive):
        approve(model, second, is_interactive=False)
    with pytest.raises(NotAllowed):
        approve(model, User.objects.create_user("erin", password="correct horse battery"))


def test_an_approval_is_of_the_card_that_was_seen(model: Provider, second: User) -> None:
    seen = card_digest(model)
    Provider.objects.filter(pk=model.pk).update(data_policy="Used for training.")
    with pytest.raises(ContentChanged):
        approve(model, second, digest=seen)


@pytest.mark.parametrize(
    "change", [{"base_url": "https://other.example/v1"}, {"model_id": "m2"}, {"data_policy": "Used for training."}]
)
def test_a_change_of_where_it_is_reached_takes_the_approval_back(
    model: Provider, second: User, change: dict[str, str]
) -> None:
    approve(model, second)
    Provider.objects.filter(pk=model.pk).update(samples=3)
    model.refresh_from_db()
    assert model.approved_at is not None
    Provider.objects.filter(pk=model.pk).update(**change)
    model.refresh_from_db()
    assert (model.approved_at, model.approved_by) == (None, None)


def test_the_database_lets_nobody_approve_their_own(model: Provider, root: User) -> None:
    with pytest.raises(DatabaseError, match="another active person"), transaction.atomic():
        Provider.objects.filter(pk=model.pk).update(approved_by=root, approved_at=now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Provider.objects.filter(pk=model.pk).update(approved_at=now())


def test_a_retired_model_and_one_for_other_tasks_are_left_out(model: Provider, second: User) -> None:
    approve(model, second)
    Provider.objects.filter(pk=model.pk).update(task_classes=["text"])
    model.refresh_from_db()
    assert provider_unfit(model, "text") == ""
    assert "other classes" in provider_unfit(model, "numbers")
    Provider.objects.filter(pk=model.pk).update(retires_on=date(2026, 1, 2))
    model.refresh_from_db()
    assert provider_unapproved(model) == "This model was retired on 2 Jan 2026."


def test_an_approval_can_be_withdrawn(model: Provider, second: User) -> None:
    approve(model, second)
    model_withdraw(provider_id=model.pk, actor=second, is_interactive=True)
    assert model not in providers_enabled()


def test_the_page_shows_the_cards_and_takes_the_approval(
    client: Client, model: Provider, root: User, second: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluations, "_sources", [])
    evaluations_register(lambda ids: {"m": (Evaluation("text", 0.7, 0.5, 0.85, 12.0, now()),)})
    Provider.objects.create(name="patterns", kind=Provider.Kind.BUILTIN, model_id="patterns")
    client.force_login(root)
    page = client.get("/models").content.decode()
    assert "You registered it, or changed it last." in page
    assert "by the installation, which brings or serves it" in page
    assert "Kept for 30 days, not used for training." in page
    assert "70 %" in page
    url, said = reverse("providers:model-approve", args=[model.pk]), {"digest": card_digest(model)}
    assert client.post(url, said).status_code == 403
    client.force_login(second)
    client.post(url, said)
    model.refresh_from_db()
    assert model.approved_by == second
    assert "by second, " in client.get("/models").content.decode()


def test_the_page_takes_as_many_queries_for_many_models_as_for_one(
    client: Client, model: Provider, root: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(root)
    for number in range(15):
        Provider.objects.create(name=f"p{number}", kind=Provider.Kind.BUILTIN, model_id=f"p{number}")
    with django_assert_max_num_queries(14):
        assert client.get("/models").status_code == 200
