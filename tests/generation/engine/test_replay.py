"""Reading recorded problems, and the figures that are made of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.intervals import wilson
from apps.generation.engine.consensus import InputOrigin, PoolEntry, PoolInput
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import Outcome, OutcomeKind, outcome_from_value
from apps.generation.engine.replay.adversities import with_clones, with_flipped_tests
from apps.generation.engine.replay.evaluation import fold_of
from apps.generation.engine.replay.learning import taught_by
from apps.generation.engine.replay.questions import with_questions
from apps.generation.engine.replay.records import RecordInvalid, problem_read, problems_read
from apps.generation.engine.replay.selectors import Observed, decided, share
from apps.generation.engine.replay.statistics import (
    Calibrator,
    calibration_error,
    paired_bootstrap,
    reliability,
    threshold,
)

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def row(**parts):
    return {
        "task_id": "T/1",
        "prompt": "def double(n):\n",
        "entry_point": "double",
        "examples_in_prompt": [{"call": "double(2)", "expected": "4", "assert_line": "assert double(2) == 4"}],
        "samples": [
            {"model": "a", "code": "def double(n): return 2 * n", "labels": {"base": True, "plus": True}},
            {"model": "b", "code": "def double(n): return n", "labels": {"base": True, "plus": False}},
        ],
        "generated_tests": [
            {"model": "a", "call": "double(3)", "expected": "6", "n": 3, "assert_line": ""},
            {"model": "a", "call": "double(2)", "expected": "5", "n": 1, "assert_line": ""},
            {"model": "a", "call": "double(open('x'))", "expected": "6", "n": 1, "assert_line": ""},
        ],
        "canonical_solution": "    return n + n\n",
    } | parts


def test_a_line_becomes_a_problem_with_what_can_be_run_as_plain_data():
    problem = problem_read(row(), label="plus")
    assert [(e.call.args, e.expected.value) for e in problem.examples] == [((2,), 4)]
    assert [t.call.args for t in problem.tests] == [(3,)]  # neither an example again nor an expression
    assert [s.is_right for s in problem.samples] == [True, False]
    assert problem.reference == "def double(n):\n    return n + n\n"


def test_a_problem_without_labels_is_not_scored_and_says_why():
    samples = [{**sample, "labels": None} for sample in row()["samples"]]
    assert problem_read(row(samples=samples), label="plus").excluded == "no sample has a label"
    assert problem_read(row(exclude="slow"), label="plus").excluded == "slow"


def test_a_problem_that_lacks_a_named_model_is_left_out():
    _, (problem,) = problems_read(json.dumps(row()), label="plus", models=("a", "z"))
    assert problem.excluded == "no sample of z"
    assert problem.models == {"a"}


def test_where_no_sample_has_the_wanted_label_the_other_one_counts():
    samples = [{**sample, "labels": {"base": True}} for sample in row()["samples"]]
    assert problems_read(json.dumps(row(samples=samples)), label="plus", models=())[0] == "base"


@pytest.mark.parametrize("text", ["{", "{}", '{"task_id": "T/2"}', "[1]"])
def test_a_line_that_is_no_problem_is_refused(text):
    with pytest.raises(RecordInvalid):
        problems_read(text, label="plus", models=())


def test_clones_answer_as_their_model_does_and_flipped_tests_expect_something_else():
    problem = problem_read(row(), label="plus")
    cloned = with_clones(problem, "b", 2)
    assert [s.model for s in cloned.samples] == ["a", "b", "b (clone 1)", "b (clone 2)"]
    assert cloned.samples[3].code == problem.samples[1].code
    flipped = with_flipped_tests(problem, 1.0, seed=1)
    assert flipped.tests[0].expected.value == 7
    assert with_flipped_tests(problem, 0.0, seed=1) == problem


def test_expertise_starts_from_the_pool_and_moves_with_every_answer():
    seen = Observed(problem_read(row(), label="plus"), (), ((), ()))
    taught, surer = taught_by([seen]), taught_by([seen] * 20)
    learned, more = taught.expertise(seen), surer.expertise(seen)
    assert learned["a"] > 0.5 > learned["b"]
    assert more["a"] > learned["a"] and more["b"] < learned["b"]
    assert taught.best == "a"
    assert taught_by([]).best == ""


def test_the_fold_of_a_problem_depends_on_its_id_alone():
    assert {fold_of(f"T/{n}", 5) for n in range(100)} == set(range(5))
    assert fold_of("HumanEval/0", 5) == fold_of("HumanEval/0", 5)


@given(st.sets(st.integers(0, 9), min_size=1), st.integers(10, 12))
def test_shares_add_up_to_one(chosen, count):
    assert sum(share(sorted(chosen), count)) == pytest.approx(1)


@given(SHARES, st.integers(0, 9))
def test_the_bootstrap_repeats_and_stays_within_what_was_seen(differences, seed):
    found = paired_bootstrap(differences, seed=seed)
    assert found == paired_bootstrap(differences, seed=seed)
    assert min(differences) - 1e-9 <= found.low <= found.high <= max(differences) + 1e-9
    assert found.mean == pytest.approx(sum(differences) / len(differences))


def test_the_interval_of_a_rate_is_the_known_one():
    found = wilson(381, 381)
    assert found.low == pytest.approx(0.990, abs=5e-4)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@given(SHARES)
def test_probabilities_that_are_right_have_no_error_and_any_error_is_a_share(said):
    right = [float(p > 0.5) for p in said]
    assert calibration_error(reliability(right, right)) == pytest.approx(0)
    assert 0 <= calibration_error(reliability(said, right)) <= 1


def test_what_goes_with_being_right_raises_the_probability():
    features = [(0.9, 0.0), (0.8, 1.0), (0.2, 0.0), (0.1, 1.0)] * 10
    learned = Calibrator(features, [1.0, 1.0, 0.0, 0.0] * 10)
    assert learned.probability((0.9, 0.5)) > 0.8
    assert learned.probability((0.1, 0.5)) < 0.2
    assert Calibrator([], []).probability(()) == 0.5


def test_a_share_that_is_high_enough_by_luck_sets_no_threshold():
    said = [1 - n / 1000 for n in range(100)]
    assert threshold(said, [float(n != 50) for n in range(100)]) == said[-1]
    assert threshold(said, [float(n % 20 != 19) for n in range(100)]) == said[18]


def test_the_threshold_accepts_as_many_as_stay_right():
    said = [0.99, 0.98, 0.97, 0.5, 0.4]
    assert threshold(said, [1.0, 1.0, 1.0, 0.0, 1.0]) == 0.97
    assert threshold(said, [0.0] * 5) > 1


def asked_of(*rows, answers):
    """A problem without examples, its samples' values on as many fuzzed inputs, and what the reference returns."""
    samples = [
        {
            "model": f"m{n}",
            "code": f"def double(n): return {values}",
            "labels": {"base": True, "plus": n == len(rows) - 1},
        }
        for n, values in enumerate(rows)
    ]
    problem = problem_read(row(samples=samples, examples_in_prompt=[], generated_tests=[]), label="plus")
    inputs = tuple(PoolInput(CallInput((n,)), InputOrigin.FUZZ) for n in range(len(answers)))
    outcomes = tuple(tuple(Outcome(OutcomeKind.VALUE, value) for value in values) for values in rows)
    return Observed(problem, inputs, outcomes, tuple(answers))


