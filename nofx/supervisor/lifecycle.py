"""Up, down and status of the platform on this machine."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

from apps.core.errors import NofxError
from nofx.embedded import postgres
from nofx.supervisor import processes
from nofx.supervisor.children import children
from nofx.supervisor.errors import StartRefused
from nofx.supervisor.home import Home
from nofx.supervisor.loop import Supervisor, child_environment
from nofx.supervisor.platform import Platform, reachable
from nofx.supervisor.prepare import Say, fingerprint, prepare

_FIRST_PAGE_SECONDS = 90.0
_STOP_SECONDS = 40.0
_CRASHES_TO_GIVE_UP = 3
_FAILURES_TO_GIVE_UP = 10
_SERVER_ERROR = 500


def up(platform: Platform, say: Say) -> str:
    """
    Start what does not run, and return the address once the first page answers.

    Running it again takes a moment and changes nothing, unless the code or the settings changed: then the
    processes are replaced. Whatever was killed before is cleared away first.

    :raises NofxError: it cannot start; the message says why and what to do.
    """
    home = platform.home
    home.make()
    with home.changing():
        about = _running(platform)
        supervisor = None
        if about is None:
            _end_processes(home)
            about = _prepared(platform, say)
            log = home.open_log("supervisor")
            with os.fdopen(log) as output:
                supervisor = subprocess.Popen(
                    [sys.executable, "-m", "nofx.supervisor", json.dumps(about)],
                    env=child_environment(home),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        port = int(about["port"])
        wait_for_first_page(platform, port, supervisor)
    return platform.address(port)


def up_foreground(platform: Platform, say: Say) -> None:
    """
    Start everything, and stop all of it when this process is told to stop.

    :raises NofxError: it cannot start, or it runs already.
    """
    home = platform.home
    home.make()
    with home.changing():
        if home.is_supervised():
            raise StartRefused("The platform runs already.", remedy="Run `nofx down` first.")
        _end_processes(home)
        about = _prepared(platform, say)
        port = int(about["port"])
        supervisor = Supervisor(home, children(platform.environment, port), about, platform.is_embedded)
    with home.supervising() as is_ours:
        if not is_ours:
            raise StartRefused("The platform was started by somebody else just now.", remedy="Run `nofx status`.")
        supervisor.stop_on_signals()
        try:
            supervisor.start()
            wait_for_first_page(platform, port)
            say(f"NOFX answers at {platform.address(port)}; Ctrl-C stops it.")
            supervisor.watch()
        finally:
            supervisor.end()
            if platform.is_embedded:
                postgres.stop(home.postgres)


def _prepared(platform: Platform, say: Say) -> dict[str, Any]:
    """Return what was prepared; where that is refused, no database is left running for nobody."""
    try:
        return prepare(platform, say)
    except NofxError:
        if platform.is_embedded:
            postgres.stop(platform.home.postgres)
        raise


def down(platform: Platform) -> bool:
    """
    Stop everything of this folder, the embedded database last, and return whether anything ran.

    :raises EmbeddedPostgresError: the database does not stop.
    """
    home = platform.home
    if not home.run.exists():
        return False
    with home.changing():
        had_processes = _end_processes(home)
        home.state_file.unlink(missing_ok=True)
        return postgres.stop(home.postgres) or had_processes


def status(platform: Platform) -> dict[str, Any]:
    """Return what runs, in words that ``--json`` prints."""
    home = platform.home
    state = home.read_state() if home.is_supervised() else {}
    port = int(state.get("port") or 0)
    answer = _answer(platform, port) if port else None
    return {
        "is_running": bool(state),
        "is_answering": answer is not None and answer < _SERVER_ERROR,
        "address": platform.address(port) if port else None,
        "home": str(home.path),
        "database": {
            "kind": "embedded" if platform.is_embedded else "external",
            "is_running": postgres.is_running(home.postgres) if platform.is_embedded else None,
        },
        "processes": [
            {**process, "is_alive": bool(process["pid"]) and processes.is_alive(process["pid"])}
            for process in state.get("processes", [])
        ],
        "logs": str(home.logs),
    }


def wait_for_first_page(platform: Platform, port: int, supervisor: subprocess.Popen[bytes] | None = None) -> None:
    """
    Wait until the web process answers.

    :raises StartRefused: it does not within 90 seconds, it ends or fails again and again, or *supervisor* ends.
    """
    home = platform.home
    deadline = time.monotonic() + _FIRST_PAGE_SECONDS
    failures = 0
    while (answer := _answer(platform, port)) is None or answer >= _SERVER_ERROR:
        failures += answer is not None
        web = next((p for p in home.read_state().get("processes", []) if p["name"] == "web"), None)
        is_hopeless = failures >= _FAILURES_TO_GIVE_UP or (web is not None and web["restarts"] >= _CRASHES_TO_GIVE_UP)
        if supervisor is not None and supervisor.poll() is not None:
            raise _no_answer(home, "supervisor")
        if is_hopeless or time.monotonic() > deadline:
            raise _no_answer(home, "web")
        time.sleep(0.1 if answer is None else 0.5)


def _no_answer(home: Home, name: str) -> StartRefused:
    return StartRefused(
        f"No page comes back. The log of {name} ends with:\n{home.log_tail(name)}",
        remedy=f"The logs are in {home.logs}; `nofx down` stops what runs.",
    )


def _running(platform: Platform) -> dict[str, Any] | None:
    """Return what runs when it is whole and of this code and these settings."""
    home = platform.home
    if not home.is_supervised():
        return None
    state = home.read_state()
    if state.get("fingerprint") != fingerprint(platform.environment):
        return None
    if platform.is_embedded:
        postgres.ensure_running(home.postgres)
    return state


def _end_processes(home: Home) -> bool:
    """Stop the supervisor with its children, then whatever of ours was left behind by a kill."""
    was_supervised = home.is_supervised()
    if was_supervised and (pid := home.read_state().get("pid")):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            was_supervised = False
        deadline = time.monotonic() + _STOP_SECONDS
        while home.is_supervised() and time.monotonic() < deadline:
            time.sleep(0.05)
    return bool(processes.end(home.path, grace=5.0)) or was_supervised


def _answer(platform: Platform, port: int) -> int | None:
    """Return the status of the first page; a redirect to the sign-in page is an answer, nothing is not."""
    connection = http.client.HTTPConnection(reachable(platform.environment["NOFX_HOST"]), port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
