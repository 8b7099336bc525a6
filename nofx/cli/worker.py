"""
Run one cluster of queue workers in the foreground.

Started on another machine with the same DATABASE_URL, NOFX_SECRET_KEY, NOFX_SIGNING_KEY and, when it is set,
NOFX_REDIS_URL, it joins the others; nothing else is needed.
"""

from __future__ import annotations

import argparse
import os
import sys

from apps.sandbox.services import sandbox_probe
from nofx import env
from nofx.supervisor.application_role import application_role_require
from nofx.supervisor.children import SETTINGS, workers


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(_arguments: argparse.Namespace) -> int:
    """Become the cluster; say so first where it cannot run untrusted code."""
    application_role_require(env.load())
    if warning := sandbox_probe().warning:
        print(warning, file=sys.stderr, flush=True)
    argv = workers().argv
    os.execve(argv[0], argv, {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS})  # noqa: S606  no shell is wanted
