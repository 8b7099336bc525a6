"""Fields as PHASE5 declares them, so that its nine tables read the same everywhere."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.core.database import gen_random_uuid, transaction_time


def uuid_key() -> models.UUIDField[Any, Any]:
    """``id UUID PRIMARY KEY DEFAULT gen_random_uuid()``."""
    return models.UUIDField(primary_key=True, db_default=gen_random_uuid(), editable=False)


def score() -> models.DecimalField[Any, Any]:
    """``DECIMAL(3,2)``."""
    return models.DecimalField(max_digits=3, decimal_places=2, null=True, blank=True)


def percentage() -> models.DecimalField[Any, Any]:
    """``DECIMAL(5,2)``."""
    return models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)


def created_at() -> models.DateTimeField[Any, Any]:
    """``TIMESTAMPTZ DEFAULT NOW()``."""
    return models.DateTimeField(db_default=transaction_time(), null=True, editable=False)
