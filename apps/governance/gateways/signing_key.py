"""
Where the private key lies: in the setting NOFX_SIGNING_KEY, else in a file of NOFX_HOME that only its owner reads.

Nothing but this module reads it. It is in no table, no log and no prompt, and no sandboxed run can see it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.conf import settings

from apps.governance.engine.attestation import KeyInvalid, SigningKey
from apps.governance.errors import SigningKeyUnusable

FILE = "signing_key.pem"


def key_file() -> Path:
    """Return where the key of a single machine is kept."""
    return Path(settings.NOFX_HOME) / FILE


def is_set_from_outside() -> bool:
    """Return whether the key comes from NOFX_SIGNING_KEY, so that the platform cannot replace it by itself."""
    return bool(settings.NOFX_SIGNING_KEY)


def key_read() -> SigningKey:
    """
    Return the private key; one is made where there is none and none is set.

    :raises SigningKeyUnusable: what is set, or lies in the file, is no key.
    """
    if is_set_from_outside():
        return _parsed(settings.NOFX_SIGNING_KEY, "NOFX_SIGNING_KEY")
    path = key_file()
    try:
        text = path.read_text()
    except FileNotFoundError:
        text = _made_once(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SigningKeyUnusable(
            f"The signing key in {path} cannot be read.", remedy="Give the platform's user the right to read it."
        ) from error
    return _parsed(text, str(path))


def key_replace(key: SigningKey) -> None:
    """Keep *key* in the place of the one before; at once and whole, or not at all."""
    temporary = _written_beside(key_file(), key.pem())
    temporary.replace(key_file())


def _made_once(path: Path) -> str:
    """Write a new key unless another process is faster; return the one that is there then."""
    temporary = _written_beside(path, SigningKey.generate().pem())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_text()


def _written_beside(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _parsed(text: str, where: str) -> SigningKey:
    try:
        return SigningKey.from_pem(text)
    except KeyInvalid as error:
        raise SigningKeyUnusable(
            f"{where} holds no usable signing key. {error}", remedy="`nofx keys new` prints a key that is one."
        ) from None
