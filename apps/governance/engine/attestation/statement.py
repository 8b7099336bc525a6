"""in-toto Statement v1, https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.digests import canonical_json
from apps.governance.engine.attestation.verify import STATEMENT_TYPE


@dataclass(frozen=True)
class SubjectDigest:
    """What a statement is about: a name, and its digest by algorithm (``sha256``, ``gitCommit``, ``gitTree``)."""

    name: str
    digest: Mapping[str, str]


@dataclass(frozen=True)
class Statement:
    """
    That *predicate*, of the kind *predicate_type*, holds for the *subjects*.

    :raises ValueError: it is about nothing, or a subject has no digest.
    """

    subjects: tuple[SubjectDigest, ...]
    predicate_type: str
    predicate: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not self.subjects or not all(subject.digest for subject in self.subjects):
            raise ValueError("A statement is about at least one subject, each with a digest.")

    def payload(self) -> bytes:
        """Return the statement as canonical JSON, which is what is signed."""
        return canonical_json(
            {
                "_type": STATEMENT_TYPE,
                "subject": [{"name": one.name, "digest": dict(one.digest)} for one in self.subjects],
                "predicateType": self.predicate_type,
                "predicate": dict(self.predicate),
            }
        )
