"""What recurs is found with how often it does, whatever names it has and in whatever order files are read."""

from __future__ import annotations

import ast
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.knowledge.engine import mining
from apps.knowledge.engine.drafts import draft_page, free_names
from apps.knowledge.engine.mining import mine
from apps.knowledge.engine.pattern_format import PatternInvalid, pattern_parse

BODY = '''\
def {name}({a}, {b}):
    """Documented {name}."""
    {noise}
    {c} = {a}.objects.filter(kind={kind}).order_by("created_at").first()
    if {c} is None:
        raise LookupError({message})
    {c}.touch({b})
    return {c}.value
'''
NAMES = st.from_regex(r"[a-z]{2,6}_", fullmatch=True)


def function(number: int, names: tuple[str, str, str], noise: str = "pass") -> str:
    a, b, c = names
    return BODY.format(name=f"f{number}", a=a, b=b, c=c, noise=noise, kind=number, message=repr(f"no {number}"))


@st.composite
def bodies_of_code(draw: st.DrawFn) -> tuple[dict[str, str], int]:
    count = draw(st.integers(3, 6))
    files = {}
    for number in range(count):
        names = tuple(draw(st.lists(NAMES, min_size=3, max_size=3, unique=True)))
        noise = draw(st.sampled_from(["pass", "print('x')", "y = 3", "while False:\n        break"]))
        files[f"m{number}.py"] = function(number, names, noise)
    return files, count


@given(bodies_of_code())
@settings(deadline=None)
def test_support_is_the_number_of_functions_and_the_template_says_what_differs(made):
    files, count = made
    found = mine(files).structures
    whole = max(found, key=lambda one: (one.support, one.nodes))
    assert (whole.support, whole.modules) == (count, count)
    assert len(whole.occurrences) == count
    tree = ast.parse(whole.template)
    assert ".order_by('created_at').first()" in whole.template
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert {one.name for one in whole.parameters} <= used
    assert all(one.distinct > 1 for one in whole.parameters)
    assert {one.distinct for one in whole.parameters if one.values[0].isdecimal()} == {count}


@pytest.mark.slow
@given(bodies_of_code(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_files_changes_nothing(made, order: random.Random):
    files, _ = made
    shuffled = list(files.items())
    order.shuffle(shuffled)
    assert mine(dict(shuffled)) == mine(files)


@given(st.dictionaries(st.sampled_from(["a.py", "b.py"]), st.text(max_size=200), max_size=2))
def test_no_text_makes_it_fail(files):
    found = mine(files)
    assert found.files + len(found.unreadable) == len(files)


@pytest.mark.parametrize("text", ["def f(:", "\0", "(" * 3000, "def f():\n" + "    if x:\n" * 3])
def test_what_does_not_parse_is_named_and_the_rest_is_mined(text):
    files = {f"m{number}.py": function(number, ("aa", "bb", "cc")) for number in range(3)}
    found = mine({**files, "bad.py": text})
    assert found.unreadable == ("bad.py",)
    assert found.structures == mine(files).structures


@pytest.mark.parametrize("terms", [150, 300, 600, 900, 2000])
def test_expressions_of_any_depth_are_read_or_left_out(terms):
    deep = "def f{n}(x):\n    y = x.first(x).second('z')\n    return " + " + ".join(["x.third"] * terms) + "\n"
    files = {f"m{number}.py": deep.format(n=number) for number in range(3)}
    found = mine(files)
    assert found.files + len(found.unreadable) == 3


def test_a_structure_that_is_everywhere_is_counted_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(mining, "MOST_OCCURRENCES", 4)
    (only,) = mine({f"m{number}.py": function(number, ("aa", "bb", "cc")) for number in range(6)}).structures
    assert only.support == 4


def test_a_structure_within_a_larger_one_of_the_same_functions_is_left_out():
    files = {f"m{number}.py": function(number, ("aa", "bb", "cc")) for number in range(4)}
    (only,) = mine(files).structures
    assert only.template.startswith("pass") and only.template.endswith("return cc.value")


def test_variables_that_are_used_otherwise_are_another_structure():
    # The same shape; here the first argument is returned, not what was found.
    files = {f"m{number}.py": function(number, ("aa", "bb", "cc")) for number in range(2)}
    files["m3.py"] = function(3, ("aa", "bb", "cc")).replace("return cc.value", "return aa.value")
    assert not any("return" in one.template for one in mine(files).structures)


def test_what_says_too_little_is_no_structure():
    plain = "def f{n}(self, a, b, c, d):\n    self.a = a\n    self.b = b\n    self.c = c\n    self.d = d\n"
    differing = "def g{n}(x):\n    a = p{n}(x, q{n}, r{n}.s{n})\n    return t{n}(a, u{n}, v{n}.w{n})\n"
    files = {"a.py": "\n".join(plain.format(n=n) for n in range(9))}
    files["b.py"] = "\n".join(differing.format(n=n) for n in range(9))
    assert [one for one in mine(files).structures if one.occurrences[0].path == "b.py"] == []


def test_places_that_differ_alike_share_a_parameter():
    text = "def f{n}(x):\n    log.info('{n}')\n    send(x, '{n}', retry=True, limit=3)\n    log.info('{n}')\n"
    (one,) = mine({f"m{n}.py": text.format(n=n) for n in range(3)}).structures
    assert [(each.name, each.distinct) for each in one.parameters] == [("P1", 3)]
    assert one.template.count("P1") == 3


def test_a_hole_in_a_formatted_text_can_be_read():
    text = (
        "def f{n}(x):\n    a = log.info(f'{n} of {{x}} and {{x.y}}')\n    send(a, 'same', retry=True)\n    return a\n"
    )
    (one,) = mine({f"m{n}.py": text.format(n=n) for n in range(3)}).structures
    ast.parse(one.template)
    assert "{P1}" in one.template


def test_a_body_of_code_beyond_the_bound_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(mining, "MOST_TREE_NODES", 60)
    found = mine({f"m{number}.py": function(number, ("aa", "bb", "cc")) for number in range(5)})
    assert (found.files, found.left_out) == (2, 3)


def test_who_listens_may_stop_it():
    def stop(read: int, of: int) -> None:
        raise KeyboardInterrupt(f"{read} of {of}")

    with pytest.raises(KeyboardInterrupt, match="0 of 1"):
        mine({"a.py": ""}, announce=stop)


def test_a_draft_is_a_page_that_the_library_refuses_until_a_person_finished_it():
    template = "found = P1.get(key)\nif found is None:\n    raise LookupError(P2)\nreturn found"
    assert free_names(template) == ["P1", "key", "P2"]
    page = draft_page("Get or fail", 'Say "which" is missing.', template, source="mined from shop")
    assert 'def get_or_fail(P1, key, P2):\n    """Say \'which\' is missing."""\n    found = P1.get(key)' in page
    with pytest.raises(PatternInvalid):
        pattern_parse("get-or-fail", page)
