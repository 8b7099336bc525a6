"""The library keeps its promises: tested in the sandbox, clean for linter and type checker, complete, changeable."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from apps.knowledge.engine.antipatterns import findings
from apps.knowledge.engine.instantiation import ParameterInvalid, instantiate
from apps.knowledge.engine.pattern_model import THEMES, Pattern
from apps.knowledge.gateways.library import patterns
from tests.knowledge.pattern_suite import Outcome, other_names, outcomes_of, package_of

ROOT = Path(__file__).resolve().parents[2]
BY_SLUG = pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.slug)
# Django, DRF and ninja are not typed for mypy: what they hand on is Any, and must be let through.
UNTYPED = ("--allow-subclassing-any", "--allow-untyped-decorators", "--no-warn-return-any")


def other_constants(pattern: Pattern) -> dict[str, str]:
    """Return another value, of the same type, for each constant."""
    changed: dict[str, str] = {}
    for parameter in pattern.parameters:
        if parameter.kind == "constant":
            value = ast.literal_eval(parameter.default)
            others = {
                int: lambda n: n + 1,
                float: lambda n: n / 2,
                str: lambda text: f"{text}x",
                tuple: lambda items: items * 2,
            }
            other = (
                {**value, "ZZ": next(iter(value.values()))} if isinstance(value, dict) else others[type(value)](value)
            )
            changed[parameter.name] = repr(other)
    return changed


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return outcomes_of(patterns())


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the linter (with this project's rules) and the type checker (strict) say, by package."""
    folder = tmp_path_factory.mktemp("patterns")
    for pattern in patterns():
        others = other_names(pattern) | other_constants(pattern)
        (folder / f"{package_of(pattern, 'own')}.py").write_text(pattern.template)
        (folder / f"{package_of(pattern, 'other')}.py").write_text(instantiate(pattern, others))
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", str(ROOT / "pyproject.toml"),
         "--output-format", "json", str(folder)],
        capture_output=True,
        check=False,
    )  # fmt: skip
    found = [(Path(one["filename"]).stem, f"{one['code']} {one['message']}") for one in json.loads(ruff.stdout)]
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--no-cache", "--config", str(ROOT / "pyproject.toml"), "--check",
         *(str(path) for path in sorted(folder.glob("own_*.py")))],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    found += [(Path(line).stem, "not formatted") for line in formatted.stdout.splitlines() if line.endswith(".py")]
    mypy = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", *UNTYPED, "--cache-dir",
         str(folder / "cache"), *(path.name for path in folder.glob("*.py"))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    found += [(line.partition(".py:")[0], line) for line in mypy.stdout.splitlines() if ": error:" in line]
    assert mypy.returncode in (0, 1), mypy.stderr
    by_package: dict[str, list[str]] = {}
    for package, complaint in found:
        by_package.setdefault(package, []).append(complaint)
    return by_package


@BY_SLUG
@pytest.mark.parametrize("variant", ["own", "other"])
def test_a_pattern_passes_its_tests_in_the_sandbox_also_under_other_names(pattern, variant, outcomes):
    outcome = outcomes[package_of(pattern, variant)]
    assert outcome.failures == ()
    assert outcome.tests >= pattern.tests.count("\ndef test_") >= 1


@BY_SLUG
@pytest.mark.parametrize("variant", ["own", "other"])
def test_a_pattern_is_clean_for_the_linter_and_the_type_checker(pattern, variant, complaints):
    assert complaints.get(package_of(pattern, variant), []) == []


@BY_SLUG
def test_a_pattern_holds_no_antipattern(pattern):
    assert findings(pattern.template) == []


@BY_SLUG
def test_each_parameter_changes_the_code_and_nothing_else_does(pattern):
    values = other_names(pattern) | other_constants(pattern)
    assert set(values) == {parameter.name for parameter in pattern.parameters}
    for name, value in values.items():
        code = instantiate(pattern, {name: value})
        assert code != pattern.template
        assert ast.dump(ast.parse(code)) != ast.dump(ast.parse(pattern.template))
    assert instantiate(pattern, {}) == instantiate(pattern, {"no such parameter": "x"}) == pattern.template


@BY_SLUG
def test_a_pattern_is_described(pattern):
    assert pattern.intent.endswith(".")
    assert pattern.when.endswith(".")
    assert pattern.when_not.endswith(".")
    assert (pattern.source, pattern.licence) == ("written for NOFX", "Apache-2.0")
    assert len(pattern.template.splitlines()) <= 80


def test_the_library_covers_every_theme_and_names_each_pattern_once():
    assert len(patterns()) >= 40
    assert {pattern.theme for pattern in patterns()} == set(THEMES)
    assert (
        len({pattern.name for pattern in patterns()})
        == len({pattern.slug for pattern in patterns()})
        == len(patterns())
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"is_valid_iban": "2x"}, "cannot be a name"),
        ({"text": "class"}, "cannot be a name"),
        ({"text": "moved"}, "something else"),
        ({"text": "one", "is_valid_iban": "one"}, "something else"),
        ({"LENGTHS": "{'DE': "}, "takes a value such as"),
        ({"LENGTHS": "__import__('os')"}, "takes a value such as"),
        ({"LENGTHS": "22"}, "of the type dict"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_a_sentence(values, sentence):
    (pattern,) = [one for one in patterns() if one.slug == "iban-checksum"]
    with pytest.raises(ParameterInvalid, match=sentence):
        instantiate(pattern, values)


def test_a_constant_of_several_lines_is_replaced_as_a_whole():
    (pattern,) = [one for one in patterns() if one.slug == "iban-checksum"]
    code = instantiate(pattern, {"LENGTHS": "{'DE': 22}", "text": "number"})
    assert code.startswith("LENGTHS = {'DE': 22}\n\n\ndef is_valid_iban(number: str)")
    assert "Tell whether number (" in code
