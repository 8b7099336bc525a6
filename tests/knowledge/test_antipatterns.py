"""Anti-patterns: each rule finds its own example and not the better one, at the right place, whatever stands around."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.knowledge.engine.antipatterns import ANTIPATTERNS, AntiPattern, findings

EACH = pytest.mark.parametrize("antipattern", ANTIPATTERNS, ids=lambda one: one.slug)


def rules(code: str) -> list[str]:
    return [one.rule for one in findings(code)]


@EACH
def test_the_first_example_is_found_once_and_the_second_is_clean(antipattern):
    assert rules(antipattern.trips) == [antipattern.slug]
    assert rules(antipattern.instead) == []


@EACH
def test_an_antipattern_is_explained(antipattern):
    for sentence in (antipattern.harm, antipattern.looks_for, antipattern.fix):
        assert sentence.endswith(".")
    assert antipattern.slug.replace("-", "").isalpha()
    ast.parse(antipattern.trips)
    ast.parse(antipattern.instead)


def test_there_are_enough_and_each_has_a_name_of_its_own():
    assert len(ANTIPATTERNS) >= 12
    assert len({one.slug for one in ANTIPATTERNS}) == len({one.name for one in ANTIPATTERNS}) == len(ANTIPATTERNS)


@given(st.sampled_from(ANTIPATTERNS), st.integers(0, 20))
def test_lines_above_move_findings_down(antipattern: AntiPattern, lines: int):
    before, after = findings(antipattern.trips), findings("\n" * lines + antipattern.trips)
    assert [(one.rule, one.line + lines, one.column) for one in before] == [
        (one.rule, one.line, one.column) for one in after
    ]


@given(st.lists(st.sampled_from(ANTIPATTERNS), max_size=6, unique=True))
def test_what_stands_together_is_found_together(chosen: list[AntiPattern]):
    """Each in a function of its own: what one does with a name is no matter of another."""
    code = "\n".join(
        f"def part_{number}():\n{textwrap.indent(one.trips, '    ')}"
        for number, one in enumerate(chosen)
        if one.slug != "star-import"  # Python allows it at the top only
    )
    expected = {one.slug for one in chosen} - {"star-import"}
    # A name that one part sets is left alone in all: the rules are careful rather than complete.
    assert set(rules(code)) <= expected
    for one in chosen:
        assert one.slug == "star-import" or set(rules(f"def part():\n{textwrap.indent(one.trips, '    ')}")) == {
            one.slug
        }


@given(st.text(max_size=300))
def test_any_text_has_an_answer_in_order_and_within_its_lines(text):
    found = findings(text)
    assert found == sorted(set(found))
    assert all(1 <= one.line <= len(text.splitlines()) + 1 for one in found)


@pytest.mark.parametrize("code", ["def (", "x = \0", "(" * 5000, "1" + "+1" * 20000])
def test_what_does_not_parse_has_no_findings(code):
    assert findings(code) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import subprocess as sp\nsp.run(c, shell=True)", ["shell-command"]),
        ("from subprocess import run\nrun(c, shell=True)", ["shell-command"]),
        ("from datetime import datetime as d\nd.now()", ["naive-datetime"]),
        ("import datetime\ndatetime.datetime.now(tz=datetime.UTC)", []),
        ("import datetime\ndatetime.datetime.now(*zone)", []),
        ("def eval(x): ...\neval(1)", []),
        ("model.eval()", []),
        ("open(name, 'rb')\nopen(name, mode='wb')\nopen(name, mode)", []),
        ("open(name, 'w')", ["text-without-encoding"]),
        (
            "from pathlib import Path\n(Path(a) / b).read_text()\nPath(a).write_text(t, 'utf-8')",
            ["text-without-encoding"],
        ),
        ("import requests\nrequests.get(u, **options)", []),
        ("import requests\nrequests.get(u, timeout=None)", ["request-without-timeout"]),
        ("cursor.execute('SELECT 1' + ' FROM t')", []),
        ("cursor.execute('SELECT ' + what)", ["assembled-sql"]),
        ("cursor.execute('SELECT %s' % what)", ["assembled-sql"]),
        ("cursor.execute('SELECT {}'.format(what))", ["assembled-sql"]),
        ("cursor.execute(f'SELECT 1')", []),
        ("try: f()\nexcept BaseException:\n    undo()\n    raise", []),
        ("try: f()\nexcept BaseException: pass", ["bare-except"]),
        ("try: f()\nexcept Exception:\n    log()", []),
        ("def f(a=()): ...\ndef g(a=None): ...", []),
        ("def f(*, a={}): ...", ["mutable-default"]),
        ("f = lambda a=[]: a", ["mutable-default"]),
        ("x is None\nx is True\nx is y", []),
        ("None != x", ["equal-to-none"]),
        ("x == 0.5\nx == 1.0", []),
        ("x != 0.1", ["equal-floats"]),
        ("def f(unit_price: float): ...", ["money-as-float"]),
        ("priceless: float = 1", []),
        ("for x in xs:\n    xs.append(x)\n    break", []),
        ("for x in list(xs):\n    xs.remove(x)", []),
        ("for k in d:\n    if k:\n        del d[k]", ["changed-while-read"]),
        ("for k in d:\n    if k:\n        del d[k]\n        return_ = 1", ["changed-while-read"]),
        ("try: f()\nfinally:\n    def g():\n        return 1", []),
        ("def test_f(a):\n    assert a", []),
        ("def f(a):\n    b = a\n    assert b", []),
        ("import time\nasync def f():\n    def g():\n        time.sleep(1)", []),
        ("import hashlib\nhashlib.md5(x, usedforsecurity=False)\nhashlib.new('sha256')", []),
        ("import hashlib\nhashlib.new('md5', x)", ["weak-hash"]),
        ("import yaml\nyaml.load(t, Loader=yaml.SafeLoader)", []),
        ("import yaml\nyaml.load(t, yaml.Loader)", ["unsafe-loading"]),
        ("import random\nn = random.random()\ntoken = random.SystemRandom().random()", []),
    ],
)
def test_rules_follow_imports_and_leave_the_rest_alone(code, expected):
    assert rules(code) == expected
