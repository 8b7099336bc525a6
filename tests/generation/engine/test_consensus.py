"""The laws of the choice: examples first, behaviour before text, and no dependence on order or copies."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.generation.engine.calibration import Calibration
from apps.generation.engine.consensus import (
    NOBODY_RUNS,
    NOTHING_COMPARED,
    Consensus,
    InputOrigin,
    PoolEntry,
    PoolInput,
    Standing,
    cluster_by_behaviour,
    decide_consensus,
)
from apps.generation.engine.inputs import CallInput
from apps.generation.engine.outcomes import (
    NOT_RUN,
    TIMEOUT,
    Expected,
    Outcome,
    OutcomeKind,
    outcome_from_value,
    outcome_meets,
)

EXAMPLE = PoolInput(CallInput((1,)), InputOrigin.EXAMPLE, Expected(2))
FUZZ = PoolInput(CallInput((10,)), InputOrigin.FUZZ)


def value(of: object) -> Outcome:
    return outcome_from_value(of)


def entry(name: str, *outcomes: Outcome, digest: str = "", prior: float = 0.5, weight: float = 1.0) -> PoolEntry:
    return PoolEntry(name, f"model-{name}", digest or name, outcomes, prior, weight)


def probability(decided: Consensus) -> float:
    assert decided.sureness is not None
    return Calibration().estimate(decided.sureness).probability


def test_the_baseline_is_the_best_model_of_those_that_pass_the_examples_most():
    pool = [
        replace(entry("a", value(2), value(11), digest="1"), trust=0.6, prior=0.9),
        replace(entry("b", value(2), value(20), digest="2"), trust=0.8, prior=0.1),
        replace(entry("c", value(3), value(20), digest="3"), trust=1.0, prior=1.0),
    ]
    assert decide_consensus(pool, [EXAMPLE, FUZZ]).baseline_selected == "b"


def test_two_wrong_answers_lose_to_one_that_passes_the_examples():
    pool = [
        entry("a", value(3), value(11)),
        entry("b", value(3), value(11), digest="other"),
        entry("c", value(2), value(20)),
    ]
    decided = decide_consensus(pool, [EXAMPLE, FUZZ])
    assert decided.selected == "c"
    assert decided.unweighted_selected == decided.baseline_selected == "c"
    assert "2 candidates pass fewer, whatever their number." in decided.reasons
    assert [(c.members, c.examples_passed) for c in decided.clusters] == [(("c",), 1), (("a", "b"), 0)]


@given(st.permutations(["a", "b", "c", "d"]))
def test_clusters_that_only_their_names_put_in_order_are_called_tied_whatever_the_names(names):
    pool = [
        entry(names[0], value(2), value(11)),
        entry(names[1], value(2), value(20)),
        entry(names[2], value(2), value(30), prior=0.4),
        entry(names[3], value(3), value(11), prior=0.9),
    ]
    decided = decide_consensus(pool, [EXAMPLE, FUZZ])
    tied = {name for cluster in decided.clusters if cluster.label in decided.tied for name in cluster.members}
    assert tied == set(names[:2])
    assert decided.selected == min(names[:2])


def test_among_those_that_pass_behaviour_decides():
    pool = [entry("a", value(2), value(11)), entry("b", value(2), value(20)), entry("c", value(2), value(20))]
    decided = decide_consensus(pool, [EXAMPLE, FUZZ])
    assert decided.selected == "b"
    assert decided.clusters[0].members == ("b", "c")
    assert decided.distinguishing is not None
    assert decided.distinguishing.input == FUZZ
    assert [o.outcome.value for o in decided.distinguishing.outputs] == [20, 11]


def test_copies_of_one_program_do_not_outvote_two_different_ones():
    copies = [entry(f"c{n}", value(2), value(11), digest="same") for n in range(4)]
    others = [entry("x", value(2), value(20)), entry("y", value(2), value(20))]
    assert decide_consensus([*copies, *others], [EXAMPLE, FUZZ]).selected == "x"
    assert decide_consensus([*copies, *others], [EXAMPLE, FUZZ]).selectors["text_majority"] == "c0"


def test_the_weight_of_an_author_counts_and_the_unweighted_choice_is_shown_beside():
    pool = [
        entry("a", value(2), value(11), weight=5.0),
        entry("b", value(2), value(20)),
        entry("c", value(2), value(20), digest="c"),
    ]
    decided = decide_consensus(pool, [EXAMPLE, FUZZ])
    assert (decided.selected, decided.unweighted_selected) == ("a", "b")


def test_the_prior_decides_only_what_behaviour_leaves_open():
    pool = [entry("a", value(2), value(1), prior=0.2), entry("b", value(2), value(2), prior=0.9)]
    decided = decide_consensus(pool, [EXAMPLE, FUZZ])
    assert decided.selected == "b"
    assert decide_consensus([entry("a", value(2)), entry("b", value(2), prior=0.9)], [EXAMPLE]).selected == "b"
    assert decide_consensus([entry("b", value(2)), entry("a", value(2))], [EXAMPLE]).selected == "a"


def test_agreeing_on_time_outs_and_crashes_is_no_agreement():
    broken = outcome_from_value(error="NameError: x", has_value=False)
    pool = [
        entry("a", TIMEOUT, TIMEOUT),
        entry("b", TIMEOUT, TIMEOUT),
        entry("c", value(1), value(2)),
        entry("d", broken, broken),
        entry("e", broken, broken),
        entry("f", broken, broken),
    ]
    assert decide_consensus(pool, [FUZZ, FUZZ]).selected == "c"


def test_a_time_out_is_not_the_same_as_a_wrong_answer():
    pool = [entry("a", TIMEOUT), entry("b", outcome_from_value(error="ValueError: x", has_value=False))]
    assert len(cluster_by_behaviour(pool, [FUZZ])) == 2


def test_generated_tests_break_a_tie_but_examples_outrank_them():
    generated = PoolInput(CallInput((4,)), InputOrigin.GENERATED_TEST, Expected(8))
    tie = [entry("a", value(2), value(5)), entry("b", value(2), value(8))]
    assert decide_consensus(tie, [EXAMPLE, generated]).selected == "b"
    against = [entry("a", value(2), value(5)), entry("b", value(3), value(8))]
    assert decide_consensus(against, [EXAMPLE, generated]).selected == "a"


def test_an_expected_exception_is_met_by_its_type():
    refused = PoolInput(CallInput((-1,)), InputOrigin.EXAMPLE, Expected(raises="ValueError"))
    pool = [
        entry("a", outcome_from_value(error="ValueError: negative", has_value=False)),
        entry("b", outcome_from_value(error="TypeError: negative", has_value=False)),
        entry("c", value(None)),
    ]
    decided = decide_consensus(pool, [refused])
    assert decided.selected == "a"
    assert len(decided.clusters) == 3


def test_floats_agree_within_tolerance_and_mutation_is_seen():
    assert len(cluster_by_behaviour([entry("a", value(0.1 + 0.2)), entry("b", value(0.3))], [FUZZ])) == 1
    changed = outcome_from_value(None, mutated=([1, 2],))
    assert len(cluster_by_behaviour([entry("a", value(None)), entry("b", changed)], [FUZZ])) == 2


def test_without_any_behaviour_the_prior_chooses_and_it_is_said():
    pool = [entry("a", prior=0.3), entry("b", prior=0.8)]
    decided = decide_consensus(pool, [])
    assert decided.selected == "b"
    assert decided.reasons == (NOTHING_COMPARED,) == ("No behaviour could be compared.",)
    assert (decided.sureness, decided.standing) == (None, Standing.NOT_COMPARED)
    nothing = decide_consensus([entry("a", NOT_RUN), entry("b", TIMEOUT)], [FUZZ])
    assert nothing.reasons == (NOTHING_COMPARED,)


def test_an_empty_pool_selects_nothing():
    nobody = decide_consensus([], [EXAMPLE])
    assert (nobody.selected, nobody.sureness, nobody.standing) == (None, None, Standing.NOBODY)


@pytest.mark.parametrize(("outcomes", "inputs"), [((value(2),), [EXAMPLE]), ((value(9),), [EXAMPLE]), ((), [])])
def test_one_candidate_alone_is_chosen_and_nothing_says_how_sure_it_is(outcomes, inputs):
    decided = decide_consensus([entry("a", *outcomes)], inputs)
    assert (decided.selected, decided.sureness, decided.standing) == ("a", None, Standing.SINGLE)
    assert not any("weighted vote" in reason for reason in decided.reasons)


def test_the_standing_says_whether_those_who_were_compared_agree():
    alike = decide_consensus([entry("a", value(2)), entry("b", value(2))], [EXAMPLE])
    apart = decide_consensus([entry("a", value(2)), entry("b", value(3))], [EXAMPLE])
    assert (alike.standing, apart.standing) == (Standing.AGREED, Standing.DIVIDED)
    assert probability(alike) > probability(apart)


BROKEN = [
    outcome_from_value(error=f"{name}: x", has_value=False)
    for name in ("SystemExit", "ModuleNotFoundError", "NameError", "RecursionError", "Unrepresentable")
]


@pytest.mark.parametrize("others", [0, 1, 3])
@pytest.mark.parametrize("broken", BROKEN)
def test_candidates_that_run_on_no_input_never_agree(broken: Outcome, others: int):
    pool = [entry(name, broken, broken) for name in "abcd"[: others + 1]]
    decided = decide_consensus(pool, [EXAMPLE, FUZZ])
    assert (decided.standing, decided.sureness) == (Standing.FAILED, None)
    assert decided.reasons == (NOBODY_RUNS,)


def test_candidates_that_fail_in_different_ways_are_not_divided_either():
    decided = decide_consensus([entry("a", BROKEN[0]), entry("b", BROKEN[1]), entry("c", TIMEOUT)], [FUZZ])
    assert (decided.standing, decided.sureness) == (Standing.FAILED, None)


def test_an_exception_that_an_example_asks_for_is_a_behaviour():
    wanted = PoolInput(CallInput((1,)), InputOrigin.EXAMPLE, Expected(raises="SystemExit"))
    decided = decide_consensus([entry("a", BROKEN[0]), entry("b", BROKEN[0])], [wanted])
    assert decided.standing is Standing.AGREED


def test_one_that_works_is_evidence_beside_those_that_do_not():
    decided = decide_consensus([entry("a", BROKEN[0]), entry("b", BROKEN[0]), entry("c", value(2))], [EXAMPLE])
    assert (decided.selected, decided.standing) == ("c", Standing.DIVIDED)


def test_other_behaviours_are_counted_in_words():
    def last(*outcomes: int, given: PoolInput = EXAMPLE) -> str:
        pool = [entry(str(n), value(2), value(one)) for n, one in enumerate(outcomes)]
        return decide_consensus(pool, [given, FUZZ]).reasons[-1]

    assert last(1, 2) == "1 other behaviour passes as many examples."
    assert last(1, 2, 3) == "2 other behaviours pass as many examples."
    assert "examples" not in last(1, 2, given=FUZZ)


def test_what_fails_an_example_is_hardly_right():
    failing = decide_consensus([entry("a", value(7)), entry("b", value(7))], [EXAMPLE])
    assert probability(failing) < 0.3
    assert failing.sureness.failed == 1.0


def test_mistaken_calls_are_refused():
    with pytest.raises(ValueError, match="share"):
        decide_consensus([entry("a"), entry("a")], [])
    with pytest.raises(ValueError, match="outcome"):
        decide_consensus([entry("a")], [FUZZ])


def test_more_examples_and_more_agreement_raise_the_probability():
    one = decide_consensus([entry("a", value(2)), entry("b", value(3))], [EXAMPLE])
    two = decide_consensus([entry("a", value(2)), entry("b", value(2))], [EXAMPLE])
    more = decide_consensus([entry("a", value(2), value(2)), entry("b", value(2), value(2))], [EXAMPLE, EXAMPLE])
    many = decide_consensus([entry(name, value(2), value(2)) for name in "abcdefgh"], [EXAMPLE, EXAMPLE])
    assert probability(one) < probability(two) < probability(more) < probability(many)


def test_what_stands_behind_a_choice_does_not_depend_on_the_scale_of_weights():
    pool = [entry("a", value(2)), entry("b", value(2)), entry("c", value(3))]
    light = [replace(one, weight=one.weight / 50) for one in pool]
    assert decide_consensus(light, [FUZZ]).sureness.figures == pytest.approx(
        decide_consensus(pool, [FUZZ]).sureness.figures
    )


def test_the_smallest_distinguishing_input_is_shown():
    inputs = [PoolInput(CallInput((text,)), InputOrigin.FUZZ) for text in ("long text", "ab", "abc")]
    pool = [entry("a", value(1), value(1), value(1)), entry("b", value(2), value(2), value(2))]
    decided = decide_consensus(pool, inputs)
    assert decided.distinguishing is not None
    assert decided.distinguishing.input.call.args == ("ab",)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("timeout", OutcomeKind.TIMEOUT),
        ("signal", OutcomeKind.ERROR),
        ("oom", OutcomeKind.ERROR),
        ("infra", OutcomeKind.NOT_RUN),
        ("exit", OutcomeKind.NOT_RUN),
    ],
)
def test_a_run_without_a_value_is_told_by_how_it_ended(status, kind):
    assert outcome_from_value(has_value=False, status=status).kind is kind


def test_values_without_a_plain_form_are_kept_apart():
    loop: list[object] = []
    loop.append(loop)
    assert outcome_from_value(loop).kind is OutcomeKind.UNREPRESENTABLE
    assert outcome_from_value(object()).kind is OutcomeKind.UNREPRESENTABLE


outcomes = st.sampled_from(
    [
        value(1),
        value(2),
        value(1.0 + 1e-10),
        value([1]),
        value(None),
        TIMEOUT,
        NOT_RUN,
        outcome_from_value(error="ValueError: x", has_value=False),
        outcome_from_value(error="NameError: x", has_value=False),
        outcome_from_value(None, mutated=([1],)),
        outcome_from_value(object()),
    ]
)
INPUTS = [
    PoolInput(CallInput((0,)), InputOrigin.EXAMPLE, Expected(1)),
    PoolInput(CallInput((1,)), InputOrigin.EXAMPLE, Expected(raises="ValueError")),
    PoolInput(CallInput((2,)), InputOrigin.GENERATED_TEST, Expected(1)),
    PoolInput(CallInput((3,)), InputOrigin.FUZZ),
]


@st.composite
def pools(draw):
    size = draw(st.integers(1, 7))
    return [
        PoolEntry(
            f"c{n}",
            draw(st.sampled_from("mno")),
            draw(st.sampled_from("xyz")),
            tuple(draw(outcomes) for _ in INPUTS),
            draw(st.sampled_from([0.1, 0.5, 0.9])),
            draw(st.sampled_from([0.5, 1.0, 2.0])),
        )
        for n in range(size)
    ]


def passed(candidate: PoolEntry) -> int:
    return sum(
        outcome_meets(outcome, item.expected)
        for outcome, item in zip(candidate.outcomes, INPUTS, strict=True)
        if item.origin is InputOrigin.EXAMPLE
    )


@given(pools(), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_pool_does_not_matter(pool, random):
    shuffled = list(pool)
    random.shuffle(shuffled)
    assert decide_consensus(pool, INPUTS) == decide_consensus(shuffled, INPUTS)


@given(pools())
@settings(max_examples=200, deadline=None)
def test_nobody_passes_more_examples_than_the_selected(pool):
    decided = decide_consensus(pool, INPUTS)
    by_id = {candidate.id: candidate for candidate in pool}
    for choice in (decided.selected, decided.unweighted_selected, decided.baseline_selected):
        assert passed(by_id[choice]) == max(passed(candidate) for candidate in pool)
    assert (decided.sureness is None) is (decided.standing not in {Standing.AGREED, Standing.DIVIDED})
    assert decided.sureness is None or all(map(isfinite, decided.sureness.figures))
    assert decided.clusters == () or abs(sum(c.share for c in decided.clusters) - 1) < 1e-9


@given(pools(), st.integers(0, 6), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_clones_never_move_the_choice_to_a_worse_examples_score(pool, index, copies):
    before = decide_consensus(pool, INPUTS)
    original = pool[index % len(pool)]
    clones = [replace(original, id=f"z{n}") for n in range(copies)]
    after = decide_consensus([*pool, *clones], INPUTS)
    by_id = {candidate.id: candidate for candidate in [*pool, *clones]}
    assert passed(by_id[after.selected]) == passed(by_id[before.selected])


@given(pools())
@settings(max_examples=150, deadline=None)
def test_clusters_part_the_pool_and_the_distinguishing_input_distinguishes(pool):
    decided = decide_consensus(pool, INPUTS)
    members = [member for cluster in decided.clusters for member in cluster.members]
    assert sorted(members) == (sorted(c.id for c in pool) if decided.clusters else [])
    if decided.distinguishing is not None:
        first, second = decided.distinguishing.outputs[:2]
        assert first.outcome != second.outcome
