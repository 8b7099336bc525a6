"""
The environment: every variable the platform reads, in one table.

Values come from the process environment, then from ``.env`` in the working directory. Nothing else in the
project reads ``os.environ`` for configuration, except the names of key variables that providers are given.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values


@dataclass(frozen=True)
class Variable:
    """One variable: its name, its default as text, and what it does in one sentence."""

    name: str
    default: str
    help: str


VARIABLES = (
    Variable("DATABASE_URL", "", "The application role's Postgres. Empty: the embedded server in NOFX_HOME is used."),
    Variable("NOFX_MIGRATE_DATABASE_URL", "", "The owner role's connection, to migrate. Needed with DATABASE_URL."),
    Variable("NOFX_REDIS_URL", "", "Moves the job queue and live pages from the database to this Redis."),
    Variable("NOFX_SECRET_KEY", "", "Signs sessions. Needed with DATABASE_URL; else made once and kept in NOFX_HOME."),
    Variable(
        "NOFX_SIGNING_KEY", "", "Signs statements (Ed25519, PEM). Needed with DATABASE_URL; else made in NOFX_HOME."
    ),
    Variable("NOFX_HOME", ".nofx", "Where everything that is written lives: database, logs, worktrees, models."),
    Variable("NOFX_HOST", "127.0.0.1", "The address the web process listens on."),
    Variable("NOFX_PORT", "", "The web port. Empty: 8000, else the next free one."),
    Variable("NOFX_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", "Host names answered to, comma separated."),
    Variable("NOFX_HTTPS", "0", "1 when the platform is reached over HTTPS: secure cookies, HSTS, redirects."),
    Variable("NOFX_DEBUG", "0", "1 shows tracebacks in the browser. Never on a machine others can reach."),
    Variable(
        "NOFX_PROXIES", "0", "How many reverse proxies of yours stand in front; their last words on the address count."
    ),
    Variable("NOFX_SESSION_MINUTES", "120", "A session ends after so many minutes without a request."),
    Variable(
        "NOFX_REQUIRE_TOTP",
        "",
        "Who needs an authenticator app: none, privileged (administrators, chair, committee) or all. "
        "Empty: privileged with DATABASE_URL, else none.",
    ),
    Variable("NOFX_OIDC_SERVER", "", "Single sign-on: the issuer's address. Empty: there is none."),
    Variable("NOFX_OIDC_NAME", "Single sign-on", "Single sign-on: what its button says."),
    Variable("NOFX_OIDC_CLIENT_ID", "", "Single sign-on: the client id."),
    Variable("NOFX_OIDC_SECRET_VARIABLE", "", "Single sign-on: the name of the variable that holds the client secret."),
    Variable("NOFX_GITHUB_CLIENT_ID", "", "Sign-in with GitHub: the client id. Empty: there is none."),
    Variable("NOFX_GITHUB_SECRET_VARIABLE", "", "Sign-in with GitHub: the variable that holds the client secret."),
    Variable("NOFX_GITHUB_URL", "https://github.com", "Sign-in with GitHub: the server."),
    Variable("NOFX_ENVIRONMENT", "local", "The name shown in the top bar, for example staging."),
    Variable("NOFX_PUBLIC_URL", "", "Where people reach the platform; links in e-mails and webhooks begin with it."),
    Variable("NOFX_MAIL_URL", "", "The server that e-mails go to. Empty: none are sent."),
    Variable("NOFX_MAIL_FROM", "", "Whom e-mails are from. Needed with NOFX_MAIL_URL."),
    Variable("NOFX_DIGEST_HOUR", "7", "The hour (UTC, 0 to 23) from which daily digests are sent."),
    Variable("NOFX_WEBHOOK_HOSTS", "", "Internal hosts that webhooks may go to, comma separated: host or host:port."),
    Variable("NOFX_WORKERS", "2", "Processes of the job queue on this machine."),
    Variable(
        "NOFX_LOCAL_MODELS",
        "all",
        "Local models to fetch: none, small (0.5B) or all (0.5B, then 1.5B).",
    ),
    Variable("NOFX_LOCAL_MODEL_PATHS", "", "Further GGUF files to serve, comma separated."),
    Variable("NOFX_RECORDED_ANSWERS", "", "A file of recorded answers for the replay provider."),
    Variable("NOFX_RECORD_ANSWERS", "", "A file that models' answers are appended to, with prompt digests."),
    Variable("NOFX_AUDIT_ANCHORS", "", "The folder of the audit chain's daily anchors. Empty: anchors in NOFX_HOME."),
    Variable("NOFX_BACKUPS", "", "The folder where old backups are deleted. Empty: backups in NOFX_HOME."),
    Variable("NOFX_DATABASE_ROLE", "application", "owner for commands that migrate, which set it themselves."),
    Variable("OPENAI_API_KEY", "", "Key of the OpenAI provider. Read when a call is made; never stored."),
    Variable("NOFX_URL", "http://127.0.0.1:8000", "The address that nofx login and nofx generate talk to."),
    Variable("NOFX_TOKEN", "", "The API token of nofx generate. Empty: the one kept in NOFX_HOME."),
)


class Environment(Mapping[str, str]):
    """The values of all known variables, each with its default."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {variable.name: values.get(variable.name) or variable.default for variable in VARIABLES}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def flag(self, name: str) -> bool:
        """
        Return whether *name* is switched on.

        :raises ValueError: the value is neither 0 nor 1.
        """
        value = self[name]
        if value not in {"0", "1"}:
            raise ValueError(f"{name} must be 0 or 1, not {value!r}.")
        return value == "1"

    def hour(self, name: str) -> int:
        """
        Return the hour of the day that *name* says.

        :raises ValueError: the value is no number from 0 to 23.
        """
        value = self[name]
        if not value.isdecimal() or int(value) > 23:
            raise ValueError(f"{name} must be a number from 0 to 23, not {value!r}.")
        return int(value)

    def names(self, name: str) -> list[str]:
        """Return the comma-separated parts of *name*, without empty ones."""
        return [part.strip() for part in self[name].split(",") if part.strip()]

    @property
    def home(self) -> Path:
        """The directory that everything is written to, absolute."""
        return Path(self["NOFX_HOME"]).absolute()


def load(directory: Path | None = None) -> Environment:
    """Read ``.env`` of *directory* (default: the working directory) and the process environment, which wins."""
    file_values = dotenv_values((directory or Path.cwd()) / ".env")
    return Environment({**{name: value or "" for name, value in file_values.items()}, **os.environ})
