"""What the supervisor keeps running. A further service is one more entry in ``children``."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from nofx.env import Environment

SETTINGS = "nofx.settings.base"


@dataclass(frozen=True)
class Child:
    """One process to keep alive: its name in logs and status, its command, and what it adds to the environment."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


def web(environment: Environment, port: int) -> Child:
    """The process that answers browsers."""
    command = ("-m", "nofx.serving", "-b", environment["NOFX_HOST"], "-p", str(port), "--no-server-name")
    return Child("web", (sys.executable, *command, "nofx.asgi:application"))


def workers() -> Child:
    """The processes that do the jobs."""
    return Child("workers", (sys.executable, "-m", "django", "qcluster"))


def models(environment: Environment) -> Child:
    """The process that fetches the local models in the background and serves those that are there; it signs nothing."""
    names = ("NOFX_LOCAL_MODELS", "NOFX_LOCAL_MODEL_PATHS")
    given = {name: environment[name] for name in names}
    return Child("models", (sys.executable, "-m", "apps.providers.local"), {**given, "NOFX_SIGNING_KEY": ""})


def children(environment: Environment, port: int) -> tuple[Child, ...]:
    """Return everything that runs on this machine."""
    wants_models = environment["NOFX_LOCAL_MODELS"] != "none" or bool(environment["NOFX_LOCAL_MODEL_PATHS"])
    return (web(environment, port), workers(), *((models(environment),) if wants_models else ()))
