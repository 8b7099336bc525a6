"""Takes in what trackers tell of defects in production, and finds whose lines their fixes changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.clock import now
from apps.core.digests import canonical_json, sha256_hex
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.quality.engine.defects import blamed_origin, fixes_named
from apps.quality.models import Defect, DefectReport
from apps.quality.services.subjects import commit_id
from apps.quality.types import InputInvalid
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, history, lines_changed_by

# How many commits of the default branch are looked at for the names of defects.
COMMITS_READ = 1_000
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class ReportedDefect:
    """A defect as a tracker tells of it; ``fixed_by`` is the full id of the commit, "" where none is known."""

    key: str
    title: str
    found_at: datetime
    url: str = ""
    fixed_by: str = ""
    is_withdrawn: bool = False


@dataclass(frozen=True)
class DefectsKept:
    """The report, and how many defects were new and how many changed."""

    report: DefectReport
    new: int
    changed: int


def defects_upload(*, repository: Repository, defects: Sequence[ReportedDefect], sent_by: User) -> DefectsKept:
    """
    Keep the defects that were found in production; one that is known can only gain a fix, or turn out to be none.

    An empty report says that nothing was found. The caller has decided that ``sent_by`` may tell.

    :raises InputInvalid: a defect has no name, one twice, was found in the future, or its fix is no commit's id.
    """
    _require_plain(defects)
    told = [[one.key, one.title, f"{one.found_at:%FT%T%z}", one.url, one.fixed_by, one.is_withdrawn] for one in defects]
    digest = sha256_hex(canonical_json([repository.name, told]))
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        report = DefectReport.objects.create(
            repository=repository, defects=len(defects), digest=digest, sent_by=sent_by
        )
        known = {one.key: one for one in Defect.objects.filter(repository=repository, key__in=[d.key for d in defects])}
        new = [
            Defect(
                repository=repository,
                key=one.key,
                title=one.title,
                found_at=one.found_at,
                url=one.url,
                is_withdrawn=one.is_withdrawn,
                fix_sha=one.fixed_by,
                reported_by=sent_by,
            )
            for one in defects
            if one.key not in known
        ]
        Defect.objects.bulk_create(new)
        changed = sum(_changed(known[one.key], one) for one in defects if one.key in known)
        audit_record(
            action="quality.defects_upload",
            object_kind="repository",
            object_id=repository.pk,
            actor=sent_by,
            scope=repository.scope,
            after_digest=digest,
            detail={"defects": len(defects), "new": len(new), "changed": changed},
        )
    return DefectsKept(report, len(new), changed)


def _changed(known: Defect, told: ReportedDefect) -> bool:
    """Take over what is new of a known defect, and return whether anything was."""
    fields = []
    if told.fixed_by and told.fixed_by != known.fix_sha:
        known.fix_sha, known.is_fix_named, known.blamed, known.origin = told.fixed_by, False, {}, ""
        fields += ["fix_sha", "is_fix_named", "blamed", "origin"]
    if told.is_withdrawn and not known.is_withdrawn:
        known.is_withdrawn = True
        fields.append("is_withdrawn")
    if fields:
        known.save(update_fields=fields)
    return bool(fields)


def defects_trace(*, repository: Repository) -> int:
    """
    Find the commits that say they fix a defect, and the origin of the lines that each fix changed. Safe to repeat.

    Returns how many defects have an origin that had none. A fix that was not followed line by line yet has none.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the default branch has no commit.
    """
    open_ones = list(Defect.objects.filter(repository=repository, origin="", is_withdrawn=False).order_by("pk"))
    if not open_ones:
        return 0
    head = head_sha(repository)
    unfixed = [one.key for one in open_ones if not one.fix_sha]
    commits = [(one.sha, one.subject) for one in history(repository, head, limit=COMMITS_READ)] if unfixed else []
    named = fixes_named(commits, unfixed)
    traced = 0
    for one in open_ones:
        fix = one.fix_sha or named.get(one.key, "")
        lines = lines_changed_by(repository, fix, head=head) if fix else {}
        origin = blamed_origin(lines)
        if fix != one.fix_sha or origin:
            is_named = one.is_fix_named or not one.fix_sha
            Defect.objects.filter(pk=one.pk, fix_sha=one.fix_sha).update(
                fix_sha=fix, is_fix_named=is_named, blamed=lines, origin=origin
            )
        traced += bool(origin)
    return traced


def _require_plain(defects: Sequence[ReportedDefect]) -> None:
    """
    :raises InputInvalid: as in :func:`defects_upload`.
    """
    keys = [one.key for one in defects]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise InputInvalid(f"The report names {twice[:100]} twice.", remedy="Send each defect once.")
    for one in defects:
        texts = one.key + one.title + one.url
        if not one.key.strip() or not one.key.isprintable() or plain_text(texts) != texts:
            raise InputInvalid(
                "A defect has no name, or holds what cannot be stored.", remedy="Name each as its tracker does."
            )
        if one.found_at > now() + CLOCK_SKEW:
            raise InputInvalid(
                f"{one.key[:100]} was found in the future.", remedy="Send when it was found, with its time zone."
            )
        commit_id(one.fixed_by or None)
