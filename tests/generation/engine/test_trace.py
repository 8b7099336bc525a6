"""Requirements and what carries them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.inputs import call_input_of, input_key
from apps.generation.engine.specification import analyse
from apps.generation.engine.testgen import example_inputs
from apps.generation.engine.testgen import tests_from_specification as written_tests
from apps.generation.engine.trace import HEADER, Carrier, ids_in, named_tests, trace_matrix

SPEC = analyse("""Write `def half(n: int) -> int` that halves a number.

- R1: It returns 2 for 4.
- R2: It raises ValueError for odd numbers.
- R3: It must be written in less than ten lines.

half(4) == 2
half(3) raises ValueError
""")
FOUR, THREE = (input_key(call_input_of(example)) for example in SPEC.examples)
TESTS = written_tests(SPEC, "demo")


def test_each_requirement_has_its_examples_candidates_tests_and_documents() -> None:
    carriers = [
        Carrier(frozenset({FOUR, THREE}), TESTS, "R1 and R2"),
        Carrier(frozenset({FOUR}), TESTS, "R1"),
        Carrier(None, "", ""),
    ]
    audit = [("request.submit", ["R1", "R2", "R3"]), ("request.merge", ["R1"]), ("request.merge", ["R1"])]
    first, second, third = trace_matrix(SPEC, carriers, verdicts=["R2 is done well."], audit=audit)
    assert (first.examples, first.met_by, first.candidates, first.documents) == (1, 2, 2, 2)
    assert len(first.tests) == len(second.tests) == 1
    assert first.audit == ("request.submit", "request.merge")
    assert first.holes == ("review",)
    assert (second.met_by, second.reviews, second.holes) == (1, 1, ())
    assert third.holes == ("examples", "tests", "documents", "review")


def test_an_example_of_another_function_is_known_by_the_session_that_candidates_are_run_on() -> None:
    specification = analyse("""Write `def half(n: int) -> int` and `def twice(n: int) -> int`.

- R1: twice gives 10.

half(4) == 2
twice(5) == 10
""")
    ran = [input_key(one.call) for one in example_inputs(specification)]
    [row] = trace_matrix(specification, [Carrier(frozenset(ran))], verdicts=None, audit=None)
    assert (row.examples, row.met_by) == (1, 1)


def test_what_cannot_exist_yet_is_no_hole() -> None:
    [first, *_] = trace_matrix(SPEC, [], verdicts=None, audit=None)
    assert (first.documents, first.reviews, first.audit, first.holes) == (None, None, None, ())
    assert len(first.cells()) == len(HEADER)


def test_tests_of_javascript_go_by_their_titles() -> None:
    module = "test(\"R1: halves\", () => {\n  equal(half(4), 2);\n});\n\nit('refuses', () => { // R2\n});\n"
    assert named_tests([module]) == [("R1: halves", {"R1"}), ("refuses", {"R2"})]


def test_ids_are_words_of_their_own() -> None:
    assert ids_in("R1, R12: and (R3). XR4 R5x AR-6 r7") == {"R1", "R12", "R3"}


@given(st.lists(st.text(max_size=200), max_size=4), st.lists(st.text(max_size=60), max_size=3))
def test_no_text_breaks_the_matrix_and_rows_are_the_criteria(texts: list[str], words: list[str]) -> None:
    carriers = [Carrier(frozenset(), text, text) for text in texts]
    rows = trace_matrix(SPEC, carriers, verdicts=words, audit=[("a", words)])
    assert [row.id for row in rows] == [criterion.id for criterion in SPEC.criteria]
    assert all(row.met_by <= row.candidates for row in rows)
