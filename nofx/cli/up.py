"""Start the platform on this machine; returns when the first page answers."""

from __future__ import annotations

import argparse

from nofx import env
from nofx.cli.exits import Exit
from nofx.supervisor.errors import from_os_error
from nofx.supervisor.lifecycle import up, up_foreground
from nofx.supervisor.platform import Platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--foreground", action="store_true", help="stay, and stop everything on Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    """Start and print the address."""
    platform = Platform(env.load())
    try:
        if arguments.foreground:
            up_foreground(platform, _say)
        else:
            _say(f"NOFX answers at {up(platform, _say)}")
    except OSError as error:
        raise from_os_error(error, platform.home.path) from error
    return Exit.OK


def _say(text: str) -> None:
    print(text, flush=True)
