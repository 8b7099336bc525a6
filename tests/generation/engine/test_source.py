"""Code out of answers, its identity, and its way into a repository."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.generation.engine.source import (
    Unparsable,
    extract_code,
    normalised_digest,
    parse_candidate,
    parsed,
    replace_symbol,
    unified_patch,
    whole_statements,
)

ANSWER = """Sure, here it is:

```python
def f(n):
    return n + 1
```

And the tests:

```python
from solution import f

def test_f():
    assert f(1) == 2
```

```markdown
# f
Adds one.
```
Hope this helps!
"""


def test_an_answer_is_split_into_code_tests_and_note():
    found = extract_code(ANSWER)
    assert found.implementation == "def f(n):\n    return n + 1\n"
    assert "def test_f" in found.tests
    assert found.documentation == "# f\nAdds one."


def test_a_fence_that_is_never_closed_runs_to_the_end():
    assert extract_code("Here:\n```python\ndef f():\n    return 1\n").implementation == "def f():\n    return 1\n"


def test_plain_code_with_chatter_around_it_is_found():
    found = extract_code("Of course!\n\ndef f(n):\n    return n\n\nThis returns n, as you asked.")
    assert found.implementation == "def f(n):\n    return n\n"


def test_tests_in_the_same_block_are_taken_apart():
    found = extract_code("```python\ndef f(n):\n    return n\n\ndef test_f():\n    assert f(1) == 1\n```")
    assert "test_f" not in found.implementation
    assert "def f" in found.implementation
    assert "test_f" in found.tests


def test_a_later_block_corrects_an_earlier_one_and_usage_is_no_code():
    block = "```python\ndef f():\n    return {}\n```\n"
    answer = block.format(1) + "Oops:\n" + block.format(2) + "```python\nprint(f())\n```"
    assert extract_code(answer).implementation == "def f():\n    return 2\n"


def test_a_diff_is_a_patch():
    diff = "--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
    assert extract_code(f"```diff\n{diff}```").patch == diff
    assert extract_code(f"Here is the change.\n\n{diff}").patch == diff


def test_prose_holds_no_code():
    assert extract_code("I cannot do that.").implementation == ""


@given(st.text(alphabet="`~ \npythondef():-+@1", max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_answer_breaks_the_extraction(text):
    extract_code(text)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "no code"),
        ("def f(:", "does not parse"),
        ("def g(): pass", "does not define f"),
        ("x = '\0'", "null"),
        ("(" * 5000, "pars"),
    ],
)
def test_what_cannot_be_run_says_why(code, words):
    parsed = parse_candidate(code, "f")
    assert isinstance(parsed, Unparsable)
    assert words in parsed.reason


def test_the_entry_may_be_an_alias_or_behind_a_condition():
    for code in ("def g(): pass\nf = g", "try:\n    import f\nexcept ImportError:\n    pass", "class f: pass"):
        assert not isinstance(parse_candidate(code, "f"), Unparsable)


def test_looks_do_not_change_the_digest():
    first = 'def f(n: int) -> int:\n    """Doc."""\n    total = n  # why\n    return total + 1\n'
    second = "def f(n):\n    x = n\n\n    return (x + 1)"
    assert normalised_digest(first) == normalised_digest(second)


@pytest.mark.parametrize(
    "other",
    [
        "def f(n):\n    x = n\n    return x + 2",
        "def f(m):\n    x = m\n    return x + 1",
        "def g(n):\n    x = n\n    return x + 1",
        "def f(n):\n    x = n\n    def g(y):\n        z = y\n        return z + x\n    return g(1)",
    ],
)
def test_meaning_does_change_the_digest(other):
    assert normalised_digest("def f(n):\n    x = n\n    return x + 1") != normalised_digest(other)


def test_inner_variables_are_not_confused_with_outer_ones():
    inner = "def f(n):\n    a = n\n    def g():\n        b = 1\n        return {}\n    return g()"
    assert normalised_digest(inner.format("a")) != normalised_digest(inner.format("b"))


MODULE = """# head
import os


@wraps
def f(a):
    return a


class C:
    x = 1

    def m(self):
        return 1

    y = 2
# tail"""


