"""The demo of a fresh installation: five people, one repository, passwords shown once."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.console.demo.figures import demo_measure
from apps.console.demo.people import demo_seed, demo_token_leave
from apps.console.demo.repository import DemoFailed, demo_repository_make
from apps.governance.models import ApiToken, CodeOwner, User
from apps.governance.selectors import can
from apps.governance.services import token_authenticate
from apps.governance.types import Action
from apps.jobs.models import Job
from apps.repositories.models import Repository
from tests.git import git


@pytest.mark.django_db
def test_everybody_can_sign_in_with_the_password_that_is_shown(tmp_path):
    accounts = demo_seed(home=tmp_path)
    assert [account.username for account in accounts] == ["admin", "engineer", "owner", "reviewer", "chair"]
    for account in accounts:
        assert authenticate(username=account.username, password=account.password) is not None


@pytest.mark.django_db
def test_each_person_may_do_what_their_role_says_and_no_more(tmp_path):
    demo_seed(home=tmp_path)
    scope = Repository.objects.get(name="parcels").scope
    people = {user.username: user for user in User.objects.all()}
    may = {
        name: {
            action
            for action in (Action.SPEC_WRITE, Action.VERDICT_VOTE, Action.GATE_MANAGE)
            if can(user, action, scope)
        }
        for name, user in people.items()
    }
    assert may == {
        "admin": set(),
        "engineer": {Action.SPEC_WRITE},
        "owner": {Action.SPEC_WRITE, Action.VERDICT_VOTE},
        "reviewer": {Action.SPEC_WRITE, Action.VERDICT_VOTE},
        "chair": {Action.GATE_MANAGE},
    }
    assert [owner.user.username for owner in CodeOwner.objects.all()] == ["owner"]


@pytest.mark.django_db
def test_its_figures_are_left_to_the_workers(tmp_path):
    demo_seed(home=tmp_path)
    demo_measure()
    kinds = Counter(Job.objects.values_list("kind", flat=True))
    assert kinds == {
        "repositories.index": 1,
        "repositories.lineage": 6,
        "evolution.analyse": 1,
        "docs.generate": 1,
        "quality.debt": 1,
        "quality.coverage": 6,
        "quality.rerun": 6,
    }


@pytest.mark.django_db
def test_a_database_with_people_is_left_alone(tmp_path):
    User.objects.create_user("somebody")
    assert demo_seed(home=tmp_path) == []
    assert User.objects.count() == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_a_token_is_left_for_the_engineer_once_and_for_nobody_else_to_read(tmp_path):
    demo_seed(home=tmp_path)
    path = tmp_path / "token"
    assert demo_token_leave(path=path) is True
    assert path.stat().st_mode & 0o777 == 0o600
    assert token_authenticate(secret=path.read_text().strip()).user.username == "engineer"
    assert demo_token_leave(path=path) is False
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db
def test_no_token_is_left_where_there_is_no_demo(tmp_path):
    User.objects.create_user("engineer")
    assert demo_token_leave(path=tmp_path / "token") is False


@pytest.mark.django_db
def test_the_command_shows_the_passwords_once(tmp_path, settings):
    settings.NOFX_HOME = tmp_path
    first, second = io.StringIO(), io.StringIO()
    call_command("furnish", stdout=first)
    call_command("furnish", stdout=second)
    assert "This is a demo" in first.getvalue()
    assert "engineer" in first.getvalue()
    assert second.getvalue() == ""


@pytest.mark.django_db
def test_with_a_database_of_ones_own_there_is_no_demo(tmp_path, settings):
    settings.NOFX_HOME, settings.IS_EMBEDDED = tmp_path, False
    call_command("furnish")
    assert not User.objects.exists()
    with pytest.raises(CommandError, match="embedded database only"):
        call_command("seed_demo")


def test_the_repository_is_the_same_everywhere_and_pushed_to_its_remote(tmp_path):
    first = demo_repository_make(tmp_path / "a")
    second = demo_repository_make(tmp_path / "b")
    assert git(first, "rev-parse", "HEAD") == git(second, "rev-parse", "HEAD")
    assert git(first, "rev-parse", "HEAD") == git(first, "rev-parse", "origin/main")
    assert git(first, "status", "--porcelain") == ""
    assert len(git(first, "log", "--format=%h").splitlines()) == 6


def test_the_repository_needs_no_git_identity_and_runs_no_hook(tmp_path, monkeypatch):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\nhooksPath = {hooks}\n[commit]\ngpgsign = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    place = demo_repository_make(tmp_path / "demo")
    assert (place / "parcels" / "rates.py").exists()


def test_a_half_made_repository_is_made_again(tmp_path):
    (tmp_path / "parcels.new").mkdir()
    (tmp_path / "parcels.git").mkdir()
    place = demo_repository_make(tmp_path)
    assert git(place, "log", "-1", "--format=%s") == "Print labels with a check digit"
    assert demo_repository_make(tmp_path) == place


def test_without_git_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DemoFailed, match="no git on this machine"):
        demo_repository_make(tmp_path / "demo")


def test_the_demo_code_passes_its_own_tests_and_linter(tmp_path):
    place = demo_repository_make(tmp_path)
    ruff = [sys.executable, "-m", "ruff"]
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider"]
    for command in (tests, [*ruff, "check", "--no-cache", "."], [*ruff, "format", "--check", "--no-cache", "."]):
        done = subprocess.run(command, cwd=place, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
