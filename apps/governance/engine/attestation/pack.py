"""Evidence packs: files, a manifest with the SHA-256 of each, a signed statement over the manifest, one archive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.attestation.envelope import sign
from apps.governance.engine.attestation.keys import PublicKey, SigningKey
from apps.governance.engine.attestation.statement import Statement, SubjectDigest
from apps.governance.engine.attestation.verify import (
    FORMAT,
    MANIFEST,
    MAX_BYTES,
    MAX_FILES,
    PACK_TYPE,
    SIGNATURE,
    archive,
    is_safe_name,
)


class PackInvalid(ValueError):
    """The files cannot be a pack; the message is a sentence."""


@dataclass(frozen=True)
class Pack:
    """
    What a pack is about, what it was limited to, and its files by name.

    The same pack is the same bytes: nothing is taken from a clock, and files stand in the order of their names.

    :raises PackInvalid: a name leads out of a folder or is one of ours, or there is too much.
    """

    title: str
    subject_kind: str
    subject_id: str
    as_of: datetime
    files: Mapping[str, bytes]
    filters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.files:
            if not is_safe_name(name) or name in {MANIFEST, SIGNATURE} or name.startswith("keys/"):
                raise PackInvalid(f"No file of a pack may be called {name!r}.")
        if len(self.files) > MAX_FILES - 20 or sum(map(len, self.files.values())) > MAX_BYTES - (1 << 20):
            raise PackInvalid(f"A pack holds at most {MAX_FILES - 20} files and {MAX_BYTES >> 20} MB.")

    def sealed(self, key: SigningKey, *, keys: Iterable[PublicKey] = ()) -> list[tuple[str, bytes]]:
        """Return all files in their order: manifest and signature by *key* first, with the public *keys* they name."""
        public = {f"keys/{one.key_id}.pem": one.pem().encode() for one in (*keys, key.public)}
        files = sorted({**self.files, **public}.items())
        manifest = canonical_json(
            {
                "format": FORMAT,
                "title": self.title,
                "subject": {"kind": self.subject_kind, "id": self.subject_id},
                "as_of": self.as_of.astimezone(UTC).isoformat(),
                "filters": dict(self.filters),
                "files": [
                    {"path": name, "sha256": sha256_hex(content), "size": len(content)} for name, content in files
                ],
            }
        )
        statement = Statement(
            (SubjectDigest(MANIFEST, {"sha256": sha256_hex(manifest)}),),
            PACK_TYPE,
            {"title": self.title, "subject": {"kind": self.subject_kind, "id": self.subject_id}},
        )
        return [(MANIFEST, manifest), (SIGNATURE, sign(statement, key).as_json()), *files]


def pack_archive(pack: Pack, key: SigningKey, *, keys: Iterable[PublicKey] = ()) -> Iterator[bytes]:
    """Yield the archive of *pack*, signed by *key*, a piece for each file."""
    return archive(pack.sealed(key, keys=keys))
