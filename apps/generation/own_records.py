"""What of generated code is kept and for how long, and what people wrote that is theirs alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import F, Q, QuerySet

from apps.core.digests import sha256_hex
from apps.generation.models import (
    Candidate,
    DirectArtifact,
    DraftAttachment,
    DraftVersion,
    GeneratedCodeArtifact,
    ReviewedContent,
    SpecificationDraft,
    SpecificationReading,
    ViewedFile,
    Watch,
)
from apps.generation.types import RequestStatus as Status
from apps.governance.records import (
    DataClass,
    Days,
    Holds,
    PersonData,
    Rows,
    data_class_register,
    person_data_register,
    person_rows,
)

ERASED = "Erased"
GONE = "Its code was deleted, as retention asks; digests and figures stay."
DELIVERED = (Status.DELIVERED, Status.OBSERVED)
ENDED_OTHERWISE = (Status.REJECTED, Status.FAILED, Status.CANCELLED)


def _unchosen() -> QuerySet[Any]:
    """Return the candidates of ended requests whose code is there and was not taken in."""
    is_chosen = Q(request__consensus__selected_implementation=F("implementation"))
    unchosen = Q(request__status__in=[status.value for status in ENDED_OTHERWISE]) | (
        Q(request__status__in=[status.value for status in DELIVERED]) & ~is_chosen
    )
    return Candidate.objects.filter(unchosen, implementation__isnull=False).exclude(patch="")


def _candidates_held(holds: Holds) -> Q:
    in_place = Q(request__run__repository__scope__in=holds.scopes)
    return in_place | Q(request__in=holds.requests) | Q(request__run__requester__in=holds.people)


def _code_forget(keys: Sequence[Any]) -> None:
    """Keep of each candidate what it was worth and the digests of what it said."""
    candidates = Candidate.objects.filter(pk__in=keys)
    texts = {key for row in candidates.values_list("implementation", "test", "documentation") for key in row if key}
    artefacts = list(GeneratedCodeArtifact.objects.filter(pk__in=texts))
    for artefact in artefacts:
        artefact.generated_code = f"sha256:{sha256_hex(artefact.generated_code)}"
    GeneratedCodeArtifact.objects.bulk_update(artefacts, ["generated_code"])
    candidates.update(patch="", outcomes=[], note=GONE)
    ReviewedContent.objects.filter(candidate__in=keys).update(patch="")


def _versions_held(holds: Holds) -> Q:
    in_place = Q(draft__repository__scope__in=holds.scopes, draft__repository__isnull=False)
    return in_place | Q(draft__runs__in=holds.requests) | Q(written_by__in=holds.people)


CLASSES = (
    DataClass(
        "rejected_candidates",
        "Code of candidates that were not chosen",
        "Code, tests, documentation and observed values are deleted; digests, checks and figures stay.",
        Days(180, 30, 3650),
        Rows(_unchosen, "request__run__state_changed_at", held=_candidates_held, forget=_code_forget),
    ),
    DataClass(
        "readings",
        "Specifications shown to a model while they were written, and what it said",
        "Deleted. Prompts and raw answers of other calls are not stored at all, only their digests.",
        Days(90, 0, 365),
        Rows(
            SpecificationReading.objects.all,
            "finished_at",
            held=lambda holds: Q(author__in=holds.people) | Q(scope__in=holds.scopes, scope__isnull=False),
        ),
    ),
    DataClass(
        "draft_versions",
        "Versions of specifications, kept while they were written",
        "Deleted. A draft stays as it is now, and a request as it was submitted.",
        Days(365, 0, 3650),
        Rows(DraftVersion.objects.all, "kept_at", held=_versions_held),
    ),
)


def _drafts(people: Collection[int]) -> QuerySet[SpecificationDraft]:
    """Return what they wrote and never sent; what was sent is the request's text."""
    return SpecificationDraft.objects.filter(author__in=people, runs=None)


def _drafts_forget(people: Collection[int]) -> int:
    _, removed = _drafts(people).delete()
    return removed.get(SpecificationDraft._meta.label, 0)


def _attachments(people: Collection[int]) -> QuerySet[DraftAttachment]:
    """Return what they attached; what was sent is in the request, without secrets."""
    return DraftAttachment.objects.filter(draft__author__in=people)


def _direct(people: Collection[int]) -> QuerySet[DirectArtifact]:
    return DirectArtifact.objects.filter(submitted_by__in=people)


def _direct_forget(people: Collection[int]) -> int:
    """Keep digests of what they sent and got: nobody else ever saw it, and nobody signs in as them any more."""
    rows = list(_direct(people).select_related("artifact"))
    for row in rows:
        row.title, row.evidence = ERASED, {}
        row.source = f"sha256:{sha256_hex(row.source)}"
        row.artifact.generated_code = f"sha256:{sha256_hex(row.artifact.generated_code)}"
        row.artifact.save(update_fields=["generated_code"])
    DirectArtifact.objects.bulk_update(rows, ["title", "source", "evidence"])
    return len(rows)


PEOPLE = (
    person_rows("readings", "Specifications of theirs that a model was shown", SpecificationReading, "author"),
    person_rows("draft_versions", "Earlier texts of their specifications", DraftVersion, "written_by"),
    person_rows("viewed", "Files that they ticked as viewed", ViewedFile, "reviewer"),
    person_rows("watches", "Which requests of others they watched", Watch, "user"),
    PersonData(
        "attachments",
        "Files that they attached to specifications",
        lambda people: _attachments(people).count(),
        lambda people: _attachments(people).delete()[0],
        (),
    ),
    PersonData(
        "drafts",
        "Specifications that they never sent",
        lambda people: _drafts(people).count(),
        _drafts_forget,
        ("generation.SpecificationDraft.author",),
    ),
    PersonData(
        "direct",
        "Texts that they had tests or a refactoring written for",
        lambda people: _direct(people).count(),
        _direct_forget,
        ("generation.DirectArtifact.submitted_by",),
    ),
)


def own_records_register() -> None:
    """Offer all of it."""
    for data in CLASSES:
        data_class_register(data)
    for person in PEOPLE:
        person_data_register(person)
