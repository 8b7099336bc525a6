"""Column defaults that Postgres itself fills in, written as PHASE5 writes them."""

from __future__ import annotations

from django.db import models


def gen_random_uuid() -> models.Func:
    """``gen_random_uuid()``."""
    return models.Func(function="gen_random_uuid", template="%(function)s()", output_field=models.UUIDField())


def transaction_time() -> models.Func:
    """``now()``: the time at which the transaction began."""
    return models.Func(function="now", template="%(function)s()", output_field=models.DateTimeField())
