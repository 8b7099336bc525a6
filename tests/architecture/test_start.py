"""What a process loads when it starts: each only what it needs. Every module is asked for in a fresh interpreter."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
# Each costs a tenth of a second or more, and its memory.
HEAVY = ("openai", "httpx2", "onnxruntime", "numpy", "griffe", "plotly", "pydantic", "daphne", "fpdf", "fontTools")


def loaded_by(statements: str, names: tuple[str, ...]) -> set[str]:
    """Return which of *names* are loaded once *statements* ran in an interpreter of their own."""
    code = f"{statements}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "nofx.settings.test", "NOFX_TEST_HOME": str(settings.NOFX_HOME)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_setting_django_up_loads_no_heavy_library():
    assert loaded_by("import django; django.setup()", HEAVY) == set()


@pytest.mark.slow
def test_workers_load_the_model_client_before_they_are_forked_and_nothing_for_pages():
    statements = (
        "import django; django.setup()\n"
        "import apps.jobs.management.commands.qcluster\n"
        "from apps.core.lazy import job_modules_load\n"
        "job_modules_load()"
    )
    assert loaded_by(statements, HEAVY) == {"openai", "httpx2", "pydantic"}


@pytest.mark.slow
def test_the_web_process_loads_neither_the_model_client_nor_the_sentence_model_before_its_first_page():
    statements = "import nofx.asgi\nfrom django.urls import resolve\nresolve('/')"
    assert loaded_by(statements, ("openai", "onnxruntime", "griffe")) == set()


@pytest.mark.parametrize("command", ["status", "down", "up", "login", "generate", "sandbox", "web", "worker"])
def test_a_command_that_only_asks_or_starts_others_does_without_django(command):
    statements = f"import nofx.cli, nofx.cli.{command}"
    assert loaded_by(statements, ("django", "nofx.settings", *HEAVY)) == set()


def test_only_gateways_of_the_same_app_are_loaded_late():
    wrong = [
        f"{path.relative_to(ROOT)} names {name}"
        for path in (ROOT / "apps").rglob("*.py")
        for name in names_loaded_late(path.read_text())
        if not name.startswith(f"apps.{path.relative_to(ROOT).parts[1]}.gateways.")
    ]
    assert wrong == []


def test_what_a_function_imports_needs_django_ready_or_set_up_first():
    """
    Anything else stands at the top of its module, where import contracts and readers see it.

    ``ready`` of an app comes when models can be imported; a command that reads the database calls ``platform_load``
    before it, and that function alone loads Django late.
    """
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("apps", "nofx")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and not (path.name == "apps.py" and function.name == "ready")
        and function.name != "platform_load"
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and not is_loaded_before(function, node)
    ]
    assert wrong == []


def is_loaded_before(function, node):
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "platform_load"
        and call.lineno < node.lineno
        for call in ast.walk(function)
    )


def names_loaded_late(source: str) -> list[str]:
    return [
        ast.literal_eval(node.args[0])
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "lazy_module"
    ]
