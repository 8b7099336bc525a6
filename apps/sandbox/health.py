"""Writes down what this process's sandbox did. Apart from the services, which need neither Django nor a database."""

from __future__ import annotations

import platform
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from apps.core.clock import now
from apps.sandbox.gateways.pool import process_node, process_tally, tier
from apps.sandbox.models import SandboxDay

COUNTED = ("runs", "refusals", "kills", "failures", "starts")


def health_record(**_: Any) -> None:
    """Add what was counted since the last time to this machine's day; two queries, none when nothing was run."""
    tally = process_tally()
    if not tally:
        return
    moment = now()
    with transaction.atomic():
        day, _created = SandboxDay.objects.get_or_create(
            machine=platform.node(),
            day=moment.date(),
            defaults={"tier": tier(), "node": process_node(), "reported_at": moment},
        )
        SandboxDay.objects.filter(pk=day.pk).update(
            tier=tier(),
            node=process_node(),
            reported_at=moment,
            longest_queue=Greatest("longest_queue", tally.longest_queue),
            **{name: F(name) + getattr(tally, name) for name in COUNTED},
        )
