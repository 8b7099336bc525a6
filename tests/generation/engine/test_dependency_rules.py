"""What a specification says about packages, held against what a change imports."""

from __future__ import annotations

import pytest

from apps.generation.engine.dependency_rules import Brought, dependency_rules, rules_broken
from apps.generation.engine.specification import analyse

PACKAGES = {"numpy", "json", "httpx", "pyyaml", "yaml"}
NUMPY = Brought("a.py", 1, ("numpy",), is_own=True, is_third_party=True, distribution="numpy", declared="runtime")
YAML = Brought("a.py", 2, ("yaml",), is_own=True, is_third_party=True, distribution="pyyaml")
PARSE = Brought("a.py", 3, ("urllib", "urllib.parse"), is_own=True, is_third_party=False)


def rules(text):
    return dependency_rules(analyse(text).constraints, lambda name: name.partition(".")[0].lower() in PACKAGES)


def broken(text, *imports):
    return [(one["rule"], one["line"]) for one in rules_broken(rules(text), imports)]


@pytest.mark.parametrize(
    ("text", "imports", "expected"),
    [
        ("- It must not use numpy.", [NUMPY], [("forbidden-dependency", 1)]),
        ("- It must not use numpy.", [YAML], []),
        ("- It must not import PyYAML.", [YAML], [("forbidden-dependency", 2)]),
        ("- Only the standard library.", [NUMPY, PARSE], [("forbidden-dependency", 1)]),
        ("- No new dependencies.", [NUMPY, YAML], [("forbidden-dependency", 2)]),
        ("- No external libraries.", [PARSE], []),
        ("- It must use httpx for requests.", [NUMPY], [("required-dependency", 0)]),
        ("- It must use json.", [Brought("a.py", 9, ("json",), is_own=False, is_third_party=False)], []),
    ],
)
def test_what_is_imported_is_held_against_what_is_said(text, imports, expected):
    assert broken(text, *imports) == expected


def test_a_change_does_not_answer_for_an_import_that_stood_there():
    assert broken("- It must not use numpy.", Brought("a.py", 1, ("numpy",), is_own=False, is_third_party=True)) == []


def test_what_is_no_package_makes_no_rule():
    assert rules("- It must use recursion.\n- It must not use eval.") == []


def test_the_finding_quotes_the_specification():
    (finding,) = rules_broken(rules("- It must not use numpy."), [NUMPY])
    assert finding["message"] == "numpy is imported. The specification says: It must not use numpy."
    assert finding["severity"] == "high"
