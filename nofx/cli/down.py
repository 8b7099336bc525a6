"""Stop everything that `nofx up` started in this folder: web, workers, and the embedded database."""

from __future__ import annotations

import argparse

from nofx import env
from nofx.cli.exits import Exit
from nofx.supervisor.errors import from_os_error
from nofx.supervisor.lifecycle import down
from nofx.supervisor.platform import Platform


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(_arguments: argparse.Namespace) -> int:
    """Stop and say whether there was anything to stop."""
    platform = Platform(env.load())
    try:
        had_anything = down(platform)
    except OSError as error:
        raise from_os_error(error, platform.home.path) from error
    print("Stopped." if had_anything else "Nothing was running.")
    return Exit.OK
