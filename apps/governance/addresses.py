"""Where a request comes from, as far as that can be believed, and networks of such addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from django.conf import settings
from django.http import HttpRequest

from apps.core.errors import NofxError


class NetworkInvalid(NofxError):
    """What was given is neither an address nor a network."""

    code = "network.invalid"
    status = 422


def client_address(request: HttpRequest) -> str:
    """
    Return the address that *request* came from; empty where there is none, as on a socket file.

    Each proxy of ours appends the address that it saw to ``X-Forwarded-For``; what stands before their words is the
    caller's own tale and is not read.
    """
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    proxies: int = settings.NOFX_PROXIES
    seen = told[-proxies] if 0 < proxies <= len(told) else str(request.META.get("REMOTE_ADDR", ""))
    try:
        address = ipaddress.ip_address(_without_port(seen))
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _without_port(seen: str) -> str:
    """Return the address of ``192.0.2.7:4711`` or ``[2001:db8::1]:4711``, as some proxies write it."""
    if seen.startswith("["):
        return seen[1:].partition("]")[0]
    return seen.partition(":")[0] if seen.count(":") == 1 else seen


def networks_read(text: str) -> list[str]:
    """
    Return the networks that *text* names, separated by spaces, commas or lines; an address is a network of one.

    :raises NetworkInvalid: a word of it is none.
    """
    found = []
    for word in text.replace(",", " ").split():
        try:
            found.append(str(ipaddress.ip_network(word, strict=False)))
        except ValueError as error:
            raise NetworkInvalid(
                f"{word} is no network address.", remedy="Write it like 192.0.2.0/24 or 2001:db8::/32."
            ) from error
    return sorted(set(found))


def is_within(address: str, networks: Collection[str]) -> bool:
    """Return whether *address* lies in one of *networks*; an unknown address lies in none."""
    if not address:
        return False
    place = ipaddress.ip_address(address)
    return any(place in ipaddress.ip_network(network) for network in networks)
