"""Takes in the reports that builds send. A report is kept once, however often it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.db import transaction

from apps.core.digests import sha256_hex
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.quality.engine.reports import CoverageRead, Placed, ReportUnreadable, place, read_cobertura, read_lcov
from apps.quality.models import CoverageReport
from apps.quality.services.unreported import files_unreported
from apps.quality.types import MAX_UPLOAD, UploadTooLarge, UploadUnreadable, coverage_json
from apps.repositories.models import Revision
from apps.repositories.selectors import paths_at

CoverageFormat = Literal["cobertura", "lcov"]
# Names of files left out that are kept; all of them are counted.
MOST_NAMED = 1_000
READERS: Mapping[CoverageFormat, Callable[[bytes], CoverageRead]] = {"cobertura": read_cobertura, "lcov": read_lcov}


@dataclass(frozen=True)
class CoverageUpload:
    """The stored report, whether it is new, and the names in it that are no file of the commit."""

    report: CoverageReport
    is_new: bool
    unknown: tuple[str, ...]


def coverage_upload(
    *, revision: Revision, kind: CoverageFormat, content: bytes, is_complete: bool, uploaded_by: User
) -> CoverageUpload:
    """
    Keep a report of coverage that a build made of a commit. Sent again, the one that is there is returned.

    Percentages are counted from the report's lines and only over files that the commit has. It is complete only if it
    leaves no file out, whatever the sender says of it. The caller has decided that ``uploaded_by`` may send it. At the
    largest size that may be sent, reading takes seconds.

    :raises UploadUnreadable: it is not such a report, or speaks of no file of the commit.
    :raises UploadTooLarge: it is larger than 10 MB.
    :raises RepositoryUnavailable: the repository cannot be opened.
    """
    require_size(len(content))
    paths = paths_at(revision.repository, revision.sha)
    placed = _placed(kind, content, paths)
    line_percent = placed.line_percent
    if line_percent is None:
        raise UploadUnreadable(
            f"The report speaks of no line of a file that {revision.repository.name} has at {revision.sha[:12]}.",
            remedy="Send the report of this commit, with file names from the root of the repository.",
        )
    digest = sha256_hex(content)
    missing = files_unreported(revision=revision, paths=paths, reported=[file.path for file in placed.files])
    is_complete = is_complete and not missing
    with transaction.atomic():
        report, is_new = CoverageReport.objects.get_or_create(
            revision=revision,
            digest=digest,
            defaults={
                "source": kind,
                "is_complete": is_complete,
                "line_percent": round(Decimal(line_percent), 2),
                "branch_percent": None if placed.branch_percent is None else round(Decimal(placed.branch_percent), 2),
                "files": [coverage_json(file) for file in placed.files],
                "unreported": len(missing),
                "unreported_files": missing[:MOST_NAMED],
                "uploaded_by": uploaded_by,
            },
        )
        if is_new:
            audit_record(
                action="quality.coverage_upload",
                object_kind="revision",
                object_id=revision.pk,
                actor=uploaded_by,
                scope=revision.repository.scope,
                after_digest=digest,
                detail={
                    "sha": revision.sha,
                    "format": kind,
                    "is_complete": is_complete,
                    "unreported": len(missing),
                },
            )
    return CoverageUpload(report, is_new, placed.unknown)


def require_size(size: int) -> None:
    """
    :raises UploadTooLarge: a report of this many bytes is not taken.
    """
    if size > MAX_UPLOAD:
        raise UploadTooLarge(
            f"The report is larger than {MAX_UPLOAD >> 20} MB.",
            remedy="Send it in parts, each for the tests that it is about.",
        )


def _placed(kind: CoverageFormat, content: bytes, paths: frozenset[str]) -> Placed:
    try:
        return place(READERS[kind](content), paths)
    except ReportUnreadable as error:
        raise UploadUnreadable(str(error), remedy=f"Send the file that the tool wrote as {kind}, whole.") from error
