"""The editor of a specification: what was typed is saved, and shown again with its analysis beside it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.urls import reverse

from apps.core.digests import canonical_json, sha256_hex
from apps.core.errors import NofxError
from apps.core.htmx import HtmxRequest, render_page
from apps.core.numbers import whole_number
from apps.generation.engine.attachments import MOST, MOST_BYTES
from apps.generation.engine.blocking import blockers_in, contradictions_certain
from apps.generation.engine.specification import MAX_CHARACTERS, IssueKind, Specification
from apps.generation.engine.suggestions import Finding, by_impact, findings_of
from apps.generation.forms import SpecificationForm
from apps.generation.models import SpecificationDraft
from apps.generation.selectors import reading_newest, runs_readable
from apps.generation.selectors_attachments import attachments_of
from apps.generation.selectors_outlook import outlook_of, similar_requests
from apps.generation.services.drafts import SavedDraft, draft_save
from apps.generation.services.planning import specification_analyse
from apps.generation.services.second_reading import model_to_ask
from apps.generation.services.submission import analysis_summary, specification_closed
from apps.generation.spec_examples import ABOUT
from apps.governance.http import current_user
from apps.governance.models import User
from apps.governance.selectors import scopes_where
from apps.governance.types import Action
from apps.repositories.models import Repository
from apps.repositories.selectors import repositories_readable
from apps.repositories.services import texts_embed


def repositories_written(user: User) -> QuerySet[Repository]:
    """Return the repositories that *user* may write specifications for."""
    return repositories_readable(user=user).filter(scope__in=scopes_where(user, Action.SPEC_WRITE))


def editor_save(request: HtmxRequest, data: QueryDict | None = None) -> tuple[SpecificationForm, SavedDraft]:
    """Keep what was typed (*data*, or as it was sent), right or wrong; return the form with the draft as it is now."""
    data = request.POST if data is None else data
    user = current_user(request)
    form = SpecificationForm(data, repositories=repositories_written(user))
    form.is_valid()
    repository = form.cleaned_data.get("repository")
    saved = draft_save(
        author=user,
        title=data.get("title", ""),
        text=data.get("text", ""),
        repository=repository if isinstance(repository, Repository) else None,
        target_path=data.get("target_path", ""),
        draft_id=uuid_or_none(data.get("draft", "")),
        version=whole_number(data.get("version", "")) or 0,
        put_aside=[] if "show_again" in data else [*data.getlist("put_aside"), data.get("aside", "")],
        source=runs_readable(user).filter(pk=uuid_or_none(data.get("source", ""))).first(),
        like=draft_like(data, user),
    )
    return form, saved


def draft_like(data: QueryDict, user: User) -> SpecificationDraft | None:
    """Return the draft of *user* that a new one takes the attachments of, if *data* names one."""
    return SpecificationDraft.objects.filter(author=user, pk=uuid_or_none(data.get("like", ""))).first()


def uuid_or_none(text: str) -> UUID | None:
    """Return the id that *text* is, None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def editor_page(
    request: HtmxRequest,
    form: SpecificationForm,
    draft: SpecificationDraft | None,
    *,
    offered: str = "",
    source: UUID | None = None,
    like: SpecificationDraft | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    """
    Return the page of the editor. *offered* are answers to the request *source* that its text does not hold.

    *like* is the draft whose attachments a new one takes along, *refused* why a file was not attached.
    """
    like = like or draft_like(form.data, current_user(request))
    context = {
        **attachments_context(draft or like),
        "like": like,
        "refused": refused,
        **editor_context(form, draft, current_user(request)),
        "form": form,
        "offered": offered,
        "source": source or (draft.source_id if draft else None),
        "trail": [("Specs", reverse("generation:spec-list"))],
    }
    return render_page(request, "generation/spec_new.html", context, status=status)


def attachments_context(draft: SpecificationDraft | None) -> dict[str, Any]:
    """Return what the list of the files of *draft* shows."""
    return {"attachments": attachments_of(draft), "most": MOST, "kilobytes": MOST_BYTES // 1024}


def is_denied(specification: Specification, digest: str) -> bool:
    """Tell whether *digest* was given for exactly the contradictions that are in *specification* now."""
    return bool(digest) and digest == contradictions_digest(specification)


def contradictions_digest(specification: Specification) -> str:
    """Return what stands for the contradictions of *specification*, "" without any; a tick is for these only."""
    found = contradictions_certain(specification)
    seen = [[one.message, specification.text[one.span.start : one.span.end]] for one in found]
    return sha256_hex(canonical_json(seen))[:16] if seen else ""


def editor_context(
    form: SpecificationForm, draft: SpecificationDraft | None, user: User, *, is_fragment: bool = False
) -> dict[str, Any]:
    """Return what the analysis beside the editor shows."""
    text = draft.text if draft else str(form.initial.get("text", ""))
    title = draft.title if draft else str(form.initial.get("title", ""))
    problem, analysis, closed = None, None, None
    blocking: dict[str, Any] = {}
    found: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    if text.strip():
        try:
            specification = specification_analyse(
                title=title,
                text=text,
                repository=draft.repository if draft else None,
                target_path=draft.target_path if draft else str(form.initial.get("target_path", "")),
            )
            analysis = analysis_summary(specification)
            blocking = _blocking(specification, str(form.data.get("no_contradiction", "")))
            found = _findings(specification, draft.put_aside if draft else ())
            if draft and draft.repository:
                closed = specification_closed(specification, draft.repository)
                beside = _beside(draft, draft.repository, user, specification)
        except NofxError as error:
            problem = error
    return {
        "draft": draft,
        "draft_id": draft.pk if draft else uuid_or_none(str(form.data.get("draft", ""))) or uuid4(),
        "analysis": analysis,
        "problem": problem,
        "closed": closed,
        **blocking,
        **found,
        **beside,
        "model_to_ask": model_to_ask(draft.repository.scope if draft and draft.repository else None)
        if analysis
        else None,
        "reading": reading_newest(draft) if analysis and draft else None,
        "examples": ABOUT,
        "is_fragment": is_fragment,
        "not_saved": " ".join(form.errors.get("text", [])) if is_fragment else "",
    }


def _blocking(specification: Specification, denied: str) -> dict[str, Any]:
    """Return what keeps the text from being submitted, and the word that would let contradictions pass."""
    digest = contradictions_digest(specification)
    return {"blockers": blockers_in(specification), "denial": digest, "is_denied": is_denied(specification, denied)}


def _beside(
    draft: SpecificationDraft, repository: Repository, user: User, specification: Specification
) -> dict[str, Any]:
    """Return what submitting would lead to, and what was asked for before."""
    embedding = texts_embed([f"{draft.title}\n{draft.text[:MAX_CHARACTERS]}"])[0]
    return {
        "outlook": outlook_of(
            repository=repository, requester=user, specification=specification, target_path=draft.target_path
        ),
        "similar": similar_requests(repository, embedding),
    }


def _findings(specification: Specification, put_aside: Collection[str]) -> dict[str, Any]:
    """Return what was found and not put aside, by impact for the list and in reading order for the editor."""
    found = [one for one in findings_of(specification) if one.key not in put_aside]
    return {
        "findings": by_impact(found),
        "aside": len(specification.issues) - len(found),
        "marks": {
            "score": specification.clarity.score,
            "findings": [_mark(one) for one in found],
            "criteria": [
                {"label": one.id, "start": one.span.start, "end": one.span.end} for one in specification.criteria
            ],
        },
    }


def _mark(finding: Finding) -> dict[str, Any]:
    issue = finding.issue
    return {
        "key": finding.key,
        "kind": "conflict" if issue.kind is IssueKind.CONTRADICTION else "open",
        "start": issue.span.start,
        "end": issue.span.end,
        "words": f"{issue.message} {issue.question}",
        "insert": finding.insert,
        "at": finding.at,
    }
