"""For how long data is kept, by the word of two people; and the runs that delete what is old."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.core.clock import now
from apps.core.errors import NotFound
from apps.governance.engine.retention import cutoff
from apps.governance.errors import Denial, RecordsInvalid
from apps.governance.models import RetentionSetting, User
from apps.governance.records import data_class_find
from apps.governance.selectors.records import Rule, holds_standing, retention_rules
from apps.governance.services.audit import audit_record
from apps.governance.services.signing import require_either, require_first, require_open, require_second

KIND = "retention"
BATCH = 500
# Held by each deletion and by whoever places a hold: what is held in this moment is not deleted in it.
LOCK = 0x6E6F6678_72657400


@transaction.atomic
def retention_ask(
    *, data_class: str, days: int, reason: str, actor: User, is_interactive: bool, session_key: str = ""
) -> RetentionSetting:
    """
    Sign first that *data_class* is kept for *days*; nothing changes until somebody else signs.

    :raises NotAllowed: the person does not sign first.
    :raises RecordsInvalid: the class is unknown or never deleted, the days are outside its limits, or there is no
        reason.
    """
    denial = Denial("retention.ask", KIND, data_class, detail={"days": days})
    require_first(actor, denial, is_interactive=is_interactive)
    data = data_class_find(data_class)
    if data is None or data.kept is None:
        raise RecordsInvalid("No such data is ever deleted.", remedy="Choose another class.")
    refused = data.days.refused(days)
    if refused or not reason.strip():
        raise RecordsInvalid(
            refused or "Say why.", remedy=f"Choose {data.days.least} to {data.days.most} days and give a reason."
        )
    setting = RetentionSetting.objects.create(data_class=data_class, days=days, reason=reason.strip(), asked_by=actor)
    _record("retention.ask", setting, actor, session_key, reason=setting.reason)
    return setting


@transaction.atomic
def retention_confirm(
    *, setting_id: UUID, actor: User, is_interactive: bool, session_key: str = ""
) -> RetentionSetting:
    """
    Sign second: from the next run on it rules.

    :raises NotFound: there is no such setting.
    :raises NotAllowed: the person does not sign second, or signed first.
    :raises RecordsClosed: it was signed or withdrawn already.
    """
    setting = _locked(setting_id)
    denial = Denial("retention.confirm", KIND, setting.data_class)
    require_second(actor, setting.asked_by_id, denial, is_interactive=is_interactive)
    require_open(setting.is_open, denial)
    setting.confirmed_by, setting.confirmed_at = actor, now()
    setting.save(update_fields=["confirmed_by", "confirmed_at"])
    _record("retention.confirm", setting, actor, session_key)
    return setting


@transaction.atomic
def retention_withdraw(*, setting_id: UUID, actor: User, is_interactive: bool, session_key: str = "") -> None:
    """
    Take a setting back that nobody signed second.

    :raises NotFound: there is no such setting.
    :raises NotAllowed: the person signs neither first nor second.
    :raises RecordsClosed: it was signed or withdrawn already.
    """
    setting = _locked(setting_id)
    denial = Denial("retention.withdraw", KIND, setting.data_class)
    require_either(actor, denial, is_interactive=is_interactive)
    require_open(setting.is_open, denial)
    setting.withdrawn_by, setting.withdrawn_at = actor, now()
    setting.save(update_fields=["withdrawn_by", "withdrawn_at"])
    _record("retention.withdraw", setting, actor, session_key)


def retention_run(*, actor: User | None = None, say: Callable[[str, int], None] | None = None) -> dict[str, int]:
    """
    Delete what is old of every class whose rule is on, and return how many of each; holds are asked for at every batch.

    What is about to be done is in the audit chain before anything is deleted, what was done after. Safe to be killed
    and begun again: it goes on where it was.
    """
    at = now()
    rules = [rule for rule in retention_rules() if rule.is_on]
    plan = {rule.data.key: {"days": rule.days, "before": cutoff(at, rule.days)} for rule in rules}
    audit_record(action="retention.begin", object_kind=KIND, object_id="run", actor=actor, detail=plan)
    done = {rule.data.key: _purge(rule, plan[rule.data.key]["before"], say) for rule in rules}
    audit_record(action="retention.run", object_kind=KIND, object_id="run", actor=actor, detail=done)
    return done


def _purge(rule: Rule, before: Any, say: Callable[[str, int], None] | None) -> int:
    count = 0
    while True:
        with transaction.atomic():
            retention_lock()
            deleted = rule.data.kept.purge(before, holds_standing(), BATCH) if rule.data.kept else 0
        count += deleted
        if deleted and say:
            say(rule.data.key, count)
        if deleted < BATCH:
            return count


def retention_lock() -> None:
    """Wait until no deletion and no new hold is under way, and keep both out until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _locked(setting_id: UUID) -> RetentionSetting:
    setting = RetentionSetting.objects.select_for_update().filter(pk=setting_id).first()
    if setting is None:
        raise NotFound("There is no such setting.")
    return setting


def _record(action: str, setting: RetentionSetting, actor: User, session_key: str, *, reason: str = "") -> None:
    audit_record(
        action=action,
        object_kind=KIND,
        object_id=setting.pk,
        actor=actor,
        reason=reason,
        session_key=session_key,
        detail={"data_class": setting.data_class, "days": setting.days},
    )
