"""Sessions of a class: reproducible, of its own methods, and such that what becomes of its state is seen."""

from __future__ import annotations

import pytest

from apps.core.javascript import fault_of
from apps.generation.engine.class_uses import ClassUse, class_use_of
from apps.generation.engine.exploration import explored_inputs
from apps.generation.engine.inputs import CallInput, fuzz_inputs
from apps.generation.engine.specification import analyse
from tests.cpu import costs_less

STACK = """Write a class `Stack` with `push(v: int) -> None`, `pop() -> int` and `size() -> int`.
>>> s = Stack()
>>> s.push(4)
>>> s.pop()
4
"""
STACK_CODE = """class Stack:
    def __init__(self): self.x = []
    def push(self, v): self.x.append(v)
    def pop(self): return self.x.pop()
    def size(self): return len(self.x)
"""
BOX = "Write a class `Box(n)` with `add(k: int) -> int`.\n>>> b = Box(1)\n>>> b.add(2)\n3\n"
BOX_CODE = "class Box:\n    def __init__(self, n): self.n = n\n    def add(self, k): self.n += k; return self.n\n"
ACCOUNT = """Class `Account(balance)`: `withdraw(amount: int) -> None` and `balance() -> int`.
>>> a = Account(10)
>>> a.withdraw(5)
>>> a.balance()
5
>>> a = Account(10)
>>> a.withdraw(50)
Traceback (most recent call last):
ValueError
"""
ACCOUNT_CODE = """class Account:
    def __init__(self, b): self.b = b
    def withdraw(self, n):
        if n > self.b: raise ValueError
        self.b -= n
    def balance(self): return self.b
"""
BAG = """Class `Bag` with `extend(items: list[int]) -> None` and `total() -> int`, and the attribute `count`.
>>> b = Bag()
>>> b.extend([1, 2])
>>> b.total()
3
"""
BAG_CODE = """class Bag:
    def __init__(self): self.own = []; self.count = 0
    def extend(self, items): self.own += items; self.count += len(items)
    def total(self): return sum(self.own)
"""
QUEUE = """Write a JavaScript class `Queue`.
```js
const q = new Queue(3);
q.push("a");
q.push("b");
q.shift(); // -> "a"
q.size; // -> 1
```
"""


def use(text: str) -> ClassUse:
    found = class_use_of(analyse(text))
    assert found is not None
    return found


def sessions(text: str, *, seed: int = 1, count: int = 60) -> tuple[CallInput, ...]:
    spec = analyse(text)
    return fuzz_inputs(spec.entry_signature, spec.examples, seed=seed, count=count, use=class_use_of(spec))


def shown(code: str, call: CallInput) -> str:
    """The only code that is run here is this test's own."""
    namespace: dict[str, object] = {}
    exec(code, namespace)  # noqa: S102
    try:
        for step in call.steps:
            exec(step, namespace)  # noqa: S102
        return repr(eval(call.expression, namespace))  # noqa: S307
    except (LookupError, TypeError, ValueError) as error:
        return type(error).__name__


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("text", "code", "right", "wrong"),
    [
        (STACK, STACK_CODE, "self.x.append(v)", "self.x = [v]"),
        (STACK, STACK_CODE, "self.x.pop()", "self.x.pop(0)"),
        (STACK, STACK_CODE, "self.x.pop()", "self.x[-1]"),
        (STACK, STACK_CODE, "len(self.x)", "min(2, len(self.x))"),
        (BOX, BOX_CODE, "self.n += k; return self.n", "return self.n + k"),
        (
            ACCOUNT,
            ACCOUNT_CODE,
            "if n > self.b: raise ValueError",
            "\n        if n > self.b: self.b = 0; raise ValueError",
        ),
        (BAG, BAG_CODE, "self.own += items", "items.sort(); self.own += items"),
        (BAG, BAG_CODE, "self.count += len(items)", "self.count += 1"),
        (BAG, BAG_CODE, "self.own += items", "self.own = items"),
    ],
)
def test_state_that_is_wrong_is_seen(text: str, code: str, right: str, wrong: str, seed: int) -> None:
    other = code.replace(right, wrong)
    assert other != code
    assert any(shown(code, call) != shown(other, call) for call in sessions(text, seed=seed, count=100))


def test_how_a_candidate_calls_its_own_fields_makes_no_difference() -> None:
    other = STACK_CODE.replace("self.x", "self.items")
    assert all(shown(STACK_CODE, call) == shown(other, call) for call in sessions(STACK))


def test_what_a_method_hands_out_of_which_nothing_is_said_makes_no_difference() -> None:
    text = "Class `Tally`.\n>>> t = Tally()\n>>> t.add('a')\n>>> t.count('a')\n1\n"
    code = (
        "class Tally:\n    def __init__(self): self.d = []\n    def add(self, k): self.d.append(k)\n"
        "    def count(self, k): return self.d.count(k)\n"
    )
    other = code.replace("self.d.append(k)\n", "self.d.append(k); return self\n")
    assert all(shown(code, call) == shown(other, call) for call in sessions(text))


def test_methods_come_from_the_outline_and_from_the_examples() -> None:
    code = "".join("\n".join((*call.steps, call.expression)) for call in sessions(STACK))
    assert all(f"s.{method}(" in code for method in ("push", "pop", "size"))
    assert {call.method for call in use(QUEUE).calls} == {"push", "shift"}


def test_the_same_seed_gives_the_same_sessions_and_another_seed_others() -> None:
    assert sessions(STACK) == sessions(STACK)
    assert sessions(STACK) != sessions(STACK, seed=2)