def test_an_answer_overrules_the_majority_and_without_questions_it_stands():
    seen = asked_of([1, 1], [1, 1], [1, 2], answers=[Outcome(OutcomeKind.VALUE, 1), Outcome(OutcomeKind.VALUE, 2)])
    assert with_questions(seen, None, questions=0).weights == (0.5, 0.5, 0.0)
    assert with_questions(seen, None, questions=1).weights == (0.0, 0.0, 1.0)


def test_an_answer_that_nobody_gives_is_not_asked_for_again():
    """The first answer fits no sample, so all are left; the second question has to be another one."""
    answers = [Outcome(OutcomeKind.VALUE, 9), Outcome(OutcomeKind.VALUE, 2)]
    seen = asked_of([1, 1], [2, 1], [3, 2], answers=answers)
    assert with_questions(seen, None, questions=2).weights == (0.0, 0.0, 1.0)


def test_what_the_reference_refuses_is_not_asked():
    refused = Outcome(OutcomeKind.ERROR, error="ValueError")
    seen = asked_of([1], [1], [2], answers=[refused])
    assert with_questions(seen, None, questions=3) == with_questions(seen, None, questions=0)


@pytest.mark.parametrize("values", [(2, 3, 4), (4, 2, 3)])
def test_clusters_that_tie_share_the_choice_whatever_the_order_of_samples(values: tuple[int, ...]) -> None:
    inputs = [PoolInput(CallInput((1,)), InputOrigin.FUZZ)]
    pool = [PoolEntry(f"{at:04}", f"m{at}", f"d{at}", (outcome_from_value(value),)) for at, value in enumerate(values)]
    assert decided(pool, inputs).weights == pytest.approx((1 / 3, 1 / 3, 1 / 3))
