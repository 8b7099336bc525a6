"""Write the API's document to its committed copy."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.test import RequestFactory
from django.urls import resolve

ADDRESS = "/api/schema"


def document_text() -> str:
    """Return the document as it is committed: the answer of its own address, indented and sorted."""
    match = resolve(ADDRESS)
    answer = match.func(RequestFactory().get(ADDRESS), *match.args, **match.kwargs)
    return json.dumps(json.loads(answer.content), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


class Command(BaseCommand):
    """``manage.py openapi``."""

    help = "Write the OpenAPI document to docs/openapi.json."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--output", type=Path, default=Path(settings.BASE_DIR) / "docs" / "openapi.json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        path: Path = options["output"]
        path.write_text(document_text())
        self.stdout.write(f"Wrote {path}.")
