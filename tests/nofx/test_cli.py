"""The ``nofx`` command: sentences instead of tracebacks, exit codes a script can use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from apps.core.errors import Conflict, NofxError, NotFound, PermissionRefused
from nofx.cli import COMMANDS, main
from nofx.cli.client import ApiRefused, NotSignedIn
from nofx.cli.exits import Exit, exit_code


def test_without_a_command_it_lists_them(capsys):
    assert main([]) == Exit.USAGE
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)


def test_help_is_no_failure(capsys):
    assert main(["--help"]) == Exit.OK


def test_an_unknown_command_is_named(capsys):
    assert main(["fly"]) == Exit.USAGE
    assert "there is no command 'fly'" in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "manage"])
def test_every_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: nofx {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NofxError("no"), Exit.FAILED),
        (NotFound("no"), Exit.NOT_FOUND),
        (PermissionRefused("no"), Exit.AUTHENTICATION),
        (Conflict("no"), Exit.CONFLICT),
        (NotSignedIn("no"), Exit.AUTHENTICATION),
        (ApiRefused("no", status=429), Exit.RETRY),
        (ApiRefused("no", status=412), Exit.CONFLICT),
        (ApiRefused("no", status=422), Exit.FAILED),
    ],
)
def test_the_exit_code_tells_the_kind_of_failure(error, code):
    assert exit_code(error) == code


def test_the_sandbox_needs_neither_django_nor_a_database():
    program = (
        "import sys; from nofx.cli import main; main(['sandbox', 'probe', '--json']);"
        "print([name for name in sys.modules if name.split('.')[0] in {'django', 'psycopg'}], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "available" in json.loads(done.stdout)


def test_status_of_a_folder_where_nothing_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    assert main(["status", "--json"]) == Exit.FAILED
    status = json.loads(capsys.readouterr().out)
    assert (status["is_running"], status["address"], status["processes"]) == (False, None, [])
    assert not (tmp_path / "home").exists()


def test_down_where_nothing_runs_is_no_failure(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "home"))
    assert main(["down"]) == Exit.OK
    assert capsys.readouterr().out == "Nothing was running.\n"


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NOFX_HOME", str(tmp_path / "file" / "home"))
    assert main(["up"]) == Exit.FAILED
    error = capsys.readouterr().err
    assert error.startswith("nofx: ")
    assert "Traceback" not in error


def test_without_a_token_generate_says_how_to_get_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NOFX_HOME", str(tmp_path))
    monkeypatch.delenv("NOFX_TOKEN", raising=False)
    specification = tmp_path / "spec.txt"
    specification.write_text("Write a function.")
    assert main(["generate", "--repo", "parcels", "--spec", str(specification)]) == Exit.AUTHENTICATION
    assert "nofx login" in capsys.readouterr().err
