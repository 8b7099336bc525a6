"""`nofx login` and `nofx generate` against the real API."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from apps.console.demo.people import demo_seed, demo_token_leave
from apps.core.clock import now
from apps.generation.models import CodeGenerationRequest
from apps.governance.engine.totp import code_of, step_at
from apps.governance.models import User
from apps.governance.services.second_factor import second_factor_add
from nofx.cli import main
from nofx.cli.exits import Exit
from nofx.cli.generate import _words

SPECIFICATION = 'Write a function `initials(name: str) -> str`.\n\n>>> initials("ada lovelace")\n"AL"\n'

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def passwords(live_server, tmp_path, monkeypatch) -> dict[str, str]:
    monkeypatch.setenv("NOFX_HOME", str(tmp_path))
    monkeypatch.setenv("NOFX_URL", live_server.url)
    monkeypatch.delenv("NOFX_TOKEN", raising=False)
    accounts = demo_seed(home=tmp_path)
    demo_token_leave(path=tmp_path / "token")
    (tmp_path / "spec.txt").write_text(SPECIFICATION)
    return {account.username: account.password for account in accounts}


def generate(tmp_path: Path, *words: str, repository: str = "parcels") -> int:
    return main(["generate", "--repo", repository, "--spec", str(tmp_path / "spec.txt"), *words])


def test_the_tokens_user_is_the_requester(passwords, tmp_path, capsys):
    assert generate(tmp_path, "--json") == Exit.OK
    printed = capsys.readouterr()
    accepted = json.loads(printed.out)
    request = CodeGenerationRequest.objects.select_related("run__requester").get()
    assert accepted["request_id"] == f"req_{request.pk}"
    assert accepted["url"].endswith(f"/requests/{request.pk}")
    assert request.run.requester.username == "engineer"
    assert request.run.title.startswith("Write a function")
    assert "Accepted as" in printed.err


def test_what_takes_longer_than_the_timeout_is_still_waiting(passwords, tmp_path, capsys):
    assert generate(tmp_path, "--wait", "--timeout", "0", "--json") == Exit.WAITING
    assert json.loads(capsys.readouterr().out)["status"] == "queued"


def test_an_unknown_repository_is_not_found(passwords, tmp_path):
    assert generate(tmp_path, repository="nowhere") == Exit.NOT_FOUND


def test_a_wrong_token_is_refused_with_a_remedy(passwords, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NOFX_TOKEN", "nofx_pat_wrong")
    assert generate(tmp_path) == Exit.AUTHENTICATION
    assert "nofx login" in capsys.readouterr().err


def test_the_chair_may_not_ask_for_code(passwords, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(passwords["chair"]))
    assert main(["login", "chair", "--password-stdin"]) == Exit.OK
    assert generate(tmp_path) == Exit.AUTHENTICATION
    assert not CodeGenerationRequest.objects.exists()


def test_signing_in_keeps_a_token_that_only_its_owner_can_read(passwords, tmp_path, monkeypatch, capsys):
    (tmp_path / "token").unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO(passwords["engineer"]))
    assert main(["login", "engineer", "--password-stdin"]) == Exit.OK
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert passwords["engineer"] not in capsys.readouterr().out
    assert generate(tmp_path) == Exit.OK


def test_the_code_of_an_authenticator_app_is_asked_for(passwords, tmp_path, monkeypatch):
    (tmp_path / "token").unlink()
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    step = step_at(now())
    second_factor_add(user=User.objects.get(username="engineer"), secret=secret, code=code_of(secret, step))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{passwords['engineer']}\n{code_of(secret, step + 1)}\n"))
    assert main(["login", "engineer", "--password-stdin"]) == Exit.OK
    assert (tmp_path / "token").exists()


def test_a_wrong_password_keeps_nothing(passwords, tmp_path, monkeypatch):
    (tmp_path / "token").unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong"))
    assert main(["login", "engineer", "--password-stdin"]) == Exit.AUTHENTICATION
    assert not (tmp_path / "token").exists()


def test_nothing_that_answers_is_a_failure_with_a_remedy(passwords, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NOFX_URL", "http://127.0.0.1:9")
    assert generate(tmp_path) == Exit.FAILED
    assert "nofx up" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "  \n"])
def test_an_empty_specification_is_refused(passwords, tmp_path, content, capsys):
    (tmp_path / "spec.txt").write_text(content)
    assert generate(tmp_path) == Exit.FAILED
    assert "is empty" in capsys.readouterr().err


def test_the_outcome_is_code_first_and_everything_else_a_comment():
    vote = {
        "score": 0.69,
        "is_compared": True,
        "inputs": {"example": 2, "edge": 10},
        "clusters": [{"label": "1", "members": ["a"], "share": 1.0, "examples_passed": 2, "examples_total": 2}],
        "distinguishing": {"call": "f(0)", "outputs": [{"label": "1", "text": "returns 0"}]},
        "reasons": ["It passes 2 of 2 examples."],
    }
    outcome = {"status": "in_review", "code": "def f(x):\n    return x\n", "vote": vote, "cost": 0.01, "calls": 3}
    text = _words(outcome)
    namespace: dict[str, object] = {}
    exec(text, namespace)  # noqa: S102  our own text, to show that it is a program
    assert namespace["f"](7) == 7
    assert "score 0.69, run on 12 inputs" in text
    assert "cluster 1: 1 candidate, 100% of the vote, 2 of 2 examples" in text
    assert "cost 0.0100 USD, calls to models: 3" in text


def test_an_only_candidate_is_printed_without_a_score():
    vote = {
        "score": None,
        "standing": "single",
        "is_compared": True,
        "inputs": {"example": 2},
        "clusters": [],
        "distinguishing": None,
        "reasons": [],
    }
    outcome = {"status": "in_review", "code": "x = 1\n", "vote": vote, "cost": None, "calls": 1}
    assert "# no score (one candidate), run on 2 inputs" in _words(outcome)
