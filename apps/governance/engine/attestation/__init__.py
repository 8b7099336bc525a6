"""
Signed statements: in-toto Statement v1 in a DSSE envelope, by Ed25519.

``verify`` is the file that every evidence pack carries: it runs alone, on Python's standard library. What is signed
here is encoded by the same functions that verify it there.
"""

from apps.governance.engine.attestation.envelope import Envelope, EnvelopeInvalid, sign, statement_in
from apps.governance.engine.attestation.keys import KeyInvalid, PublicKey, SigningKey
from apps.governance.engine.attestation.pack import Pack, PackInvalid, pack_archive
from apps.governance.engine.attestation.statement import Statement, SubjectDigest

__all__ = [
    "Envelope",
    "EnvelopeInvalid",
    "KeyInvalid",
    "Pack",
    "PackInvalid",
    "PublicKey",
    "SigningKey",
    "Statement",
    "SubjectDigest",
    "pack_archive",
    "sign",
    "statement_in",
]
