"""Import what metrics were in the past."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from apps.console.engine.baseline_files import FileUnreadable, read_baselines
from apps.console.metrics.catalogue import baseline_keys
from apps.console.models import Baseline
from apps.core.clock import now
from apps.core.digests import sha256_hex
from apps.core.errors import NofxError
from apps.governance.models import Scope, User
from apps.governance.selectors import can
from apps.governance.services import Denial, NotAllowed, audit_record
from apps.governance.types import Action

IMPORT_LOCK = 4_117_311


class BaselinesUnreadable(NofxError):
    """The file is no table of baselines."""

    code = "metrics.baselines_unreadable"
    status = 422


@transaction.atomic
def baselines_import(*, actor: User, scope: Scope, content: bytes) -> list[Baseline]:
    """
    Keep the baselines of a CSV or JSON file as the newest version of each in *scope*, all or none.

    :raises NotAllowed: the actor is neither quality lead nor chair there.
    :raises BaselinesUnreadable: with the first mistakes of the file.
    """
    if not can(actor, Action.THRESHOLD_EDIT, scope):
        raise NotAllowed(
            "Only a quality lead or the chair imports what metrics are compared with.",
            remedy="Ask one of them.",
            denial=Denial(Action.THRESHOLD_EDIT.value, "scope", str(scope.pk), scope.pk),
        )
    try:
        rows = read_baselines(content, known=baseline_keys(), today=now().date())
    except FileUnreadable as error:
        raise BaselinesUnreadable(
            str(error), remedy="Correct the file and send it again; nothing was taken."
        ) from error
    digest = sha256_hex(content)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    versions = dict(Baseline.objects.filter(scope=scope).values_list("key").annotate(newest=Max("version")).order_by())
    kept = Baseline.objects.bulk_create(
        Baseline(
            scope=scope,
            key=row.key,
            version=versions.get(row.key, 0) + 1,
            value=row.value,
            period_start=row.start,
            period_end=row.end,
            source=row.source,
            file_digest=digest,
            imported_by=actor,
        )
        for row in rows
    )
    audit_record(
        action="metrics.import",
        object_kind="scope",
        object_id=scope.pk,
        actor=actor,
        scope=scope,
        after_digest=digest,
        detail={"versions": {one.key: one.version for one in kept}},
    )
    return kept


def baselines_newest(scope: Scope) -> QuerySet[Baseline]:
    """Return the version of each baseline that counts in *scope*: its own, or that of its organisation; one query."""
    places = Scope.objects.filter(organisation=scope.organisation_id, repository__in=["", scope.repository])
    return (
        Baseline.objects.filter(scope__in=places)
        .select_related("imported_by", "scope")
        .order_by("key", "-scope__repository", "-version")
        .distinct("key")
    )
