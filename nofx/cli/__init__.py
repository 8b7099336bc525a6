"""
The ``nofx`` command.

One module for each subcommand; only the one that was asked for is imported, so that ``nofx sandbox`` needs
neither Django nor a database.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from apps.core.errors import NofxError
from nofx.cli.exits import Exit, exit_code

COMMANDS = {
    "up": "start the platform on this machine and print its address",
    "down": "stop it cleanly, the embedded database included",
    "status": "say what runs",
    "worker": "run one queue cluster here, in the foreground",
    "web": "run one web process here, in the foreground",
    "login": "keep an API token for nofx generate",
    "metrics": "import what metrics were in the past",
    "generate": "send a specification and print the chosen code",
    "audit": "verify the audit chain or an evidence pack, anchor the chain, or export it",
    "backup": "write everything that cannot be made again to one file",
    "restore": "bring an installation back from such a file",
    "consensus": "measure the consensus on recorded answers of models",
    "specification": "measure how well examples are read out of specifications",
    "sandbox": "probe the isolation of this machine, or serve runs from it",
    "keys": "make, list and rotate the keys that sign",
    "bench": "measure and print figures",
    "manage": "run one of Django's management commands",
}


class Command(Protocol):
    """What a module of this package offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it and return the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an expected failure is a sentence on stderr and an exit code, never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"}:
        print(_overview())
        return Exit.OK if words else Exit.USAGE
    name, rest = words[0], words[1:]
    if name not in COMMANDS:
        print(f"nofx: there is no command {name!r}.\n\n{_overview()}", file=sys.stderr)
        return Exit.USAGE
    command = cast(Command, importlib.import_module(f"nofx.cli.{name}"))
    parser = argparse.ArgumentParser(prog=f"nofx {name}", description=command.__doc__)
    command.add_arguments(parser)
    try:
        return command.run(parser.parse_args(rest))
    except NofxError as error:
        print(f"nofx: {error.message}", file=sys.stderr)
        if error.remedy:
            print(f"      {error.remedy}", file=sys.stderr)
        return exit_code(error)
    except BrokenPipeError:
        # The reader went away; closing stdout quietly keeps Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {what}" for name, what in COMMANDS.items())
    return f"usage: nofx <command> [--help]\n\n{lines}"
