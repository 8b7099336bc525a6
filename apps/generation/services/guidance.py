"""
What the author of a request adds to it afterwards.

Each addition is another version of what is asked for. Models that are asked from then on read it, its examples count
like those of the specification, and a request that was in review goes back to be asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import Conflict, NofxError
from apps.generation.engine.specification import Specification, analyse
from apps.generation.models import (
    CodeGenerationRequest,
    Contribution,
    GenerationRun,
    Guidance,
)
from apps.generation.services.answers import with_answers
from apps.generation.services.asking_again import ASKED_AGAIN, ask_again
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.types import RequestStatus as Status
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed, audit_record
from apps.governance.types import Action, Condition

MAX_GUIDANCE = 2000  # characters
MAX_VERSIONS = 10
UNDER_WAY = (Status.QUEUED, Status.GENERATING, Status.CHECKING, Status.CONSENSUS)
OPEN = (*UNDER_WAY, *ASKED_AGAIN)
VOID_REASON = "Guidance changed what is asked for."


class GuidanceRefused(NofxError):
    """The guidance says nothing new, is too long, or holds what cannot be stored."""

    code = "guidance.refused"
    status = 422


class GuidanceTooLate(Conflict):
    """Nothing is asked for this request any more."""

    code = "guidance.too_late"


def guidance_of(run: GenerationRun) -> list[Guidance]:
    """Return what was added to *run*, oldest first; one query."""
    return list(run.guidance.select_related("given_by").order_by("version"))


def guidance_version(run: GenerationRun) -> int:
    """Return the newest version of what is asked for, 0 for the specification alone; one query."""
    return run.guidance.count()


def may_guide(run: GenerationRun, user: User) -> bool:
    """Return whether *user* may add to what is asked for: it is their own request, and they are an engineer there."""
    met = [Condition.OWN] if run.requester_id == user.pk and not user.is_service else []
    return can(user, Action.REQUEST_GUIDE, run.repository.scope, met=met)


def as_asked(specification: Specification, run: GenerationRun) -> Specification:
    """Return *specification* with the guidance that was added to it and the answers that stand; two queries."""
    return with_answers(guided(specification, [one.text for one in guidance_of(run)]), run)


def guided(specification: Specification, texts: Sequence[str]) -> Specification:
    """
    Return *specification* with *texts* as its guidance. What they give examples of is one more example.

    Guidance names nothing else to write: what is written, in which language and for which requirements, stays.
    """
    if not texts:
        return specification
    whole = analyse(
        "\n\n".join([specification.text, *texts]),
        title=specification.title,
        target_language=specification.target_language,
    )
    further = [
        one
        for one in whole.examples
        if one not in specification.examples and one.function in {specification.entry, *_written(specification)}
    ]
    return replace(specification, guidance=tuple(texts), examples=(*specification.examples, *further))


def _written(specification: Specification) -> set[str]:
    return {one.name for one in specification.functions} | {one.name for one in specification.classes}


@transaction.atomic
def guidance_add(*, request_id: UUID, actor: User, text: str) -> Guidance:
    """
    Add *text* to what a request asks for, as its next version.

    While models are asked, those that are asked next read it. In review, and after a failure, they are asked again:
    verdicts that were cast are void, and candidates that were asked without it are out of the vote once others are
    there. Answers of people, and the examples of the specification, go on to count.

    :raises NotAllowed: the actor did not ask for this code, or is no engineer of the repository.
    :raises GuidanceTooLate: the request was decided, stopped or withdrawn.
    :raises GuidanceRefused: the text is empty, too long or the newest guidance already, or there is as much as may be.
    """
    CodeGenerationRequest.objects.select_for_update().get(pk=request_id)
    run = GenerationRun.objects.select_related("request", "repository__scope__organisation").get(pk=request_id)
    if not may_guide(run, actor):
        raise NotAllowed(
            "Only whoever asked for this code can add guidance.",
            remedy="Ask them, or say it in your verdict.",
            denial=Denial(Action.REQUEST_GUIDE.value, SUBJECT_KIND, str(run.pk), run.repository.scope_id),
        )
    earlier = guidance_of(run)
    text = _read(text, earlier, Status(run.request.status))
    given = Guidance.objects.create(
        run=run, version=len(earlier) + 1, text=text, digest=_digest(run, [*earlier, text]), given_by=actor
    )
    Contribution.objects.get_or_create(run=run, user=actor, kind=Contribution.Kind.GUIDANCE)
    audit_record(
        action=Action.REQUEST_GUIDE.value,
        object_kind=SUBJECT_KIND,
        object_id=run.pk,
        actor=actor,
        scope=run.repository.scope,
        before_digest=earlier[-1].digest if earlier else run.specification_digest,
        after_digest=given.digest,
        detail={"version": given.version, "state": run.request.status},
    )
    if run.request.status in ASKED_AGAIN:
        ask_again(run, actor, VOID_REASON)
    return given


def _read(text: str, earlier: Sequence[Guidance], status: Status) -> str:
    if status not in OPEN:
        raise GuidanceTooLate(
            f"The request is {status.label.lower()}, so nobody is asked any more.",
            remedy="Change the specification: a new request begins with a copy of it.",
        )
    said = text.strip()
    if not said or plain_text(said) != said:
        raise GuidanceRefused("Say what models are to know.", remedy="One sentence of plain text is enough.")
    if len(said) > MAX_GUIDANCE:
        raise GuidanceRefused(
            f"The guidance has {len(said):,} characters; {MAX_GUIDANCE:,} can be added at once.",
            remedy="Shorten it, or change the specification.",
        )
    if earlier and earlier[-1].text == said:
        raise GuidanceRefused("That is the newest guidance already.", remedy="Say something else.")
    if len(earlier) >= MAX_VERSIONS:
        raise GuidanceRefused(
            f"Guidance was added {MAX_VERSIONS} times, which is as often as it can be.",
            remedy="Write what is still open into the specification and submit it again.",
        )
    return said


def _digest(run: GenerationRun, additions: Sequence[Guidance | str]) -> str:
    texts = [one.text if isinstance(one, Guidance) else one for one in additions]
    return sha256_hex(canonical_json([run.request.specification, *texts]))
