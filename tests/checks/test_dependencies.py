"""What a text imports, what a repository declares, and what licences permit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.checks.engine.declarations import Declared, declared_in, is_declaration
from apps.checks.engine.dependencies import Installed, dependencies_of, dependency_findings
from apps.checks.engine.imports import imports_of, local_names, third_party
from apps.checks.services.dependencies import dependencies_check, is_package
from apps.core.licences import (
    distribution_name,
    licence_headers,
    licence_normalised,
    licence_of_metadata,
    licence_permitted,
)

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(?:[-_.][a-z0-9]{1,4})?", fullmatch=True)
LICENCES = ("MIT", "Apache-2.0", "GPL-3.0-only", "MPL-2.0", "ISC")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(LICENCES))
    left, right = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    return f"({left} {draw(st.sampled_from(['AND', 'OR']))} {right})"


def complies(expression: str, accepted: frozenset[str]) -> bool:
    """Judge an expression as Boolean algebra does: the reference for the engine."""
    text = expression.replace("AND", "and").replace("OR", "or")
    for name in LICENCES:
        text = text.replace(name, repr(name in accepted))
    return bool(eval(text))  # noqa: S307  the text is made of the names above


class TestImports:
    def test_absolute_imports_are_read_with_what_they_take_and_imports_by_name_too(self):
        source = (
            "import os, yaml\nfrom a.b import c as d\nfrom . import own\nfrom .near import x\n"
            "import importlib\nimportlib.import_module('late.part')\n__import__('later')\n__import__(name)\n"
        )
        found = imports_of(source)
        assert [(one.module, one.names, one.line) for one in found] == [
            ("os", (), 1),
            ("yaml", (), 1),
            ("a.b", ("c",), 2),
            ("importlib", (), 5),
            ("late.part", (), 6),
            ("later", (), 7),
        ]
        assert found[2].reaches("a") and found[2].reaches("a.b.c") and not found[2].reaches("a.bc")

    @pytest.mark.parametrize("source", ["def f(:", "\0", "(" * 3000, "x = " + "-" * 20_000 + "1"])
    def test_what_does_not_parse_imports_nothing(self, source):
        assert imports_of(source) == ()

    def test_what_the_repository_has_itself_is_not_from_elsewhere(self):
        tree = ["src/shop/__init__.py", "tools/run.py", "tools/near.py", "conf.py", "data/x.txt"]
        assert local_names("tools/run.py", tree) >= {"shop", "near", "run", "conf", "tools"}
        assert "near" not in local_names("conf.py", tree)
        found = third_party(imports_of("import shop, near, data, json"), path="tools/run.py", tree=tree)
        assert [one.module for one in found] == ["data"]


class TestDeclarations:
    def test_every_usual_file_is_read_and_development_is_told_apart(self):
        files = {
            "pyproject.toml": '[project]\ndependencies = ["Django>=5", "typing_extensions; python_version<\'4\'"]\n'
            '[project.optional-dependencies]\nredis = ["redis[hiredis]"]\ntest = ["pytest"]\n'
            '[dependency-groups]\nlint = ["ruff", {include-group = "x"}]\n'
            '[tool.poetry.dependencies]\npython = "^3.11"\nattrs = "*"\n'
            '[tool.poetry.group.dev.dependencies]\nmypy="*"\n',
            "requirements.txt": "# a note\nrequests==2.0  # why\n-r other.txt\n--hash=sha256:x\nurl @ https://e.org/x\n",
            "requirements-dev.txt": "pytest-django\nrequests\n",
            "requirements/prod.txt": "gunicorn\n",
            "setup.cfg": "[options]\ninstall_requires =\n    click>=8\n[options.extras_require]\ndocs =\n    sphinx\n",
            "docs/requirements.txt": "never\n",
        }
        found = declared_in(files)
        assert found.runtime == {
            "django", "typing-extensions", "redis", "attrs", "requests", "url", "gunicorn", "click",
        }  # fmt: skip
        assert found.development == {"pytest", "ruff", "mypy", "pytest-django", "sphinx"}
        assert found.unreadable == () and not is_declaration("docs/requirements.txt")

    @pytest.mark.parametrize(
        "text", ["[project", "project = 3", "[project]\ndependencies = 3", '[tool]\npoetry = "x"', "[[project]]\nx=1"]
    )
    def test_a_hostile_file_is_named_and_stops_nothing(self, text):
        found = declared_in({"pyproject.toml": text, "requirements.txt": "yaml\n"})
        assert found.unreadable == ("pyproject.toml",)
        assert found.runtime == {"yaml"}

    def test_a_group_is_for_development_by_a_whole_word_of_its_name(self):
        groups = ["latest", "social", "docker", "devices", "unit-tests", "ci", "Docs"]
        text = "[project.optional-dependencies]\n" + "".join(f'{name} = ["of-{name}"]\n' for name in groups)
        assert declared_in({"pyproject.toml": text}).development == {"of-unit-tests", "of-ci", "of-docs"}

    @given(st.text(max_size=300), st.sampled_from(["pyproject.toml", "setup.cfg", "requirements.txt"]))
    def test_no_text_makes_the_reader_fail(self, text, path):
        found = declared_in({path: text})
        assert found.runtime.isdisjoint(found.development)

    @given(NAMES)
    def test_names_are_compared_as_indexes_compare_them(self, name):
        assert (
            distribution_name(distribution_name(name))
            == distribution_name(name)
            == distribution_name(name.upper().replace("-", "_"))
        )
        assert declared_in({"requirements.txt": f"{name}>=1"}).how(name) == "runtime"


class TestLicences:
    @pytest.mark.parametrize(
        ("text", "expression"),
        [
            ("mit", "MIT"),
            ("The MIT License", "MIT"),
            ("Apache License, Version 2.0", "Apache-2.0"),
            ("Apache 2", "Apache-2.0"),
            ("BSD 2-Clause License", "BSD-2-Clause"),
            ("BSD", "LicenseRef-BSD"),
            ("GPLv3+", "GPL-3.0-or-later"),
            ("apache-2.0 with llvm-exception", "Apache-2.0 WITH LLVM-exception"),
            ("MIT or (apache-2.0 and isc)", "MIT OR (Apache-2.0 AND ISC)"),
            ("Free as in beer", ""),
            ("(" * 200, ""),
            ("", ""),
        ],
    )
    def test_spellings_become_spdx(self, text, expression):
        assert licence_normalised(text) == expression

    def test_metadata_is_read_in_order_and_a_family_gives_way(self):
        bsd, mit = ["License :: OSI Approved :: BSD License"], ["License :: OSI Approved :: MIT License"]
        assert licence_of_metadata(expression="mit", text="GPLv3", classifiers=bsd) == "MIT"
        assert licence_of_metadata(expression="", text="Copyright 2014, long text", classifiers=mit) == "MIT"
        assert licence_of_metadata(expression="", text="BSD", classifiers=mit) == "MIT"
        assert licence_of_metadata(expression="", text="BSD-3-Clause", classifiers=bsd) == "BSD-3-Clause"
        assert licence_of_metadata(expression="", text="", classifiers=bsd) == "LicenseRef-BSD"
        assert licence_of_metadata(expression="", text="", classifiers=["License :: Other"]) == ""

    @given(expressions())
    def test_normalising_twice_changes_nothing(self, expression):
        once = licence_normalised(expression)
        assert once and licence_normalised(once) == once

    @given(expressions(), st.frozensets(st.sampled_from(LICENCES)), st.frozensets(st.sampled_from(LICENCES)))
    def test_lists_permit_what_boolean_algebra_permits(self, expression, allow, deny):
        accepted = (allow or frozenset(LICENCES)) - deny
        expected = complies(expression, accepted) if allow or deny else True
        assert licence_permitted(expression, allow=allow, deny=deny) is expected

    @given(expressions(), st.frozensets(st.sampled_from(LICENCES), min_size=1), st.sampled_from(LICENCES))
    def test_denying_more_never_permits_more(self, expression, deny, more):
        if licence_permitted(expression, deny=deny | {more}):
            assert licence_permitted(expression, deny=deny)

    @pytest.mark.parametrize("expression", ["", "whatever", " OR ".join(["MIT"] * 70)])
    def test_what_cannot_be_read_is_not_permitted_where_there_is_a_list(self, expression):
        assert licence_permitted(expression)
        assert not licence_permitted(expression, allow=["MIT"])
        assert not licence_permitted(expression, deny=["GPL-3.0-only"])

    def test_an_exception_stays_with_its_licence(self):
        with_exception = "GPL-2.0-only WITH Classpath-exception-2.0"
        assert licence_permitted(with_exception, allow=["GPL-2.0-only"])
        assert licence_permitted(with_exception, allow=[with_exception])
        assert not licence_permitted("GPL-2.0-only", allow=[with_exception])
        assert not licence_permitted(with_exception, deny=["GPL-2.0-only"])

    def test_marks_of_copied_text_are_found_once_a_line(self):
        source = (
            "# SPDX-License-Identifier: mit\n# Copyright (c) 2020 Somebody. All rights reserved.\n"
            '"""This is free software under the GNU General Public License."""\n'
            "copyright = 2020\nx = 'Copy right'\n"
        )
        found = [(one.line, one.licence, one.kind) for one in licence_headers(source)]
        assert found == [(1, "MIT", "permissive"), (2, "", "permissive"), (3, "LicenseRef-GPL", "reciprocal")]


INSTALLED = Installed(
    {"yaml": ["PyYAML"], "google": ["google-auth", "google-cloud-storage"], "odd": ["odd"]},
    {"pyyaml": "MIT", "google-auth": "Apache-2.0", "google-cloud-storage": "Apache-2.0", "odd": "", "pillow": "HPND"},
)


NOTHING = Declared()


def found(source: str, declared: Declared = NOTHING, *, is_test: bool = False) -> list[tuple[str, str, str]]:
    imports = imports_of(source)
    dependencies = dependencies_of(imports, path="a.py", tree=["a.py"], declared=declared, installed=INSTALLED)
    findings = dependency_findings(dependencies, is_test=is_test, has_declarations=True)
    return [(one.rule, one.severity, str(one.line)) for one in findings]


class TestFindings:
    def test_a_name_that_nobody_provides_may_be_made_up(self):
        assert found("import json\nimport fastjsonx\n") == [("unknown-package", "high", "2")]
        assert found("import fastjsonx", is_test=True) == [("unknown-package", "high", "1")]
        # A distribution of that name is installed, and provides another one.
        assert found("import pillow") == [("unknown-package", "high", "1")]

    def test_a_package_has_to_be_declared_for_what_it_is_used_for(self):
        assert found("import yaml") == [("undeclared-package", "medium", "1")]
        assert found("import yaml", Declared(development=frozenset({"pyyaml"}))) == [
            ("development-package", "medium", "1")
        ]
        assert found("import yaml", Declared(runtime=frozenset({"pyyaml"}))) == []
        assert found("import yaml", is_test=True) == []

    def test_of_several_that_share_a_name_the_declared_one_is_meant(self):
        declared = Declared(runtime=frozenset({"google-cloud-storage"}))
        assert found("from google.cloud import storage", declared) == []

    def test_a_licence_that_is_not_known_is_a_remark(self):
        assert found("import odd", Declared(runtime=frozenset({"odd"}))) == [("unknown-licence", "low", "1")]
        assert found("import cv2", Declared(runtime=frozenset({"opencv-python"}))) == [("unknown-licence", "low", "1")]

    def test_the_whole_of_it_on_what_is_installed_here(self):
        report = dependencies_check(
            {"shop/a.py": "import django\nimport shop.b\nimport nowhere_to_be_found\n# (c) 2021 Somebody\n"},
            tree=["shop/__init__.py", "shop/b.py"],
            declarations={"requirements.txt": "Django\n"},
        )
        assert [(one.distribution, one.declared, one.licence) for one in report.dependencies] == [
            ("django", "runtime", "BSD-3-Clause"),
            ("", "", ""),
        ]
        assert [one.rule for one in report.result.findings] == ["unknown-package", "copied-licence"]
        assert report.result.status == "failed"

    @pytest.mark.parametrize(
        ("name", "is_one"),
        [("json", True), ("numpy", True), ("recursion", False), ("declared-here", True), ("PyYAML", True)],
    )
    def test_what_is_a_package(self, name, is_one):
        assert is_package(name, {"requirements.txt": "declared_here\n"}) is is_one


def test_many_ways_to_comply_take_no_long_time():
    expression = " AND ".join(f"({left} OR {right})" for left, right in itertools.islice(
        itertools.cycle([("MIT", "ISC"), ("MPL-2.0", "0BSD")]), 12))  # fmt: skip
    assert not licence_permitted(expression, deny=["GPL-3.0-only"])
