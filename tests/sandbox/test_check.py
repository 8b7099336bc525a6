"""The system check that operators see."""

from __future__ import annotations

import argparse

import pytest
from django.core.checks import registry, run_checks

from apps.sandbox import apps as sandbox_apps
from apps.sandbox.services import Probe
from nofx.cli import worker


def test_a_machine_that_isolates_passes_the_check() -> None:
    assert run_checks(tags=["sandbox"], include_deployment_checks=True) == []


def test_a_machine_that_does_not_isolate_fails_the_check_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_apps, "sandbox_probe", lambda: Probe(False, ("No user namespaces.",), "Allow them."))
    (error,) = run_checks(tags=["sandbox"], include_deployment_checks=True)
    assert (error.id, error.msg, error.hint) == ("sandbox.E001", "No user namespaces.", "Allow them.")


def test_ordinary_commands_do_not_pay_for_the_check() -> None:
    assert not registry.registry.tag_exists("sandbox")
    assert registry.registry.tag_exists("sandbox", include_deployment_checks=True)


def test_whoever_starts_a_process_is_told_what_is_missing_and_what_to_do() -> None:
    assert Probe(True).warning == ""
    told = Probe(False, ("no user namespaces", "no net"), "Allow them.").warning
    assert told == "Nothing untrusted can be run here: no user namespaces; no net. Allow them."


def test_a_worker_says_so_when_it_starts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    started: list[str] = []
    monkeypatch.setattr(worker, "sandbox_probe", lambda: Probe(False, ("No user namespaces",), "Allow them."))
    monkeypatch.setattr(worker.os, "execve", lambda path, argv, env: started.append(path))
    worker.run(argparse.Namespace())
    assert started
    assert "No user namespaces. Allow them." in capsys.readouterr().err


def test_a_machine_without_node_is_told_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = "There is no node on this machine, so JavaScript and TypeScript cannot be run."
    monkeypatch.setattr(sandbox_apps, "sandbox_probe", lambda: Probe(True, details={"javascript": problem}))
    (told,) = run_checks(tags=["sandbox"], include_deployment_checks=True)
    assert (told.id, told.msg, told.is_serious()) == ("sandbox.I001", problem, False)
    assert "pip install" in str(told.hint)
    assert Probe(True, details={"javascript": "node 24.1.0"}).notice == ""
