"""What gates ask for, in versions: criteria that change, go and come, tried on gates, published by a second person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.clock import now
from apps.governance.engine.gates import EXPANSION, Comparison, Criterion, State, definition_content
from apps.governance.engine.gates.changes import Kept, Sort, definition_changes, definition_try
from apps.governance.errors import GateInvalid
from apps.governance.measures import Measure, Reading, Shape
from apps.governance.models import Gate, GateDefinitionVersion
from apps.governance.selectors.gate_definitions import definition_edits
from apps.governance.services.gates import evidence_read, gate_definition_propose
from apps.governance.types import Role
from tests.governance.committee import GOOD
from tests.people import signed_in

PATH = "/governance/gates/definitions"
NOW = now()
LINT = EXPANSION.criteria[0]


# --- The engine ------------------------------------------------------------------------------------------------------

subsets = st.sets(st.sampled_from([one.key for one in EXPANSION.criteria]), min_size=9)
thresholds = st.sampled_from([0.5, 0.8, 0.95])


def measure(key):
    return Measure(key, key, "d", Shape.RATE, "%", "Tests", lambda *_: GOOD)


def kept_of(criterion, value, n=400):
    reading = Reading(value, n=n, as_of=NOW)
    return Kept(criterion.key, criterion.key, criterion.measure, criterion.window, False, reading)


def of(keys, threshold):
    chosen = tuple(one for one in EXPANSION.criteria if one.key in keys)
    required = replace(chosen[0], threshold=threshold, is_required=True)
    return replace(EXPANSION, criteria=(required, *chosen[1:]), most_waivers=0)


@settings(deadline=None)
@given(subsets, subsets, thresholds, thresholds)
def test_changes_name_each_criterion_that_comes_goes_or_changes_and_no_other(one, other, low, high):
    before, after = of(one, low), of(other, high)
    changes = definition_changes(before, after, {})
    titles = {sort: {change.title for change in changes if change.sort is sort} for sort in Sort}
    named = {criterion.title: criterion for criterion in EXPANSION.criteria}
    assert {named[title].key for title in titles[Sort.ADDED]} == other - one
    assert {named[title].key for title in titles[Sort.TAKEN_AWAY]} == one - other
    assert {named[title].key for title in titles[Sort.CHANGED]} == {
        key for key in one & other if before.find(key) != after.find(key)
    }
    assert definition_changes(before, before, {}) == ()


@settings(deadline=None)  # a busy machine is no fault of the engine
@given(subsets, thresholds, st.floats(0, 1))
def test_a_definition_beside_itself_changes_no_row(keys, threshold, value):
    definition = of(keys, threshold)
    kept = tuple(kept_of(one, value) for one in definition.criteria)
    known = {one.measure: measure(one.measure) for one in definition.criteria}
    tried = definition_try(definition, definition, kept, known, NOW)
    assert [row for row in tried if row.is_changed] == []


def states(before, after, kept):
    known = {one.measure: measure(one.measure) for one in EXPANSION.criteria}
    return {
        row.key: (row.before and row.before.state, row.after and row.after.state)
        for row in definition_try(before, after, kept, known, NOW)
        if row.is_changed
    }


def test_a_row_is_judged_under_both_and_a_further_one_by_a_reading_of_its_measure():
    kept = (kept_of(LINT, 0.97), kept_of(EXPANSION.find("types"), 1.0))
    stricter = replace(EXPANSION, criteria=(replace(LINT, threshold=0.98), *EXPANSION.criteria[1:]))
    assert states(EXPANSION, stricter, kept) == {"lint": (State.INSUFFICIENT_DATA, State.NOT_MET)}
    longer = replace(EXPANSION, criteria=(replace(LINT, window_days=30), *EXPANSION.criteria[1:]))
    assert states(EXPANSION, longer, kept) == {"lint": (State.INSUFFICIENT_DATA, None)}
    fewer = replace(EXPANSION, criteria=EXPANSION.criteria[1:])
    assert states(EXPANSION, fewer, kept) == {"lint": (State.INSUFFICIENT_DATA, None)}
    more = Criterion("more-types", "More types", "generation.type_pass", Comparison.AT_LEAST, 0.5)
    wider = replace(EXPANSION, criteria=(*EXPANSION.criteria, more))
    assert states(EXPANSION, wider, kept) == {"more-types": (None, State.MET)}
    unread = replace(more, window_days=7)
    assert states(EXPANSION, replace(EXPANSION, criteria=(*EXPANSION.criteria, unread)), kept) == {}


def test_an_error_stays_an_error_and_flagships_are_rows_of_their_own():
    coverage = EXPANSION.find("coverage_line")
    places = tuple(
        Kept(
            f"coverage_line:{place}",
            "coverage_line",
            coverage.measure,
            timedelta(days=30),
            True,
            Reading(value, n=9, as_of=NOW) if value else None,
            "" if value else "The report is away.",
        )
        for place, value in ((1, 0.93), (2, None))
    )
    stricter = replace(
        EXPANSION,
        criteria=tuple(
            replace(one, threshold=0.95) if one.key == "coverage_line" else one for one in EXPANSION.criteria
        ),
    )
    minimum = replace(measure(coverage.measure), shape=Shape.MINIMUM)
    tried = definition_try(EXPANSION, stricter, places, {coverage.measure: minimum}, NOW)
    rows = {row.key: (row.before.state, row.after.state) for row in tried if row.before}
    assert rows["coverage_line:1"] == (State.MET, State.NOT_MET)
    assert rows["coverage_line:2"] == (State.ERROR, State.ERROR)


# --- The pages -------------------------------------------------------------------------------------------------------


def definition_words(committee, **changes):
    from_form = {"needed": 4, "quorum": 4, "most_waivers": 1, "vote_days": 14, "reason": "Fewer waivers."}
    rows = {}
    for at, one in enumerate(EXPANSION.criteria):
        rows |= {
            f"criteria-{at}-key": one.key,
            f"criteria-{at}-threshold": one.threshold,
            f"criteria-{at}-minimum_n": one.minimum_n,
            f"criteria-{at}-window_days": one.window_days,
        }
        rows |= {f"criteria-{at}-is_required": "on"} if one.is_required else {}
    count = {"criteria-TOTAL_FORMS": len(EXPANSION.criteria), "criteria-INITIAL_FORMS": len(EXPANSION.criteria)}
    none = {"further-TOTAL_FORMS": 0, "further-INITIAL_FORMS": 0}
    return {**from_form, **rows, **count, **none, **changes}


def further(**changes):
    words = {
        "measure": "generation.test_pass",
        "title": "Tests pass, lately",
        "comparison": "at_least",
        "threshold": 0.9,
        "minimum_n": 10,
        "window_days": 90,
        "is_required": "on",
        **changes,
    }
    count = {"further-TOTAL_FORMS": 1, "further-INITIAL_FORMS": 0}
    return {**count, **{f"further-0-{key}": one for key, one in words.items()}}


def test_two_people_change_what_gates_ask_for_on_the_page(committee):
    path = PATH
    lead = signed_in(committee.lead)
    assert "built-in definition" in lead.get(path).content.decode()
    impossible = lead.post(path, definition_words(committee, **{"criteria-0-threshold": 1}))
    assert impossible.status_code == 422 and "no number of observations" in impossible.content.decode()
    minority = lead.post(path, definition_words(committee, needed=3))
    assert minority.status_code == 422 and "more than half" in minority.content.decode()
    assert signed_in(committee.people["legal"]).post(path, definition_words(committee)).status_code == 403
    assert lead.post(path, definition_words(committee)).status_code == 302
    version = GateDefinitionVersion.objects.get()
    assert version.content == {**definition_content(EXPANSION), "most_waivers": 1}
    publish = reverse("governance:gate-definition-publish", args=[version.pk])
    assert lead.post(publish, {"digest": version.content_digest}).status_code == 403
    assert signed_in(committee.chair).post(publish, {"digest": "0"}).status_code == 409
    assert signed_in(committee.chair).post(publish, {"digest": version.content_digest}).status_code == 302
    assert committee.request().definition == version


def test_criteria_are_taken_away_and_added_by_two_people(committee):
    lead = signed_in(committee.lead)
    answer = lead.post(PATH, definition_words(committee, **{"criteria-8-is_taken_away": "on"}, **further()))
    version = GateDefinitionVersion.objects.get()
    assert answer["Location"] == f"{PATH}/{version.pk}"
    keys = [one["key"] for one in version.content["criteria"]]
    assert EXPANSION.criteria[8].key == "mutation" and "mutation" not in keys
    assert version.content["criteria"][-1] == {
        "key": "tests-pass-lately",
        "title": "Tests pass, lately",
        "measure": "generation.test_pass",
        "comparison": "at_least",
        "threshold": 0.9,
        "minimum_n": 10,
        "window_days": 90,
        "counted": ["observation", "observations"],
        "good": ["good observation", "good observations"],
        "is_required": True,
        "per_flagship": False,
    }
    page = signed_in(committee.chair).get(f"{PATH}/{version.pk}").content.decode()
    assert "taken away" in page and "Mutation score" in page and "Tests pass, lately" in page
    publish = reverse("governance:gate-definition-publish", args=[version.pk])
    assert publish in page and publish not in lead.get(f"{PATH}/{version.pk}").content.decode()
    assert signed_in(committee.chair).post(publish, {"digest": version.content_digest}).status_code == 302
    gate = committee.request()
    evidence_read(gate_id=gate.pk, asked_by=None)
    read = set(gate.readings.values_list("key", flat=True))
    assert "tests-pass-lately" in read and "mutation" not in read


def test_a_gate_keeps_its_criteria_whatever_is_published_meanwhile(committee):
    gate = committee.opened()
    test_criteria_are_taken_away_and_added_by_two_people(committee)
    evidence_read(gate_id=gate.pk, asked_by=None)
    assert "mutation" in set(gate.readings.filter(batch=2).values_list("key", flat=True))


def test_who_edited_a_definition_within_the_window_is_flagged_on_the_gates_made_with_it(committee):
    test_criteria_are_taken_away_and_added_by_two_people(committee)
    gate = committee.request()
    committee.seat(gate)
    page = signed_in(committee.people["legal"]).get(f"/governance/gates/{gate.pk}")
    (edit,) = page.context["edits"]
    assert (edit.proposer, edit.publisher, edit.seated) == ("lead", "chair", ("chair",))
    html = page.content.decode()
    assert "lead proposed and chair published" in html and "chair sits on this gate." in html


def test_a_built_in_or_an_old_definition_flags_nobody(committee):
    gate = committee.request()
    assert signed_in(committee.chair).get(f"/governance/gates/{gate.pk}").context["edits"] == []
    test_criteria_are_taken_away_and_added_by_two_people(committee)
    later = Gate.objects.exclude(pk=gate.pk).get()
    later.requested_at += timedelta(days=181)
    assert definition_edits(later) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (further(measure="made.up"), "is not one of the available choices"),
        (further(title=""), "Give it a title."),
        (further(threshold=""), "Say what it asks for."),
        (further(threshold=7), "a rate lies between 0 and 100 %"),
        ({f"criteria-{at}-is_taken_away": "on" for at in range(14)}, "between 1 and 40 criteria"),
        ({**further(), "reason": ""}, "Say why the definition shall change."),
    ],
    ids=["unknown", "title", "threshold", "rate", "none", "reason"],
)
def test_what_is_no_definition_comes_back_with_its_words(committee, changes, words):
    answer = signed_in(committee.lead).post(PATH, definition_words(committee, **changes))
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not GateDefinitionVersion.objects.exists()


def test_without_a_measure_nothing_is_added(committee):
    signed_in(committee.lead).post(PATH, definition_words(committee, **further(measure="", title="", threshold="")))
    assert len(GateDefinitionVersion.objects.get().content["criteria"]) == len(EXPANSION.criteria)


def test_nothing_that_nobody_measures_comes_in_by_the_service_either(committee):
    made_up = Criterion("made-up", "Made up", "made.up", Comparison.AT_LEAST, 0.5)
    with pytest.raises(GateInvalid, match=r"Nothing measures made\.up"):
        gate_definition_propose(
            scope=committee.organisation,
            template="expansion",
            definition=replace(EXPANSION, criteria=(*EXPANSION.criteria, made_up)),
            reason="Because.",
            actor=committee.lead,
            is_interactive=True,
        )


def test_trying_says_which_rows_would_change_and_saves_nothing(committee, figures):
    figures.said["generation.approval_rate"] = replace(GOOD, value=0.96, n=175)
    gate = committee.request()
    evidence_read(gate_id=gate.pk, asked_by=None)
    changes = {"criteria-3-threshold": 0.97, "try": "1", "reason": "", **further()}
    answer = signed_in(committee.lead).post(PATH, definition_words(committee, **changes))
    html = answer.content.decode()
    assert answer.status_code == 200 and not GateDefinitionVersion.objects.exists()
    assert {row.key for row in answer.context["tried"]["trials"][0].changed} == {"approval", "tests-pass-lately"}
    assert '<strong class="num">2</strong> rows of the newest 1 gate would be otherwise' in html
    assert "96 % is not at least 97 %" in html and "nothing is saved" in html
    assert 'value="0.97"' in html
    refused = signed_in(committee.people["legal"]).post(PATH, definition_words(committee, **changes))
    assert refused.status_code == 403


def test_a_version_of_others_does_not_exist(committee, person, other_scope):
    signed_in(committee.lead).post(PATH, definition_words(committee))
    version = GateDefinitionVersion.objects.get()
    stranger = person("stranger", Role.ENGINEER, where=other_scope)
    assert signed_in(stranger).get(f"{PATH}/{version.pk}").status_code == 404


def test_trying_costs_the_same_on_five_gates_and_on_more(committee):
    lead = signed_in(committee.lead)

    def queries():
        with CaptureQueriesContext(connection) as found:
            lead.post(PATH, definition_words(committee, **{"try": "1"}))
        return len(found)

    for _ in range(5):
        evidence_read(gate_id=committee.request().pk, asked_by=None)
    queries()
    before = queries()
    for _ in range(3):
        evidence_read(gate_id=committee.request().pk, asked_by=None)
    assert queries() == before
