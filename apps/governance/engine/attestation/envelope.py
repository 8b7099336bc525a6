"""DSSE envelopes, https://github.com/secure-systems-lab/dsse: what was signed, byte for byte, with its signature."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from apps.core.digests import canonical_json
from apps.governance.engine.attestation.keys import PublicKey, SigningKey
from apps.governance.engine.attestation.statement import Statement
from apps.governance.engine.attestation.verify import PAYLOAD_TYPE, NotVerified, envelope_opened, pae


class EnvelopeInvalid(ValueError):
    """The envelope is malformed, or its signature does not hold; the message is a sentence."""


@dataclass(frozen=True)
class Envelope:
    """One payload with one signature over its type and its bytes."""

    payload: bytes
    payload_type: str
    key_id: str
    signature: bytes

    def as_json(self) -> bytes:
        """Return the envelope as canonical JSON: there is one way only to write it."""
        return canonical_json(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.payload_type,
                "signatures": [{"keyid": self.key_id, "sig": base64.b64encode(self.signature).decode()}],
            }
        )


def sign(statement: Statement, key: SigningKey) -> Envelope:
    """Return *statement* signed with *key*."""
    payload = statement.payload()
    return Envelope(payload, PAYLOAD_TYPE, key.public.key_id, key.sign(pae(PAYLOAD_TYPE, payload)))


def statement_in(envelope: bytes, *keys: PublicKey) -> dict[str, Any]:
    """
    Return the statement in *envelope*, which one of *keys* signed.

    :raises EnvelopeInvalid: it is malformed, another key signed it, or it was changed.
    """
    try:
        return envelope_opened(envelope, {key.key_id: key.raw for key in keys}, "The envelope")[0]
    except NotVerified as problem:
        raise EnvelopeInvalid(str(problem)) from None
