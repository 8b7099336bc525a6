"""Run one of Django's management commands, for example `nofx manage createsuperuser`."""

from __future__ import annotations

import argparse
import os

from django.core.management import execute_from_command_line

from nofx.cli.exits import Exit
from nofx.supervisor.children import SETTINGS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take everything as it is."""
    parser.add_argument("words", nargs=argparse.REMAINDER, help="the command and its arguments")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    execute_from_command_line(["nofx manage", *arguments.words])
    return Exit.OK
