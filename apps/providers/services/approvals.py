"""Models are approved before they are asked: by another person than the one who registered them, on their card."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NotFound
from apps.governance.models import User
from apps.governance.selectors import accounts_of, can
from apps.governance.services import ContentChanged, Denial, NotAllowed, NotEligible, NotInteractive, audit_record
from apps.governance.types import Action
from apps.providers.models import Provider

KIND = "provider"
# What takes the approval back when it changes; the database does so, too.
REAPPROVED = frozenset({"kind", "base_url", "model_id", "key_variable", "data_policy"})


def card_digest(provider: Provider) -> str:
    """Return the SHA-256 of what a card says: what an approval is of."""
    card: dict[str, Any] = {name: getattr(provider, name) for name in sorted(REAPPROVED)}
    card |= {
        "name": provider.name,
        "task_classes": provider.task_classes,
        "retires_on": provider.retires_on.isoformat() if provider.retires_on else None,
        "prices": [str(provider.prompt_price), str(provider.completion_price)],
    }
    return sha256_hex(canonical_json(card))


@transaction.atomic
def model_approve(
    *, provider_id: UUID, digest: str, actor: User, is_interactive: bool, session_key: str = ""
) -> Provider:
    """
    Let a model be asked from now on. *digest* is of the card that the person saw.

    :raises NotFound: there is no such model.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage models.
    :raises NotEligible: the actor registered it, in whichever account.
    :raises ContentChanged: the card changed, or it is approved already.
    """
    provider, denial = _managed(provider_id, actor, "model.approve", is_interactive=is_interactive)
    if provider.registered_by_id in accounts_of(actor):
        raise NotEligible(
            "You registered this model, or changed it last; another administrator approves it.", denial=denial
        )
    if card_digest(provider) != digest or provider.approved_at is not None:
        raise ContentChanged("This is not the card you looked at.", remedy="Reload the page.", denial=denial)
    provider.approved_by, provider.approved_at = actor, now()
    provider.save(update_fields=["approved_by", "approved_at"])
    _record("model.approve", provider, actor, session_key)
    return provider


@transaction.atomic
def model_withdraw(*, provider_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> Provider:
    """
    Take the approval of a model back: it is not asked any more. What comes with the installation is suspended instead.

    :raises NotFound: there is no such model.
    :raises NotInteractive: the wish came with a token, or the account is a machine's.
    :raises NotAllowed: the actor does not manage models.
    """
    provider, _ = _managed(provider_id, actor, "model.withdraw", is_interactive=is_interactive)
    provider.approved_by, provider.approved_at = None, None
    provider.save(update_fields=["approved_by", "approved_at"])
    _record("model.withdraw", provider, actor, session_key)
    return provider


def _managed(provider_id: UUID, actor: User, action: str, *, is_interactive: bool) -> tuple[Provider, Denial]:
    provider = Provider.objects.select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise NotFound("There is no such model.")
    denial = Denial(action, KIND, str(provider.pk), detail={"name": provider.name})
    if not is_interactive or actor.is_service or not actor.is_active:
        raise NotInteractive("Only a person who is signed in at the page approves a model.", denial=denial)
    if not can(actor, Action.MODELS_MANAGE, None):
        raise NotAllowed("Only an administrator approves models.", remedy="Ask an administrator.", denial=denial)
    return provider, denial


def _record(action: str, provider: Provider, actor: User, session_key: str) -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=provider.pk,
        actor=actor,
        after_digest=card_digest(provider),
        session_key=session_key,
        detail={"name": provider.name, "model": provider.model_id},
    )