def test_a_function_is_replaced_with_its_decorators_and_nothing_else_changes():
    changed = replace_symbol(MODULE, "f", "def f(a):\n    return a + 1\n")
    assert changed == MODULE.replace("@wraps\ndef f(a):\n    return a\n", "def f(a):\n    return a + 1\n")


def test_a_method_is_replaced_at_its_indentation():
    changed = replace_symbol(MODULE, "C.m", 'def m(self):\n    text = """a\nb"""\n    return text\n')
    assert '    def m(self):\n        text = """a\nb"""\n        return text\n\n    y = 2' in changed


def test_a_missing_symbol_is_appended():
    assert replace_symbol("a = 1\n", "f", "def f(): pass") == "a = 1\n\n\ndef f(): pass\n"
    assert replace_symbol("", "f", "def f(): pass") == "def f(): pass\n"
    assert replace_symbol(MODULE, "C.n", "def n(self):\n    return 2").endswith(
        "    y = 2\n\n    def n(self):\n        return 2\n# tail"
    )


def test_a_method_needs_its_class():
    with pytest.raises(SyntaxError):
        replace_symbol("", "C.m", "def m(self): pass")


def test_windows_line_ends_are_kept():
    assert replace_symbol("def f():\r\n    pass\r\nx = 1\r\n", "f", "def f():\n    return 1") == (
        "def f():\r\n    return 1\r\nx = 1\r\n"
    )


lines = st.lists(st.sampled_from(["a", "b", "", " c", "d\r", "é", "-- x", "+y"]), max_size=12)
contents = st.builds(lambda ls, end: "\n".join(ls) + end, lines, st.sampled_from(["", "\n"]))


@given(before=st.dictionaries(st.sampled_from(["a.py", "d/b.py", "with space.txt"]), contents), data=st.data())
@settings(max_examples=25, deadline=None)
def test_git_applies_every_patch(tmp_path_factory, before, data):
    after = data.draw(st.dictionaries(st.sampled_from(["a.py", "d/b.py", "with space.txt", "new/é.py"]), contents))
    root = tmp_path_factory.mktemp("tree")
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    for path, content in before.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode())
    patch = unified_patch(before, after)
    if patch:
        subprocess.run(["git", "apply", "-"], cwd=root, input=patch.encode(), check=True)
    found = {
        p.relative_to(root).as_posix(): p.read_bytes().decode()
        for p in root.rglob("*")
        if p.is_file() and ".git" not in p.parts
    }
    assert found == after


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a\nb"])
def test_a_patch_stays_inside_its_tree(path):
    with pytest.raises(ValueError):
        unified_patch({}, {path: "x"})


WHOLE = "import os\n\n\ndef first():\n    if os:\n        return 1\n    return 2\n"


@pytest.mark.parametrize(
    "rest",
    [
        "\n\ndef second():\n    return (1,",
        "\n\ndef second():\n    return 1\n",
        "\n\n@cache\ndef second(",
        '\n\ntext = """\nnot code\n',
        "\n\nif os:\n    x = 1\nelse:\n    y =",
        "\n\nx = [\n    1,\n]",
    ],
)
def test_of_code_that_was_cut_the_whole_statements_are_kept(rest):
    assert whole_statements(WHOLE + rest) == WHOLE


def test_nothing_is_whole_in_code_that_was_cut_in_its_first_statement():
    assert whole_statements("def f():\n    return 1\n    if") == whole_statements("") == ""


@given(st.integers(0, len(WHOLE + WHOLE)))
def test_what_is_kept_is_a_beginning_that_parses(size):
    kept = whole_statements((WHOLE + "\n\n" + WHOLE)[:size])
    assert parsed(kept) is not None
    assert (WHOLE + "\n\n" + WHOLE).startswith(kept.rstrip())


def test_only_a_block_that_was_left_open_was_cut():
    closed = "```python\ndef f():\n    return 1\n```\nIt returns"
    assert extract_code(closed, is_cut=True) == extract_code(closed)
    cut = "```python\ndef f():\n    return 1\n\n\ndef g(n):\n    while n"
    assert extract_code(cut, is_cut=True).implementation == "def f():\n    return 1\n"
    assert extract_code(cut.removeprefix("```python\n"), is_cut=True).implementation == "def f():\n    return 1\n"


@given(st.text())
def test_no_answer_that_was_cut_is_too_strange(text):
    extract_code(text, is_cut=True)
