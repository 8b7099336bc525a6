"""Run one web process in the foreground, on NOFX_HOST and NOFX_PORT."""

from __future__ import annotations

import argparse
import os

from nofx import env
from nofx.supervisor import ports
from nofx.supervisor.application_role import application_role_require
from nofx.supervisor.children import SETTINGS, web
from nofx.supervisor.platform import Platform


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(_arguments: argparse.Namespace) -> int:
    """Become the web process."""
    platform = Platform(env.load())
    application_role_require(platform.environment)
    platform.home.make()
    port = ports.choose(platform.environment, platform.home)
    print(f"NOFX answers at {platform.address(port)}", flush=True)
    argv = web(platform.environment, port).argv
    os.execve(argv[0], argv, {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS})  # noqa: S606  no shell is wanted
