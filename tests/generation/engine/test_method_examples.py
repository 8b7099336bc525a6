"""Examples that call methods on values are read with the steps they rest on, and run as they are written."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.inputs import CallInput
from apps.generation.engine.sessions import DRIVER_ENTRY, session_driver
from apps.generation.engine.specification import SpecExample, analyse
from apps.sandbox.services import Call, FunctionRun, NodeModule, NodeRun, sandbox_run

STACK = """
class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)
        return self

    def pop(self):
        return self.items.pop()

    def total(self):
        return sum(self.items)
"""


def read(text: str, path: str = "stack.py") -> list[tuple[Sequence[str], str, object]]:
    return [(one.steps, one.call, one.raises or one.expected) for one in analyse(text, target_path=path).examples]


@pytest.mark.parametrize(
    ("text", "steps", "call", "outcome"),
    [
        ("Stack().push(2).total() -> 2", ("result = Stack()",), "result.push(2).total()", 2),
        ("x = Stack(); x.push(1); x.pop() -> 1", ("x = Stack()", "x.push(1)"), "x.pop()", 1),
        ("`x = Stack(); x.push(1); x.pop()` returns 1", ("x = Stack()", "x.push(1)"), "x.pop()", 1),
        ("x = Stack()\nx.push(1)\nx.total()  # 1", ("x = Stack()", "x.push(1)"), "x.total()", 1),
        ("- x = Stack()\n- x.items == []", ("x = Stack()",), "x.items", []),
        ("x = Stack(); x.pop() raises IndexError", ("x = Stack()",), "x.pop()", "IndexError"),
        ("x = Stack(); x.push('a;b'); x.pop() -> 'a;b'", ("x = Stack()", "x.push('a;b')"), "x.pop()", "a;b"),
        ("x = Stack(); len(x.items) should be 0", ("x = Stack()",), "len(x.items)", 0),
        (
            "For example, after `x = Stack()` and `x.push(5)`, `x.total()` is 5.",
            ("x = Stack()", "x.push(5)"),
            "x.total()",
            5,
        ),
    ],
)
def test_a_session_is_read_however_it_is_written(text: str, steps: Sequence[str], call: str, outcome: object) -> None:
    assert read(f"Write a class Stack.\n\n{text}\n") == [(steps, call, outcome)]


def test_each_claim_of_a_session_rests_on_what_was_called_before() -> None:
    text = "Write a class Stack.\n\nx = Stack(); x.push(1); x.pop() -> 1; x.pop() raises IndexError; x.items -> []"
    assert [(len(steps), call) for steps, call, _ in read(text)] == [(2, "x.pop()"), (3, "x.pop()"), (4, "x.items")]


@pytest.mark.parametrize(
    "text",
    [
        "The variable x = Stack() is made; then we push.",
        "x = Stack(); x.push(1); y.pop() -> 1",
        "x = Stack(); and then x.pop() of 1",
        "We write x = Stack() for short. It is 1.",
    ],
)
def test_prose_about_a_session_is_no_example(text: str) -> None:
    assert read(f"Write a class Stack.\n\n{text}\n") == []


@pytest.mark.parametrize(
    ("text", "steps", "call", "outcome"),
    [
        ("new Stack().push(2).total() -> 2", ("const result = new Stack()",), "result.push(2).total()", 2),
        ("const x = new Stack(); x.push(1); x.pop() // -> 1", ("const x = new Stack()", "x.push(1)"), "x.pop()", 1),
        ("const x = new Stack()\nx.push(1)\nx.pop() -> 1", ("const x = new Stack()", "x.push(1)"), "x.pop()", 1),
        (
            "`const x = new Stack(); x.push(1); x.pop()` returns 1.",
            ("const x = new Stack()", "x.push(1)"),
            "x.pop()",
            1,
        ),
        ("const x = new Stack(); x.pop() throws RangeError", ("const x = new Stack()",), "x.pop()", "RangeError"),
        ("```js\nconst x = new Stack();\nx.size; // 0\n```", ("const x = new Stack()",), "x.size", 0),
    ],
)
def test_javascript_is_read_the_same_way(text: str, steps: Sequence[str], call: str, outcome: object) -> None:
    assert read(f"Write class Stack in JavaScript.\n\n{text}\n", "stack.mjs") == [(steps, call, outcome)]


def run_python(examples: Sequence[SpecExample]) -> list[object]:
    inputs = [CallInput((), {}, one.steps, one.call) for one in examples]
    calls = tuple(Call((index,)) for index in range(len(inputs)))
    result = sandbox_run(FunctionRun(STACK + session_driver(inputs), DRIVER_ENTRY, calls))
    return [(one.error or "").partition(":")[0] or one.ok for one in result.values]


def test_the_examples_are_run_as_they_are_written() -> None:
    text = (
        "Write a class Stack.\n\nStack().push(2).push(3).total() -> 5\n\n"
        "x = Stack(); x.push(1); x.pop() -> 1; x.pop() raises IndexError; x.items -> []\n"
    )
    examples = analyse(text).examples
    assert run_python(examples) == [5, 1, "IndexError", []]
    assert [one.raises or one.expected for one in examples] == [5, 1, "IndexError", []]


def test_sessions_of_javascript_are_run_as_they_are_written() -> None:
    text = (
        "Write class Stack in JavaScript.\n\nnew Stack().push(2).total() -> 2\n\n"
        "const x = new Stack(); x.push(1); x.pop() -> 1; x.pop() throws RangeError; x.total() -> 0\n"
    )
    source = """export class Stack {
      items = [];
      push(item) { this.items.push(item); return this; }
      pop() { if (!this.items.length) throw new RangeError("empty"); return this.items.pop(); }
      total() { return this.items.reduce((sum, one) => sum + one, 0); }
    }"""
    examples = analyse(text, target_path="stack.mjs").examples
    calls = tuple("\n".join((*(f"{step};" for step in one.steps), one.call)) for one in examples)
    result = sandbox_run(NodeRun({"stack.mjs": NodeModule(source)}, "stack.mjs", "Stack", calls))
    assert [(one.error or "").partition(":")[0] or one.ok for one in result.values] == [2, 1, "RangeError", 0]
    assert [one.raises or one.expected for one in examples] == [2, 1, "RangeError", 0]


OPERATIONS = st.lists(st.one_of(st.none(), st.integers(-9, 99), st.text("ab;'\",() ->#", max_size=6)), max_size=8)
LAYOUTS = st.sampled_from(["{}", "- {}", "    {}", "```python\n{}\n```"])


@given(OPERATIONS, LAYOUTS, st.booleans())
def test_what_a_session_shows_is_what_its_statements_do(
    operations: list[object], layout: str, is_one_line: bool
) -> None:
    """A stack as a list is the model; a pop is claimed, a push is a step, and quotes hold any text."""
    model: list[object] = []
    written, expected = ["s = Stack()"], []
    for one in operations:
        if one is not None:
            model.append(one)
            written.append(f"s.push({one!r})")
        elif model:
            expected.append(model.pop())
            written.append(f"s.pop() -> {expected[-1]!r}")
    session = "; ".join(written) if is_one_line else "\n".join(written)
    text = f"Write a class Stack.\n\n{layout.format(session)}\n"
    examples = [one for one in analyse(text, target_path="s.py").examples if one.call == "s.pop()"]
    assert [one.expected for one in examples] == expected
    for one, value in zip(examples, expected, strict=True):
        world: dict[str, object] = {}
        exec("\n".join((STACK, *one.steps)), world)  # noqa: S102  statements of this test
        assert eval(one.call, world) == value  # noqa: S307


@given(st.text("xS=tack().;`->1 \n'#", max_size=120))
def test_any_text_is_read_to_its_end(text: str) -> None:
    analyse(f"Write a class Stack.\n\nx = Stack(); {text}")


@pytest.mark.parametrize("mark", ["", "//", "// throws", "->", ";", "`"])
def test_runs_of_blanks_behind_a_call_are_read_at_once(mark: str) -> None:
    end = f"{mark}{' ' * 20_000}x\n"
    function = f"```javascript\nfunction add(a, b) {{}}\n```\n\nadd(1, 2){end}"
    assert analyse(f"Write a JavaScript function add.\n\n{function}").entry == "add"
    session = f"```javascript\nclass Stack {{ pop() {{}} }}\nconst s = new Stack(){end}s.pop(){end}```\n"
    assert analyse(f"Write a JavaScript class Stack.\n\n{session}").entry == "Stack"
