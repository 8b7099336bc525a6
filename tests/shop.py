"""
A real repository with a remote, people with roles, and a provider that a real HTTP server answers for.

All of it has the same ids in every test, so that a request in review can be put back (``tests/kept.py``).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest
from django.contrib.auth.hashers import make_password

from apps.core.clock import now
from apps.generation.models import CodeGenerationRequest, GenerationRun
from apps.generation.services.submission import request_submit
from apps.governance.models import Ballot, CodeOwner, Organisation, RoleAssignment, Scope, User
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from apps.providers.models import Provider
from apps.repositories.models import Repository
from tests.fault_server import FaultServer, Reply
from tests.git import shop_begin
from tests.kept import Keep

Role = RoleAssignment.Role

PASSWORD = "correct horse battery"

FILES = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/money.py": (
        '"""Amounts of money, in cents."""\n\n\n'
        "def parse_amount(text: str) -> int:\n"
        '    """Return the cents of a text such as 1.50."""\n'
        '    euros, _, cents = text.partition(".")\n'
        '    return int(euros) * 100 + int(cents or "0")\n'
    ),
    "shop/prices.py": (
        '"""Prices."""\n\n'
        "from shop.money import parse_amount\n\n\n"
        "def with_discount(price: str, percent: int) -> int:\n"
        '    """Return the cents that are left of a price."""\n'
        "    return parse_amount(price) * (100 - percent) // 100\n"
    ),
    "tests/test_money.py": (
        "from shop.money import parse_amount\n\n\ndef test_whole_euros():\n    assert parse_amount('3') == 300\n"
    ),
}


def number_of(name: str) -> int:
    """Return an id for what is called *name* that no sequence comes to."""
    return 10**12 + zlib.crc32(name.encode())


def account(name: str) -> User:
    """Make the account of a person; its password is kept in the same way in every test."""
    return User.objects.create(
        pk=number_of(name), username=name, password=make_password(PASSWORD, salt="of-the-shop-of-the-tests")
    )


@pytest.fixture
def code(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit and a bare remote."""
    return shop_begin(tmp_path, FILES, run=tmp_path_factory.getbasetemp(), has_remote=True)


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.NOFX_HOME = tmp_path / "home"
    return tmp_path / "home"


@pytest.fixture
def scope(db: None) -> Scope:
    organisation = Organisation.objects.create(pk=number_of("Acme"), name="Acme")
    return Scope.objects.create(pk=number_of("shop"), organisation=organisation, repository="shop", is_pilot=True)


@pytest.fixture
def repository(scope: Scope, code: Path, home: Path) -> Repository:
    return Repository.objects.create(
        pk=uuid5(NAMESPACE_OID, "shop"), scope=scope, name="shop", path=str(code), remote="origin"
    )


@pytest.fixture
def person(scope: Scope) -> Callable[..., User]:
    def make(name: str, *roles: str, is_owner: bool = False) -> User:
        user = account(name)
        RoleAssignment.objects.bulk_create(
            RoleAssignment(pk=number_of(f"{name} {role}"), user=user, scope=scope, role=role) for role in roles
        )
        if is_owner:
            CodeOwner.objects.create(pk=number_of(f"{name} owns"), scope=scope, user=user)
        return user

    return make


@pytest.fixture
def engineer(person: Callable[..., User]) -> User:
    return person("ada", Role.ENGINEER)


@pytest.fixture
def reviewer(person: Callable[..., User]) -> User:
    return person("barbara", Role.REVIEWER)


@pytest.fixture
def owner(person: Callable[..., User]) -> User:
    return person("grace", Role.REVIEWER, is_owner=True)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def provider(db: None, server: FaultServer) -> Provider:
    return Provider.objects.create(
        pk=uuid5(NAMESPACE_OID, "test"),
        name="test",
        kind=Provider.Kind.OPENAI,
        base_url=server.url,
        model_id="test-model",
        samples=3,
        timeout_s=5,
        **approved(),
    )


def approved() -> dict[str, Any]:
    """Return the fields of a provider that somebody approved."""
    approver = User.objects.filter(username="approver").first() or account("approver")
    return {"approved_by": approver, "approved_at": now()}


@pytest.fixture
def submit(repository: Repository, engineer: User, reviewer: User, owner: User) -> Callable[..., CodeGenerationRequest]:
    def make(text: str, *, title: str = "A change", **options: Any) -> CodeGenerationRequest:
        return request_submit(requester=engineer, repository=repository, title=title, text=text, **options)

    return make


@pytest.fixture
def in_review(
    kept: Keep, submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer
) -> Callable[..., GenerationRun]:
    """Ask for code, have it answered, and return what came of it; made once in a process for the same words."""

    def make(text: str, answers: Sequence[Reply], **options: Any) -> GenerationRun:
        def begin() -> UUID:
            server.answers(answers)
            request = submit(text, **options)
            work_off(request)
            return request.pk

        pk = kept(repr((text, answers, options)), begin)
        return GenerationRun.objects.select_related("request", "repository__scope").get(pk=pk)

    return make


def work_off(request: CodeGenerationRequest) -> Job:
    """Run the newest job of *request* in this process and return it as it ended."""
    job = Job.objects.filter(subject_id=request.pk).latest("created_at")
    job_execute(job.pk)
    job.refresh_from_db()
    request.refresh_from_db()
    return job


def approve(request: CodeGenerationRequest, *voters: User, status: str = "approved") -> None:
    """Put a request into a state; an approved one takes the ballots of as many people as it needs."""
    digest = "d" * 64
    run = GenerationRun.objects.select_related("repository").get(pk=request.pk)
    for voter in voters:
        Ballot.objects.create(
            subject_kind="request",
            subject_id=request.pk,
            subject_digest=digest,
            scope_id=run.repository.scope_id,
            voter=voter,
            verdict="approve",
        )
    GenerationRun.objects.filter(pk=request.pk).update(review_digest=digest)
    CodeGenerationRequest.objects.filter(pk=request.pk).update(status=status)
