"""Failures a person can act on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with what was sent: the name of its field, a code for programs, and sentences."""

    field: str
    code: str
    message: str


class NofxError(Exception):
    """
    An expected failure.

    The message is a sentence for a person; ``remedy`` says what to do about it. ``code`` is stable and
    machine-readable, ``status`` is the HTTP status an API answers with. ``errors`` says it field by field, where the
    failure is about what was sent.
    """

    code = "error"
    status = 400
    errors: tuple[Flaw, ...] = ()

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class NotFound(NofxError):
    """The object does not exist, or the caller may not know that it does."""

    code = "not_found"
    status = 404


class PermissionRefused(NofxError):
    """The caller may see the object but not do this to it."""

    code = "permission_refused"
    status = 403


class Conflict(NofxError):
    """The object changed, or is in a state that does not allow this."""

    code = "conflict"
    status = 409


class StorageFull(NofxError):
    """The disk that holds the database is full: what was just sent is not saved."""

    code = "storage_full"
    status = 507
