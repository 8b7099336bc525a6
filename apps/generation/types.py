"""The words of the generation track. Plain Python; no Django."""

from __future__ import annotations

from enum import StrEnum

# What a reviewer may rate of each candidate, and with which numbers; 5 is best.
RUBRIC = {
    "correct": "Correct",
    "readable": "Readable",
    "fits": "Fits the architecture",
    "tested": "Tested",
    "secure": "Secure",
}
RATINGS = range(1, 6)


class RequestStatus(StrEnum):
    """Where a request is, in order; the last three are ends that nobody wished for."""

    QUEUED = "queued"
    GENERATING = "generating"
    CHECKING = "checking"
    CONSENSUS = "consensus"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    OBSERVED = "observed"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The status as people read it."""
        return self.value.replace("_", " ").capitalize()


class Kept(StrEnum):
    """Why a version of a draft was kept."""

    WRITING = "writing"
    CUT = "cut"
    SUBMITTED = "submitted"
    PUT_BACK = "put_back"

    @property
    def label(self) -> str:
        """The reason as people read it."""
        return {
            Kept.WRITING: "While it was written",
            Kept.CUT: "Before much of it went",
            Kept.SUBMITTED: "As it was submitted",
            Kept.PUT_BACK: "Before another was put back",
        }[self]


class CodeType(StrEnum):
    """What an artefact is."""

    IMPLEMENTATION = "implementation"
    TEST = "test"
    DOCUMENTATION = "documentation"

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return self.value.capitalize()
