"""One spelling for the many that an address of a git repository has."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

# user@host:path, as ssh takes it; one letter before the colon would be a drive.
_SCP = re.compile(r"^(?:[^@/\s]+@)?(?P<host>[^:/\s]{2,}):(?P<path>(?!//).+)$")


def address_of(url: str, *, folder: str) -> str:
    """
    Return *url* as host and path, whatever scheme, user, port, case or ending it is written with; "" if it is empty.

    Hosts tell no two repositories apart by case. A path on this machine counts from *folder* and keeps its case. What
    is no address comes back as it is.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.lower()  # No address that anybody reaches, but two clones may have it in common.
    if parts.scheme == "file" or not url or ("://" not in url and not _SCP.match(url)):
        path = unquote(parts.path) if parts.scheme == "file" else url
        return _ending(posixpath.normpath(posixpath.join(folder, path))) if path else ""
    if "://" in url:
        host, path = parts.netloc.rpartition("@")[2].partition(":")[0], parts.path
    else:
        found = _SCP.match(url)
        host, path = (found["host"], found["path"]) if found else ("", url)
    return _ending(f"{host}/{unquote(path).strip('/')}").lower()


def _ending(path: str) -> str:
    """A bare repository's ending, and the folder of one with a checkout, are no part of the name."""
    return path.rstrip("/").removesuffix("/.git").removesuffix(".git").rstrip("/")
