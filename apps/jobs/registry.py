"""
Which code handles a kind of job, and who may see the jobs of a kind of subject.

Both are filled by the apps' ``tasks`` modules, which are imported when Django is ready.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from apps.governance.models import User
from apps.jobs.types import Due

if TYPE_CHECKING:
    from apps.jobs.models import Job
    from apps.jobs.runner import JobRun

HandlerFunction = Callable[["JobRun"], None]
EndFunction = Callable[["Job"], None]
DueFunction = Callable[[datetime], Collection[Due]]
AccessCheck = Callable[[User, UUID], bool]

_KIND = re.compile(r"[a-z_]+(\.[a-z_]+)+")


@dataclass(frozen=True)
class Handler:
    """How one kind of job is done, within which time, and how often it is tried when workers die."""

    kind: str
    function: HandlerFunction
    timeout_s: int
    max_attempts: int
    on_end: EndFunction | None
    every: timedelta | None = None
    due: DueFunction | None = None


_handlers: dict[str, Handler] = {}
_read_checks: dict[str, AccessCheck] = {}
_stop_checks: dict[str, AccessCheck] = {}


def job_handler(
    kind: str,
    *,
    timeout_s: int = 900,
    max_attempts: int = 3,
    on_end: EndFunction | None = None,
    every: timedelta | None = None,
    due: DueFunction | None = None,
) -> Callable[[HandlerFunction], HandlerFunction]:
    """
    Register the decorated function as the handler of ``kind``, for example ``generation.run``.

    The function may be started again for the same job after a worker died, so its work must be idempotent. It raises
    a ``NofxError`` for a failure a person can act on. ``on_end`` is called once with the job in its end state, in
    the transaction that ends it, whoever ends it (the worker, a person, the sweep): there a subject is told that its
    job failed or was stopped.

    Nobody has to ask for a job with *every* or *due*; every few seconds the workers begin those that are. With *every*
    there is one for the whole platform, due when the last one is that old. *due* returns for a moment what a job is
    due for; it is called from several machines at once, and must be short and wait for nobody.

    :raises ValueError: the kind is malformed or has a handler already, or it is due in two ways.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError(f"A job kind looks like app.verb, not {kind!r}.")
    if timeout_s < 1 or max_attempts < 1:
        raise ValueError("A job has at least one second and one attempt.")
    if every is not None and due is not None:
        raise ValueError(f"{kind} is due by the clock or by what there is to do, not by both.")

    def register(function: HandlerFunction) -> HandlerFunction:
        if kind in _handlers:
            raise ValueError(f"{kind} has a handler already.")
        _handlers[kind] = Handler(kind, function, timeout_s, max_attempts, on_end, every, due)
        return function

    return register


def handler_of(kind: str) -> Handler | None:
    """Return the handler of ``kind``, or None where no installed app has one."""
    return _handlers.get(kind)


def job_kinds() -> list[str]:
    """Return the kinds of jobs that installed apps handle, in order."""
    return sorted(_handlers)


def handlers_recurring() -> list[Handler]:
    """Return the handlers of the jobs that the workers begin by themselves."""
    return [handler for handler in _handlers.values() if handler.every or handler.due]


def job_subject_access(subject_kind: str) -> Callable[[AccessCheck], AccessCheck]:
    """
    Let the decorated ``(user, subject_id) -> bool`` decide who may see the jobs of this kind of subject.

    Without one only the person who asked for a job may see it.
    """
    return _register_check(_read_checks, subject_kind)


def job_subject_stop(subject_kind: str) -> Callable[[AccessCheck], AccessCheck]:
    """
    Let the decorated ``(user, subject_id) -> bool`` decide who else may stop the jobs of this kind of subject.

    The person who asked for a job may always stop it, as may an administrator of the platform.
    """
    return _register_check(_stop_checks, subject_kind)


def read_check_of(subject_kind: str) -> AccessCheck | None:
    """Return who may see jobs of this kind of subject, or None for the requester alone."""
    return _read_checks.get(subject_kind)


def stop_check_of(subject_kind: str) -> AccessCheck | None:
    """Return who besides the requester may stop jobs of this kind of subject."""
    return _stop_checks.get(subject_kind)


def _register_check(checks: dict[str, AccessCheck], subject_kind: str) -> Callable[[AccessCheck], AccessCheck]:
    def register(check: AccessCheck) -> AccessCheck:
        if subject_kind in checks:
            raise ValueError(f"{subject_kind} has this check already.")
        checks[subject_kind] = check
        return check

    return register
