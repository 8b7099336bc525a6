"""What JavaScript brings in: packages, how they are declared, their licences, and names that nobody declares."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.checks.engine.javascript.packages import is_npm_package, npm_declared_in, npm_imports
from apps.checks.services.dependencies import DependencyReport, dependencies_check

MANIFEST = json.dumps(
    {
        "name": "shop",
        "dependencies": {"lodash": "^4", "@acme/money": "1"},
        "peerDependencies": {"react": "*"},
        "devDependencies": {"vitest": "1", "@types/express": "4"},
    }
)
LOCK = json.dumps(
    {
        "packages": {
            "": {"name": "shop"},
            "node_modules/lodash": {"version": "4.17.21", "license": "MIT"},
            "node_modules/@acme/money": {"license": "GPL-3.0-only"},
            "node_modules/left-pad": {"license": "WTFPL"},
            "node_modules/left-pad/node_modules/inner": {"license": "MIT"},
        }
    }
)
FILES = {"package.json": MANIFEST, "package-lock.json": LOCK}


def check(source: str, path: str = "src/a.mjs", files: dict[str, str] = FILES) -> DependencyReport:
    return dependencies_check({path: source}, tree=[path], declarations=files)


def rules(report: DependencyReport) -> list[tuple[str, str]]:
    return [(one.rule, one.severity) for one in report.result.findings]


@pytest.mark.parametrize(
    "source",
    [
        "import merge from 'lodash/merge';",
        "import 'lodash/merge';",
        "export * from 'lodash/merge';",
        "const merge = require('lodash/merge');",
        "const merge = await import('lodash/merge');",
    ],
)
def test_every_way_to_import_is_read(source: str) -> None:
    ((one,),) = [check(source).dependencies]
    assert (one.module, one.distribution, one.declared, one.licence) == ("lodash/merge", "lodash", "runtime", "MIT")
    assert one.names == {"lodash"}
    assert check(source).result.status == "passed"


def test_types_are_imported_too_and_declared_by_a_package_of_their_own() -> None:
    report = check("import type { Request } from 'express';\nexport type A = Request;", "src/a.ts")
    assert [(one.distribution, one.declared) for one in report.dependencies] == [("express", "development")]


def test_what_is_ours_or_of_node_is_no_package() -> None:
    source = "import './b.mjs';\nimport fs from 'fs';\nimport 'node:fs/promises';\nimport 'shop/x';\nimport '#inner';"
    assert check(source).dependencies == ()
    assert [one.package for one in npm_imports("import 'https://a.example/x.js'", is_typed=False)] == []


@pytest.mark.parametrize(
    ("source", "path", "found"),
    [
        ("import 'no-such-package';", "src/a.mjs", [("unknown-package", "high")]),
        ("import 'left-pad';", "src/a.mjs", [("undeclared-package", "medium")]),
        ("import 'vitest';", "src/a.mjs", [("development-package", "medium"), ("unknown-licence", "low")]),
        ("import 'vitest';", "tests/a.test.mjs", []),
        ("import 'react';", "src/a.mjs", [("unknown-licence", "low")]),
    ],
)
def test_what_is_wrong_with_a_package_is_told(source: str, path: str, found: list[tuple[str, str]]) -> None:
    assert rules(check(source, path)) == found


def test_the_manifests_above_a_file_count_and_those_beside_it_do_not() -> None:
    files = {
        "package.json": json.dumps({"dependencies": {"a": "1"}}),
        "web/package.json": json.dumps({"dependencies": {"b": "1"}}),
        "api/package.json": json.dumps({"dependencies": {"c": "1"}}),
    }
    assert npm_declared_in(files, path="web/src/x.mjs").declared.runtime == {"a", "b"}


def test_names_are_packages_when_they_are_declared_locked_of_node_or_widely_known() -> None:
    told = {
        name: is_npm_package(name, FILES, path="a.mjs") for name in ("lodash", "left-pad", "fs", "axios", "recursion")
    }
    assert told == {"lodash": True, "left-pad": True, "fs": True, "axios": True, "recursion": False}


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"dependencies": 3}', '{"packages": [1]}', "[" * 10_000])
def test_a_manifest_that_cannot_be_read_declares_nothing(broken: str) -> None:
    report = check("import 'lodash';", files={"package.json": broken, "package-lock.json": broken})
    assert rules(report) == [("unknown-package", "high")]


@given(st.text(max_size=200))
def test_any_text_is_read_to_its_end(source: str) -> None:
    npm_imports(source, is_typed=True)
