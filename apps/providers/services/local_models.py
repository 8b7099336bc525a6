"""What a person may want of a local model: to fetch it no further, to have it gone, to have it after all."""

from __future__ import annotations

from django.db import transaction

from apps.core.errors import NofxError, NotFound
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed, audit_record
from apps.governance.types import Action
from apps.providers.local import files, state
from apps.providers.local.catalogue import MODELS, Model
from apps.providers.selectors import models_folder

KIND = "local_model"


@transaction.atomic
def local_model_cancel(*, name: str, actor: User) -> None:
    """
    Stop fetching a model and keep what is there; the fetching process follows within a second.

    :raises NotAllowed: the actor does not manage models.
    :raises NotFound: the platform does not fetch a model of that name.
    """
    model = _managed(name, actor, "cancel")
    audit_record(action="local_model.cancel", object_kind=KIND, object_id=model.name, actor=actor)
    state.wish_set(models_folder(), model.name, state.Wish.CANCEL)


@transaction.atomic
def local_model_remove(*, name: str, actor: User) -> None:
    """
    Stop serving a model, delete its file and do not fetch it again.

    :raises NotAllowed: the actor does not manage models.
    :raises NotFound: the platform does not fetch a model of that name.
    :raises NofxError: the disk refuses.
    """
    model = _managed(name, actor, "remove")
    audit_record(action="local_model.remove", object_kind=KIND, object_id=model.name, actor=actor)
    state.wish_set(models_folder(), model.name, state.Wish.REMOVE)
    try:
        # The serving process does the same; where it does not run, the space is free at once all the same.
        files.remove(model, models_folder())
    except OSError as error:
        raise NofxError(f"The file of {model.label} could not be deleted: {error.strerror}.") from error


@transaction.atomic
def local_model_fetch(*, name: str, actor: User) -> None:
    """
    Take back a stop or a removal: the model is fetched, continuing with what is there.

    :raises NotAllowed: the actor does not manage models.
    :raises NotFound: the platform does not fetch a model of that name.
    """
    model = _managed(name, actor, "fetch")
    audit_record(action="local_model.fetch", object_kind=KIND, object_id=model.name, actor=actor)
    state.wishes_clear(models_folder(), model.name)


def _managed(name: str, actor: User, verb: str) -> Model:
    if not can(actor, Action.MODELS_MANAGE, None):
        raise NotAllowed(
            "Only an administrator manages models.",
            remedy="Ask an administrator.",
            denial=Denial(action=f"local_model.{verb}", object_kind=KIND, object_id=name[:64]),
        )
    model = next((model for model in MODELS if model.name == name), None)
    if model is None:
        raise NotFound("There is no such local model.")
    return model
