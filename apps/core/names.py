"""What models and fields are called where people read of them: in the admin site."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Field, Model

# Words that are written in one way only; a name in lower case is made of the attribute's.
WRITTEN = {
    "ai": "AI",
    "api": "API",
    "id": "ID",
    "ids": "IDs",
    "ip": "IP",
    "json": "JSON",
    "ms": "(ms)",
    "sha": "SHA",
    "url": "URL",
    "usd": "USD",
}
_WORD = re.compile(r"(?<!\()\b[A-Za-z]+")
_ASKS = re.compile(r"(?:is|has) (?=\w)")


def name_read(name: str) -> str:
    """Return *name* as people write it: abbreviations in capitals, and without the "is" or "has" of a yes or no."""
    return _WORD.sub(lambda found: WRITTEN.get(found.group(), found.group()), _ASKS.sub("", name, count=1))


def models_name(models: Iterable[type[Model]]) -> None:
    """Call *models* and their fields as people write them. Migrations keep what the code says."""
    for model in models:
        options = model._meta
        options.verbose_name = name_read(str(options.verbose_name))
        options.verbose_name_plural = name_read(str(options.verbose_name_plural))
        for field in options.get_fields():
            if isinstance(field, Field):
                field.verbose_name = name_read(str(field.verbose_name))
