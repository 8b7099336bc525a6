"""What is suspended stays so under another name: a clone of it is no pilot, and nothing is generated for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from apps.governance.errors import LadderInvalid
from apps.governance.models import Organisation, Scope, User
from apps.governance.selectors.ladder import leave_now
from apps.governance.services import generation_suspend
from apps.repositories.engine.addresses import address_of
from apps.repositories.models import Repository
from apps.repositories.services import repository_register, revision_record
from apps.repositories.types import RepositoryUnavailable
from tests.git import commit, git

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="correct horse battery")


@pytest.fixture
def acme(db: None) -> Organisation:
    return Organisation.objects.create(name="Acme")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    commit(tmp_path / "parcels", {"a.py": "A = 1\n"}, f"Begin {tmp_path}")
    git(tmp_path / "parcels", "remote", "add", "origin", "git@code.example.com:Shop/Parcels.git")
    return tmp_path / "parcels"


@pytest.fixture
def parcels(code: Path, root: User, acme: Organisation) -> Repository:
    return repository_register(actor=root, name="parcels", path=code, organisation=acme, is_pilot=True)


@pytest.fixture
def suspended(parcels: Repository, root: User) -> Repository:
    generation_suspend(kind="repository", scope=parcels.scope, actor=root, reason="It deletes tests.")
    return parcels


def clone_of(code: Path, name: str = "copy", *options: str) -> Path:
    git(code.parent, "clone", "--quiet", "--template=", *options, code.as_uri(), name)
    return code.parent / name


def fresh_with(address: str, beside: Path) -> Path:
    """Return a repository of other history with the same remote."""
    commit(beside.parent / "fresh", {"b.py": "B = 1\n"}, "Another begin")
    git(beside.parent / "fresh", "remote", "add", "mirror", address)
    return beside.parent / "fresh"


def stripped(code: Path) -> Path:
    """Return a clone that has no remote and commits of its own."""
    copy = clone_of(code)
    git(copy, "remote", "remove", "origin")
    commit(copy, {"c.py": "C = 1\n"}, "Go on elsewhere")
    return copy


Copy = Callable[[Path], Path]
COPIES: dict[str, Copy] = {
    "a clone": clone_of,
    "a clone without its remote": stripped,
    "the same address": lambda code: fresh_with("ssh://me@CODE.example.com:22/shop/parcels/", code),
    "the address with a token": lambda code: fresh_with("https://x:y@code.example.com/Shop/Parcels.git", code),
    "the path": lambda code: fresh_with(f"file://{code}/.git", code),
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES.keys())
def test_a_copy_of_what_is_suspended_is_no_pilot_and_the_sentence_says_who_resumes(
    suspended: Repository, code: Path, root: User, acme: Organisation, copied: Copy
) -> None:
    with pytest.raises(LadderInvalid, match=r"parcels, which .* is suspended .*It deletes tests") as caught:
        repository_register(actor=root, name="again", path=copied(code), organisation=acme, is_pilot=True)
    assert "The committee resumes it by a vote" in caught.value.remedy
    assert Repository.objects.count() == 1


def test_the_form_says_so_beside_the_field(
    suspended: Repository, code: Path, root: User, acme: Organisation, client: Client
) -> None:
    client.force_login(root)
    said = {"name": "again", "path": str(clone_of(code)), "organisation": str(acme.pk), "is_pilot": "on"}
    page = client.post(reverse("admin:repositories_repository_add"), said).content.decode()
    assert "This is no new code. Generation for parcels, which has the same first commit or address," in page
    assert "It can be a pilot after that." in page
    assert Repository.objects.count() == 1


def test_a_repository_registered_before_its_code_was_looked_at_is_found(
    suspended: Repository, code: Path, root: User, acme: Organisation
) -> None:
    other = Scope.objects.create(organisation=acme, repository="older", is_pilot=True)
    Repository.objects.filter(pk=suspended.pk).delete()
    Repository.objects.create(scope=other, name="older", path=str(code))
    generation_suspend(kind="repository", scope=other, actor=root)
    with pytest.raises(LadderInvalid, match="is suspended"):
        repository_register(actor=root, name="again", path=clone_of(code), organisation=acme, is_pilot=True)


def test_two_pilots_of_the_same_code_are_suspended_together(
    parcels: Repository, code: Path, root: User, acme: Organisation
) -> None:
    twin = repository_register(actor=root, name="twin", path=clone_of(code), organisation=acme, is_pilot=True)
    assert leave_now(twin.scope, risk="low", task_class="text").is_given
    generation_suspend(kind="repository", scope=parcels.scope, actor=root, reason="It deletes tests.")
    leave = leave_now(twin.scope, risk="low", task_class="text")
    assert leave.refusal == "generation.suspended"
    assert "Generation for parcels, which has the same first commit or address, is suspended" in leave.reason


def test_a_clone_that_is_no_pilot_is_suspended_with_it_also_where_a_rung_would_open_it(
    suspended: Repository, code: Path, root: User, acme: Organisation
) -> None:
    copy = repository_register(actor=root, name="copy", path=clone_of(code), organisation=acme)
    assert leave_now(copy.scope, risk="low", task_class="text").refusal == "generation.suspended"


@pytest.mark.parametrize("kind", ["repository", "everything"])
def test_another_organisation_is_no_way_round_and_hears_neither_name_nor_reason(
    parcels: Repository, code: Path, root: User, kind: str
) -> None:
    generation_suspend(kind=kind, scope=parcels.scope, actor=root, reason="It deletes tests.")
    other = Organisation.objects.create(name="Other")
    with pytest.raises(LadderInvalid, match="the same code in another organisation is suspended") as caught:
        repository_register(actor=root, name="copy", path=clone_of(code), organisation=other, is_pilot=True)
    assert "deletes" not in str(caught.value)
    made = repository_register(actor=root, name="copy", path=code.parent / "copy", organisation=other)
    assert leave_now(made.scope, risk="low", task_class="text").refusal == "generation.suspended"


def test_a_repository_that_begins_empty_is_known_by_its_first_commit_when_it_has_one(
    suspended: Repository, code: Path, tmp_path: Path, root: User, acme: Organisation
) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "empty")
    empty = repository_register(actor=root, name="empty", path=tmp_path / "empty", organisation=acme, is_pilot=True)
    git(tmp_path / "empty", "pull", "--quiet", str(code), "main")
    revision_record(repository=empty, sha=git(tmp_path / "empty", "rev-parse", "HEAD"))
    assert leave_now(empty.scope, risk="low", task_class="text").refusal == "generation.suspended"


def test_a_shallow_clone_is_refused_because_it_does_not_show_its_first_commit(
    suspended: Repository, code: Path, root: User, acme: Organisation
) -> None:
    commit(code, {"a.py": "A = 2\n"})
    with pytest.raises(RepositoryUnavailable, match="shallow") as caught:
        repository_register(actor=root, name="again", path=clone_of(code, "cut", "--depth=1"), organisation=acme)
    assert "git fetch --unshallow" in caught.value.remedy


def test_replaced_commits_hide_nothing(suspended: Repository, code: Path, root: User, acme: Organisation) -> None:
    copy = stripped(code)
    git(copy, "replace", "--graft", "HEAD")
    with pytest.raises(LadderInvalid, match="is suspended"):
        repository_register(actor=root, name="again", path=copy, organisation=acme, is_pilot=True)


def test_other_code_is_a_pilot_all_the_same(
    suspended: Repository, tmp_path: Path, root: User, acme: Organisation
) -> None:
    commit(tmp_path / "other", {"z.py": "Z = 1\n"}, "Something else")
    made = repository_register(actor=root, name="other", path=tmp_path / "other", organisation=acme, is_pilot=True)
    assert leave_now(made.scope, risk="low", task_class="text").is_given


def test_no_statement_makes_a_pilot_of_suspended_code_or_takes_away_by_what_it_is_known(
    suspended: Repository, acme: Organisation
) -> None:
    suspended.scope.refresh_from_db()
    known = suspended.scope.identities
    with pytest.raises(DatabaseError, match="no pilot before the committee"), transaction.atomic():
        Scope.objects.create(organisation=acme, repository="again", is_pilot=True, identities=known[:1])
    with pytest.raises(DatabaseError, match="never taken away"), transaction.atomic():
        Scope.objects.filter(pk=suspended.scope_id).update(identities=known[1:])


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/Shop/Parcels.git", "github.com/shop/parcels"),
        ("git@github.com:shop/parcels", "github.com/shop/parcels"),
        ("ssh://git@github.com:22/shop/parcels.git/", "github.com/shop/parcels"),
        ("https://token@GitHub.com/shop/par%63els", "github.com/shop/parcels"),
        ("../parcels/.git", "/srv/parcels"),
        ("file:///srv/x/../parcels.git", "/srv/parcels"),
        ("", ""),
        ("https://[Shop/parcels", "https://[shop/parcels"),
    ],
)
def test_addresses_have_one_spelling(url: str, address: str) -> None:
    assert address_of(url, folder="/srv/here") == address
