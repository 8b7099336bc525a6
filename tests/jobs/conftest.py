"""People, subjects and handlers of the job tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.governance.models import User
from apps.jobs import registry
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue

KIND = "probe.work"
SUBJECT_KIND = "probe"

Enqueue = Callable[..., Job]


@pytest.fixture
def engineer(db: None) -> User:
    return User.objects.create_user("engineer", password="correct horse battery")


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger", password="correct horse battery")


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a handler for the length of one test."""

    def register(function: registry.HandlerFunction, *, kind: str = KIND, **options: Any) -> None:
        monkeypatch.setattr(registry, "_handlers", dict(registry._handlers))
        registry.job_handler(kind, **options)(function)

    return register


@pytest.fixture
def subject_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one test register access checks without leaving them behind."""
    monkeypatch.setattr(registry, "_read_checks", dict(registry._read_checks))
    monkeypatch.setattr(registry, "_stop_checks", dict(registry._stop_checks))


@pytest.fixture
def enqueue(engineer: User) -> Enqueue:
    def call(*, subject_id: UUID | None = None, requested_by: User = engineer, **options: Any) -> Job:
        return job_enqueue(
            kind=options.pop("kind", KIND),
            subject_kind=SUBJECT_KIND,
            subject_id=subject_id or uuid4(),
            requested_by=requested_by,
            **options,
        )

    return call
