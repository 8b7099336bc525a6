"""
Get an API token for a user name and a password, and keep it.

The password is asked for, or read from stdin, and never kept; so is the code of an authenticator app, if there is one.
The token lies in NOFX_HOME, readable by you only.
"""

from __future__ import annotations

import argparse
import getpass
import platform
import sys
import uuid

from nofx import env
from nofx.cli.client import ApiRefused, Client, address, token_keep
from nofx.cli.exits import Exit

CODE_NEEDED = "sign_in.code_needed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("username", nargs="?", help="asked for when left out")
    parser.add_argument("--url", help="the platform's address (default: NOFX_URL, else the one that runs here)")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from stdin, and a code after it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Sign in and keep the token."""
    environment = env.load()
    url = arguments.url or address(environment)
    username = arguments.username or input(f"User name at {url}: ")
    if arguments.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass(f"Password of {username}: ")
    body = {"username": username, "password": password, "name": f"nofx on {platform.node()}"}
    try:
        issued = _issue(url, body)
    except ApiRefused as refusal:
        if refusal.problem != CODE_NEEDED:
            raise
        asked = "" if arguments.password_stdin else "Code of the authenticator app: "
        issued = _issue(url, {**body, "code": input(asked)})
    print(f"Signed in as {username}; the token is in {token_keep(environment, issued['token'])}.")
    return Exit.OK


def _issue(url: str, body: dict[str, str]) -> dict[str, str]:
    issued: dict[str, str] = Client(url).post("/api/auth/token", body, idempotency_key=str(uuid.uuid4()))
    return issued
