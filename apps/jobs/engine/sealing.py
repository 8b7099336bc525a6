"""Secrets that must be used again, kept so that the database alone does not tell them."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBroken(ValueError):
    """The secret was sealed with another key, or is damaged."""


def seal(secret: str, *, key: str, purpose: str) -> str:
    """Return *secret* encrypted and authenticated (Fernet) with a key derived from *key* for *purpose* (HKDF)."""
    return _fernet(key, purpose).encrypt(secret.encode()).decode("ascii")


def unseal(sealed: str, *, key: str, purpose: str) -> str:
    """
    Return what was sealed.

    :raises SealBroken: with another key or purpose, or it was changed.
    """
    try:
        return _fernet(key, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SealBroken("The secret was sealed with another key, or is damaged.") from error


def _fernet(key: str, purpose: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
