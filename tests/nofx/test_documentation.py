"""What a newcomer reads first is complete: every variable, every command."""

from __future__ import annotations

import re
from pathlib import Path

from nofx.cli import COMMANDS
from nofx.env import VARIABLES

PROJECT = Path(__file__).resolve().parents[2]


def example() -> dict[str, str]:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def test_env_example_names_exactly_the_variables_that_are_read():
    assert set(example()) == {variable.name for variable in VARIABLES}


def test_env_example_shows_each_default():
    assert example() == {variable.name: variable.default for variable in VARIABLES}


def test_every_variable_in_env_example_is_explained():
    lines = (PROJECT / ".env.example").read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[A-Z_]+=", line):
            assert lines[number - 1].startswith("# "), line


def test_readme_names_every_variable():
    readme = (PROJECT / "README.md").read_text()
    assert [variable.name for variable in VARIABLES if f"`{variable.name}`" not in readme] == []


def test_readme_names_every_command():
    readme = (PROJECT / "README.md").read_text()
    assert [name for name in COMMANDS if f"nofx {name}" not in readme] == []


def test_each_make_target_says_what_it_does():
    makefile = (PROJECT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE), target
