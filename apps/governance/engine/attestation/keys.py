"""Ed25519 keys. The id of a key is the SHA-256 of its 32 public bytes, in hexadecimal digits."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from apps.core.digests import sha256_hex


class KeyInvalid(ValueError):
    """The text is no private Ed25519 key in PEM, or the bytes are no public one. The message never quotes the text."""


@dataclass(frozen=True)
class PublicKey:
    """A public key, as its 32 bytes."""

    raw: bytes

    @property
    def key_id(self) -> str:
        """The SHA-256 of the key, by which statements name it."""
        return sha256_hex(self.raw)

    def pem(self) -> str:
        """
        Return the key as a file that other tools read.

        :raises KeyInvalid: the bytes are no key.
        """
        return self._loaded().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """
        Return whether *signature* over *message* was made with the private half of this key.

        :raises KeyInvalid: the bytes are no key.
        """
        try:
            self._loaded().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _loaded(self) -> Ed25519PublicKey:
        try:
            return Ed25519PublicKey.from_public_bytes(self.raw)
        except ValueError:
            raise KeyInvalid("A public key has 32 bytes.") from None


@dataclass(frozen=True)
class SigningKey:
    """A private key. It is never shown: neither its representation nor its text holds any of it."""

    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> SigningKey:
        """Return a new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, text: str) -> SigningKey:
        r"""
        Return the key in *text*: PKCS#8 PEM without a password. One-line settings may write ``\n`` for its line ends.

        :raises KeyInvalid: it is something else.
        """
        try:
            key = load_pem_private_key(text.replace("\\n", "\n").strip().encode(), password=None)
        except (ValueError, TypeError):
            raise KeyInvalid("This is no private key in PEM without a password.") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyInvalid("This is a key of another kind than Ed25519.")
        return cls(key)

    def pem(self) -> str:
        """Return the private key as PKCS#8 PEM, to be kept where only the platform reads it."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def public(self) -> PublicKey:
        """The half that may be shown."""
        return PublicKey(self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature over *message*: the same for the same message."""
        return self._private.sign(message)
