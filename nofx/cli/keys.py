"""Make, list and rotate the keys that sign attestations and evidence packs."""

from __future__ import annotations

import argparse

from apps.governance.engine.attestation import SigningKey
from nofx.cli.exits import Exit
from nofx.loading import platform_load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    what = parser.add_subparsers(dest="what", required=True, metavar="new|list|rotate")
    what.add_parser("new", help="print a new private key, for NOFX_SIGNING_KEY; nothing is kept")
    what.add_parser("list", help="print the fingerprints of the platform's keys, the current one first")
    what.add_parser("rotate", help="let another key sign from now on; what was signed stays verifiable")


def run(arguments: argparse.Namespace) -> int:
    """
    Do what the words say.

    :raises SigningKeyUnusable: the key that is set cannot follow the current one.
    """
    if arguments.what == "new":
        print(SigningKey.generate().pem().strip().replace("\n", "\\n"))
        return Exit.OK
    return _rotate() if arguments.what == "rotate" else _list()


def _rotate() -> int:
    platform_load()
    from apps.governance.services.attestation import signing_key_rotate

    made = signing_key_rotate()
    print(f"{made.fingerprint} signs from now on.")
    print("Processes that were given another key by NOFX_SIGNING_KEY sign nothing more until they start again with it.")
    return Exit.OK


def _list() -> int:
    platform_load()
    from apps.governance.selectors.attestation import keys_all

    for key in keys_all():
        until = f"until {key.valid_until:%Y-%m-%d %H:%M}" if key.valid_until else "current"
        print(f"{key.fingerprint}  from {key.valid_from:%Y-%m-%d %H:%M}  {until}")
    return Exit.OK
