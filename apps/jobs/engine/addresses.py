"""Where a message to another system may go: never inside, unless an operator named the host."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

PORTS = {"https": 443, "http": 80}
LONGEST_URL = 400
# Not public in their own right, or a way to write an address of the inside as one of the outside.
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
        *("240.0.0.0/4",),
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16", "fc00::/7", "fec0::/10"),
    )
)
# What stands in a path or a query as it is.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+(?:%[a-z0-9._-]+)?", re.IGNORECASE)
_PATH = "/%:@!$&'()*+,;=-._~?"


class UrlRefused(ValueError):
    """The address of an endpoint cannot be used; the message is a sentence for a person."""


@dataclass(frozen=True)
class Target:
    """Where to connect. ``is_internal`` says that an operator named the host, so that any address will do."""

    scheme: str
    host: str
    port: int
    path: str
    is_internal: bool


def target_of(url: str, *, internal: Collection[str] = ()) -> Target:
    """
    Return the parts of *url*; *internal* are the hosts, or host:port, that an operator named.

    :raises UrlRefused: it is no usable address, names a private one, or is not encrypted.
    """
    parts = _split(url)
    host = _host(parts)
    port = parts.port or PORTS[parts.scheme]
    named = {name.strip().lower() for name in internal}
    is_internal = bool({host, f"{host}:{port}"} & named)
    if parts.scheme != "https" and not is_internal:
        raise UrlRefused("The address must begin with https://, so that nobody on the way reads what is sent.")
    if not is_internal and (refusal := _literal_refusal(host)):
        raise UrlRefused(refusal)
    path = quote(parts.path or "/", safe=_PATH)
    query = f"?{quote(parts.query, safe=_PATH)}" if parts.query else ""
    return Target(parts.scheme, host, port, path + query, is_internal)


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        raise UrlRefused(f"An address has no spaces and at most {LONGEST_URL} characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused("This is no address.") from error
    if parts.scheme not in PORTS or port == 0:
        raise UrlRefused("The address must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise UrlRefused("An address holds no user name and no password; the signature says who sends.")
    if parts.fragment:
        raise UrlRefused("An address ends before the #.")
    return parts


def _host(parts: SplitResult) -> str:
    """Return the host as it is looked up, in lower case."""
    name = parts.hostname or ""
    try:
        host = name if ":" in name else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise UrlRefused("The host of this address cannot be read.") from error
    if not host:
        raise UrlRefused("The address names no host.")
    # The codec lets pass what no name may hold, such as a space that stands for an accent.
    if not _HOST.fullmatch(host):
        raise UrlRefused("The host of this address cannot be read.")
    return host


def _literal_refusal(host: str) -> str:
    try:
        return address_refusal(host)
    except ValueError:
        return ""  # A name: judged by what it resolves to, when something is sent.


def address_refusal(address: str) -> str:
    """Return why nothing is sent to an IP *address*, as a sentence; empty for a public one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    is_public = ip.is_global and not ip.is_multicast and not any(ip in network for network in _REFUSED)
    return "" if is_public else f"{address} is not an address of the public internet."
