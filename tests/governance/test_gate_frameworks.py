"""The framework map of a gate: controls with what speaks to them now, and nothing that nobody measures."""

from __future__ import annotations

from dataclasses import replace

from django.urls import reverse

from apps.governance.engine.gates import EXPANSION, Comparison, Criterion
from apps.governance.engine.gates.frameworks import CONTROLS, framework_map
from apps.governance.services.gates import evidence_read
from tests.governance.committee import GOOD
from tests.people import signed_in


def test_every_criterion_of_the_built_in_gate_speaks_to_a_control():
    spoken = {key for one in framework_map(EXPANSION) for key in one.criteria}
    assert spoken == {one.key for one in EXPANSION.criteria}


def test_each_control_stands_once_and_names_its_framework():
    names = [(one.framework, one.reference) for one in CONTROLS]
    assert len(set(names)) == len(names)
    assert {framework for framework, _ in names} == {"NIST AI RMF", "ISO/IEC 42001", "EU AI Act"}


def test_a_criterion_counts_by_its_measure_and_a_control_that_nothing_speaks_to_is_left_out():
    own = Criterion("ours", "Ours", "quality.flake_rate", Comparison.BELOW, 0.1)
    found = framework_map(replace(EXPANSION, criteria=(own,), most_waivers=0))
    by_name = {one.control.reference: one for one in found}
    assert by_name["Art. 15"].criteria == ("ours",) and by_name["GOVERN 4.3"].criteria == ("ours",)
    assert by_name["Art. 14"].criteria == () and by_name["Art. 14"].parts == ("vote",)


def page(user, gate):
    return signed_in(user).get(reverse("governance:gate-detail", args=[gate.pk]))


def test_the_page_shows_each_row_as_it_is_now(committee, figures):
    figures.said["quality.flake_rate"] = replace(GOOD, value=0.2)
    gate = committee.request()
    assert "Not read yet." in page(committee.chair, gate).content.decode()
    evidence_read(gate_id=gate.pk, asked_by=None)
    answer = page(committee.chair, gate)
    rows = {one.control.reference: one.evidence for one in answer.context["frameworks"]}
    assert {"Flake rate": "not_met"}.items() <= {one.words: one.state for one in rows["Art. 15"]}.items()
    assert [one.words for one in rows["Art. 12"]] == ["the audit chain"]
    assert "no statement that the control is met" in answer.content.decode()


def test_the_audit_is_linked_only_for_who_may_read_it(committee):
    gate = committee.request()
    links = {
        user.username: [
            one.url
            for row in page(user, gate).context["frameworks"]
            for one in row.evidence
            if one.words == "the audit chain"
        ]
        for user in (committee.chair, committee.requester)
    }
    assert set(links["chair"]) == {reverse("governance:audit-list")} and set(links["requester"]) == {""}
