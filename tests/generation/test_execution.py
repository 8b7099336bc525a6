"""Running programs on inputs: what is compared, and what says nothing."""

from __future__ import annotations

from apps.generation.engine.class_uses import class_use_of
from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput, decide_consensus
from apps.generation.engine.inputs import CallInput, fuzz_inputs
from apps.generation.engine.outcomes import Expected, Outcome, OutcomeKind, outcome_meets
from apps.generation.engine.specification import analyse
from apps.generation.gateways.observing import NodeProgram, Program, observe
from apps.generation.services.execution import one_kind_after_the_other
from apps.sandbox.types import NodeModule

DOUBLE = "def double(n):\n    return n * 2\n"


def example(n: int, expected: int) -> PoolInput:
    return PoolInput(CallInput((n,)), InputOrigin.EXAMPLE, Expected(expected))


def observed(code: str, inputs: list[PoolInput]) -> list[Outcome]:
    return observe([Program(code)], inputs, entry="double")[0].outcomes


def test_a_generated_test_with_steps_does_not_disturb_the_examples() -> None:
    session = PoolInput(CallInput(steps=("value = 4",), expression="double(value)"), InputOrigin.GENERATED_TEST)
    inputs = one_kind_after_the_other([session, example(1, 2), example(3, 6)])
    assert [outcome.value for outcome in observed(DOUBLE, inputs)] == [2, 6, 8]


def test_code_that_fails_while_it_is_imported_shows_an_error_on_every_input() -> None:
    inputs = [example(n, 2 * n) for n in range(20)]
    outcomes = observed(f"{DOUBLE}\nraise ValueError('no')\n", inputs)
    assert {(outcome.kind, outcome.error) for outcome in outcomes} == {(OutcomeKind.ERROR, "SystemExit")}


def test_programs_that_were_not_run_have_no_vote() -> None:
    inputs = [PoolInput(CallInput((n,)), InputOrigin.FUZZ) for n in range(3)]
    refused = observe([Program("def double(n:")], inputs, entry="double")[0]
    assert refused.refused
    ran = observe([Program(DOUBLE)], inputs, entry="double")[0]
    pool = [PoolEntry(f"x{n}", "m", f"d{n}", tuple(refused.outcomes), prior=0.9) for n in range(5)]
    pool.append(PoolEntry("y", "m", "dy", tuple(ran.outcomes), prior=0.1))
    decision = decide_consensus(pool, inputs)
    assert decision.selected == "y"
    assert [cluster.share for cluster in decision.clusters] == [1.0, 0.0]


REFUSED = PoolInput(CallInput(("{",)), InputOrigin.EXAMPLE, Expected(raises="ValueError"))
GIVEN = PoolInput(CallInput(("{}",)), InputOrigin.EXAMPLE, Expected({}))


def test_code_that_raises_a_kind_of_what_an_example_names_passes_it() -> None:
    honest = "import json\ndef load(s):\n    return json.loads(s)\n"
    fake = "def load(s):\n    if s == '{':\n        raise ValueError\n    return {}\n"
    seen = observe([Program(honest), Program(fake)], [GIVEN, REFUSED], entry="load")
    pool = [PoolEntry(f"c{n}", "m", f"d{n}", tuple(one.outcomes)) for n, one in enumerate(seen)]
    decision = decide_consensus(pool, [GIVEN, REFUSED])
    assert [cluster.examples_passed for cluster in decision.clusters] == [2, 2]


def test_code_in_javascript_that_throws_a_kind_of_it_passes_too() -> None:
    code = "class Empty extends RangeError {}\nexport function load(s) { if (s === '{') throw new Empty(); return {}; }"
    program = NodeProgram({"a.mjs": NodeModule(code)}, "a.mjs")
    outcome = observe([program], [REFUSED], entry="load")[0].outcomes[0]
    assert outcome_meets(outcome, Expected(raises="RangeError"))
    assert not outcome_meets(outcome, Expected(raises="TypeError"))


STACK = "Write a class `Stack` with `push(v: int) -> None`, `pop() -> int` and `size() -> int`.\n"
STACK_SEEN = ">>> s = Stack()\n>>> s.push(4)\n>>> s.pop()\n4\n"
STACK_CODE = """class Stack:
    def __init__(self):
        self.x = []
    def push(self, v):
        self.x.append(v)
    def pop(self):
        return self.x.pop()
    def size(self):
        return len(self.x)
"""
QUEUE = "JavaScript class `Queue`.\n```js\nconst q = new Queue();\nq.push(4);\nq.push(5);\nq.shift(); // -> 4\n```\n"
QUEUE_CODE = """export class Queue {
  own = [];
  push(value) { this.own.push(value); }
  shift() { return this.own.shift(); }
}
"""


def behaviours(text: str, programs: list[Program] | list[NodeProgram]) -> list[tuple[str, ...]]:
    spec = analyse(text)
    calls = fuzz_inputs(spec.entry_signature, spec.examples, seed=1, count=40, use=class_use_of(spec))
    inputs = [PoolInput(call, InputOrigin.FUZZ) for call in calls]
    seen = observe(programs, inputs, entry=spec.entry or "")
    pool = [PoolEntry(f"c{n}", "m", f"d{n}", tuple(one.outcomes)) for n, one in enumerate(seen)]
    return [cluster.members for cluster in decide_consensus(pool, inputs).clusters]


def test_classes_that_keep_their_state_otherwise_behave_otherwise() -> None:
    forgets = STACK_CODE.replace("self.x.append(v)", "self.x = [v]")
    renamed = STACK_CODE.replace("self.x", "self.items")
    found = behaviours(STACK + STACK_SEEN, [Program(code) for code in (STACK_CODE, forgets, renamed)])
    assert sorted(found) == [("c0", "c2"), ("c1",)]


def test_so_do_classes_in_javascript() -> None:
    forgets = QUEUE_CODE.replace("this.own.push(value)", "this.own = [...this.own.slice(-1), value]")
    renamed = QUEUE_CODE.replace("this.own.push(value);", "return this.own.push(value);")
    programs = [NodeProgram({"a.mjs": NodeModule(code)}, "a.mjs") for code in (QUEUE_CODE, forgets, renamed)]
    assert sorted(behaviours(QUEUE, programs)) == [("c0", "c2"), ("c1",)]