def test_sessions_are_bounded_and_end_in_something_that_can_be_judged() -> None:
    found = sessions(BAG, count=200)
    assert len(found) == 200
    assert all(len(call.steps) < 20 and len(call.expression) < 4000 for call in found)
    assert all(compile(call.expression, "", "eval") for call in found)


def test_a_class_is_compared_on_sessions_alone() -> None:
    spec = analyse(STACK)
    found = explored_inputs(
        None, spec.examples, tests=(), landmarks=(), seed=1, near=20, count=50, use=class_use_of(spec)
    )
    assert len(found) == 50 and all(one.call.is_session for one in found)


def test_objects_are_made_as_examples_make_them_with_what_they_need() -> None:
    text = (
        "Class `Cart`.\n>>> from decimal import Decimal\n>>> price = Decimal('2')\n>>> c = Cart(price)\n>>> c.add(1)\n"
        ">>> x = c.total()\n>>> c.total()\n1\n"
    )
    (making,) = use(text).makings
    assert making.source == "c = Cart(price)" and making.given is None
    assert making.before == ("from decimal import Decimal", "price = Decimal('2')")


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("len(c)", "len(c)"),
        ("c.total", "c.total"),
        ("'a' in c", "'a' in c"),
        ("c['a']", "c['a']"),
        ("c.parts.first", "c.parts.first"),
    ],
)
def test_what_examples_read_of_an_object_is_public(read: str, written: str) -> None:
    text = f"Class `Cart`.\n>>> c = Cart()\n>>> c.add('a')\n>>> {read}\n1\n"
    assert use(text).reads == (("c", written),)


def test_a_property_is_read_and_not_called() -> None:
    text = (
        "```python\nclass Cart:\n    @property\n    def total(self) -> int: ...\n"
        "    def add(self, n: int) -> None: ...\n"
        "```\n>>> c = Cart()\n>>> c.add(2)\n>>> c.total + 1\n3\n"
    )
    assert [method.name for method in use(text).methods] == ["add"]
    assert use(text).reads == (("c", "c.total"),)


def test_what_examples_only_give_objects_to_is_given_nothing_else() -> None:
    text = "Class `M` with `add(other)` and `n() -> int`.\n>>> m = M(1)\n>>> m.n()\n1\n>>> m.add(M(1)).n()\n2\n"
    assert [method.name for method in use(text).methods] == ["n"]


def test_a_parameter_without_a_type_is_given_what_other_methods_are_given() -> None:
    text = "Class `Bag` with `add(x)`, `drop(x)` and `n() -> int`.\n>>> b = Bag()\n>>> b.add('a')\n>>> b.n()\n1\n"
    dropped = [step for call in sessions(text) for step in call.steps if step.startswith("b.drop")]
    assert "b.drop('a')" in dropped
    assert all(step[7] in "'\"" for step in dropped)


def test_infinities_are_written_only_where_an_example_writes_them() -> None:
    text = "Class `T`.\n>>> t = T(1.5)\n>>> t.put(2.5)\n>>> t.put(float('inf'))\n>>> t.f()\n1.0\n"
    assert all("(inf" not in "\n".join((*call.steps, call.expression)) for call in sessions(text))


def test_private_methods_are_not_called() -> None:
    text = "```python\nclass C:\n    def _own(self): ...\n    def f(self): ...\n```\n>>> c = C()\n>>> c.f()\n1\n"
    assert [method.name for method in use(text).methods] == ["f"]


def test_a_function_has_no_sessions_of_a_class() -> None:
    assert class_use_of(analyse("`f(n: int) -> int`. f(1) == 2")) is None


def test_sessions_of_javascript_are_javascript() -> None:
    found = sessions(QUEUE)
    assert len(found) == 60
    assert all(fault_of(";\n".join((*call.steps, call.expression))) is None for call in found)
    assert use(QUEUE).reads == (("q", "q.size"),)
    assert any("q.size" in call.expression and call.expression.startswith("[") for call in found)


def test_methods_of_a_class_in_javascript_come_from_the_text_too() -> None:
    text = (
        "Write a TypeScript class `Stack` with `push(v: number): void`, `pop(): number` and `size(): number`.\n"
        "```ts\nconst s = new Stack();\ns.push(4);\ns.pop(); // -> 4\n```\n"
    )
    code = "".join("\n".join((*call.steps, call.expression)) for call in sessions(text))
    assert "s.size()" in code and "Stack()" in code
    assert not any(call.expression.startswith("s.push") for call in sessions(text))


@pytest.mark.parametrize(
    "text",
    [
        "Class `C`.\n>>> c = C()\n" + ">>> c.f()\n1\n" * 600,
        "Class `C`.\n" + "".join(f">>> c{n} = C({n})\n>>> c{n}.f([{n}])\n{n}\n" for n in range(300)),
        "Class `C`.\n>>> c = C()\n>>> c.f([" + "1, " * 3000 + "])\n1\n",
        "Class `C`.\n>>> c = C()\n>>> c" + ".f" * 4000 + "\n1\n",
        "Class `C`. " + "get " * 2500 + "@property " * 900 + "attribute " * 900,
        "Class `C`.\n>>> c = C()\n>>> c.f(" + "(" * 90 + ")" * 90 + ")\n1\n",
        "JavaScript class `C`.\n```js\nconst c = new C();\n" + "c.f(1); // -> 1\n" * 600 + "```\n",
    ],
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    spec = analyse(text)
    assert costs_less(lambda: fuzz_inputs(None, spec.examples, seed=1, count=60, use=class_use_of(spec)), 3)
