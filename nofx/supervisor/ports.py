"""The port of the web process."""

from __future__ import annotations

import socket

from nofx.env import Environment
from nofx.supervisor.errors import PortTaken, StartRefused
from nofx.supervisor.home import Home

_FIRST = 8000
_LAST = 8099
_claims: dict[int, socket.socket] = {}


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen on *port* now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def claim(port: int) -> bool:
    """
    Claim *port* until this process ends, and return whether no other start has.

    A port stays free for seconds after it was chosen. Another folder that starts meanwhile must choose another one:
    it would take the first page of this one for its own. The name is of Linux' abstract kind; it leaves no file.
    """
    if port not in _claims:
        name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            name.bind(f"\0nofx.port.{port}")
        except OSError:
            name.close()
            return False
        _claims[port] = name
    return True


def choose(environment: Environment, home: Home) -> int:
    """
    Return the port to listen on: NOFX_PORT, else the one of last time, else 8000, else the next free one.

    It is this process's until it ends, among all that start.

    :raises PortTaken: NOFX_PORT is taken, or no port of the range is free.
    :raises StartRefused: NOFX_PORT is not a port.
    """
    host = environment["NOFX_HOST"]
    if environment["NOFX_PORT"]:
        return _asked_for(environment["NOFX_PORT"], host)
    last = [int(home.port_file.read_text())] if home.port_file.exists() else []
    for port in (*last, *range(_FIRST, _LAST + 1)):
        if is_free(host, port) and claim(port):
            home.port_file.write_text(str(port))
            return port
    raise PortTaken(f"Every port from {_FIRST} to {_LAST} is taken on {host}.", remedy="Set NOFX_PORT to a free port.")


def _asked_for(text: str, host: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise StartRefused(f"NOFX_PORT is {text!r}, which is not a port.", remedy="Use a number from 1 to 65535.")
    port = int(text)
    if not (is_free(host, port) and claim(port)):
        raise PortTaken(
            f"Port {port} is taken by another program.",
            remedy="Stop that program, set NOFX_PORT to another port, or leave it empty for the next free one.",
        )
    return port
