"""The laws of the graph: cycles, layers, cuts; and a picture that no name can break."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.checks.types import ImportEdge, ImportGraph
from apps.evolution.engine import dry_run, suggestions
from apps.evolution.engine.graph import analyse, dependants, graph_json, graph_of, reachable, strong_components, without
from apps.evolution.engine.picture import OTHERS, dot, picture, quoted, summary

NAMES = ("a", "a.b", "a.c", "a.c.d", "e", "e.f", "g")
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))


@st.composite
def graphs(draw: st.DrawFn) -> ImportGraph:
    pairs = draw(st.sets(PAIRS, max_size=25))
    lines = st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True).map(sorted).map(tuple)
    return ImportGraph(NAMES, tuple(ImportEdge(*pair, draw(lines)) for pair in sorted(pairs)))


def graph_from(*pairs: str) -> ImportGraph:
    edges = sorted(tuple(pair.split(">")) for pair in pairs)
    return ImportGraph(
        tuple(sorted({name for edge in edges for name in edge})), tuple(ImportEdge(*edge, (1,)) for edge in edges)
    )


@given(graphs())
def test_two_modules_are_in_one_cycle_exactly_when_each_reaches_the_other(graph):
    following = {name: [edge.imported for edge in graph.imports if edge.importer == name] for name in graph.modules}
    reach = {name: reachable(following, name) for name in graph.modules}
    component_of = {
        name: component
        for component in strong_components(graph.modules, {(edge.importer, edge.imported) for edge in graph.imports})
        for name in component
    }
    assert set(component_of) == set(graph.modules)
    for one in graph.modules:
        for other in graph.modules:
            assert (component_of[one] == component_of[other]) == (other in reach[one] and one in reach[other])


@given(graphs())
def test_an_import_never_leads_upwards_and_stays_in_its_layer_only_within_a_cycle(graph):
    analysis = analyse(graph)
    layer = {module.name: module.layer for module in analysis.modules}
    for edge in graph.imports:
        if edge.importer != edge.imported:
            inside = analysis.is_in_cycle(edge.importer, edge.imported)
            assert (
                layer[edge.importer] == layer[edge.imported] if inside else layer[edge.importer] > layer[edge.imported]
            )
    assert sum(map(len, analysis.layers)) == len(graph.modules)
    assert all(analysis.layers)


@given(graphs())
def test_fan_in_and_fan_out_count_the_same_imports(graph):
    modules = analyse(graph).modules
    count = sum(edge.importer != edge.imported for edge in graph.imports)
    assert sum(module.fan_in for module in modules) == sum(module.fan_out for module in modules) == count
    assert all(module.instability is None or 0 <= module.instability <= 1 for module in modules)


@given(graphs())
def test_without_the_cut_no_cycle_is_left_and_nothing_in_it_is_superfluous(graph):
    analysis = analyse(graph)
    cut = [edge for found in suggestions.opportunities(analysis) for edge in found.cut]
    pairs = {(edge.importer, edge.imported) for edge in cut}
    assert not analyse(without(graph, pairs)).cycles
    for pair in pairs:
        assert analyse(without(graph, pairs - {pair})).cycles
        assert analysis.is_in_cycle(*pair)


@given(graphs())
def test_each_import_of_the_cut_is_among_the_shortest_of_a_circle_it_closes(graph):
    analysis = analyse(graph)
    for found in suggestions.opportunities(analysis):
        cut = {(edge.importer, edge.imported) for edge in found.cut}
        for edge in found.cut:
            kept: dict[str, list[str]] = {}
            for other in graph.imports:
                if (other.importer, other.imported) not in cut and len(other.lines) >= len(edge.lines):
                    kept.setdefault(other.importer, []).append(other.imported)
            assert edge.importer in reachable(kept, edge.imported)


@given(graphs())
def test_a_plan_rehearsed_on_its_own_graph_is_ready_and_on_the_target_is_done(graph):
    analysis = analyse(graph)
    steps = [step.as_json() for step in suggestions.steps(analysis, suggestions.opportunities(analysis))]
    target = without(graph, {(step["importer"], step["imported"]) for step in steps})
    if steps:
        assert dry_run.rehearse(graph, steps, paths=()).status == "ready"
        assert dry_run.rehearse(target, steps, paths=()).status == "done"
    assert dry_run.rehearse(target, steps, paths=()).cycles_after == 0


@given(graphs())
def test_a_graph_comes_back_from_how_it_is_stored(graph):
    assert graph_of(graph_json(graph)) == graph


@given(graphs(), st.integers(2, 8), st.integers(0, 20))
def test_a_picture_never_has_more_than_was_asked_for_and_loses_no_module(graph, boxes, arrows):
    shown = picture(analyse(graph), max_boxes=boxes, max_arrows=arrows)
    assert len(shown.boxes) <= boxes
    assert len(shown.arrows) <= arrows
    assert sum(box.modules for box in shown.boxes) == len(graph.modules)


@given(st.text(max_size=60))
def test_a_name_in_the_picture_is_one_quoted_string(name):
    text = quoted(name)
    assert re.fullmatch(r'"(?:[^"\\\n]|\\[\\"])*"', text)
    assert not re.search(r"&(?!amp;)", text)


def test_a_chain_deeper_than_pythons_stack_is_analysed():
    names = tuple(f"m{number:05}" for number in range(5000))
    edges = [ImportEdge(one, two, (1,)) for one, two in pairwise(names)]
    assert analyse(ImportGraph(names, tuple(edges))).depth == 5000
    ring = ImportGraph(names, (*edges, ImportEdge(names[-1], names[0], (1,))))
    assert analyse(ring).cycles == (names,)


def test_the_import_with_the_fewest_lines_is_given_up():
    graph = ImportGraph(
        ("a", "b", "c"),
        (ImportEdge("a", "b", (1, 2, 3)), ImportEdge("b", "c", (4,)), ImportEdge("c", "a", (5, 6))),
    )
    [found] = suggestions.opportunities(analyse(graph))
    assert [(edge.importer, edge.imported) for edge in found.cut] == [("b", "c")]
    assert found.lines == 1


def test_steps_say_what_to_do_by_how_the_modules_lie_to_each_other():
    kinds = {}
    for graph in (graph_from("p>p.a", "p.a>q", "q>p"), graph_from("m>n", "n>m")):
        analysis = analyse(graph)
        for step in suggestions.steps(analysis, suggestions.opportunities(analysis)):
            kinds[step.importer, step.imported] = (step.migration_type, step.risk, step.estimate_hours)
    assert kinds == {("q", "p"): ("invert_dependency", "high", 2), ("n", "m"): ("invert_dependency", "high", 2)}
    parent = suggestions.steps(
        analyse(graph_from("p>p.a", "p.a>p")), suggestions.opportunities(analyse(graph_from("p>p.a", "p.a>p")))
    )
    assert [step.migration_type for step in parent] == ["import_submodule"]


def test_dependants_are_found_through_others():
    graph = graph_from("a>b", "b>c", "d>e")
    assert dependants(graph, "c") == {"a", "b"}
    assert dependants(graph, "a") == frozenset()


def test_the_sentence_names_the_largest_cycle():
    assert summary(analyse(graph_from("a>b"))) == "2 modules and 1 import between them in 2 layers; no import cycle."
    assert "one import cycle, through a, b." in summary(analyse(graph_from("a>b", "b>a")))
    many = analyse(graph_from("a>b", "b>c", "c>d", "d>a", "x>y", "y>x"))
    assert "2 import cycles, the largest through a, b, c and 1 more." in summary(many)


def test_modules_beyond_the_limit_stand_behind_their_package_and_packages_behind_one_box():
    graph = graph_from("p.a>p.b", "p.b>q.a", "q.a>p.a", "r>p.a")
    shown = picture(analyse(graph), max_boxes=3)
    assert [(box.name, box.modules, box.has_cycle) for box in shown.boxes] == [
        ("p", 2, True),
        ("q", 1, True),
        ("r", 1, False),
    ]
    assert [(arrow.importer, arrow.imported, arrow.is_cycle) for arrow in shown.arrows] == [
        (0, 1, True),
        (1, 0, True),
        (2, 0, False),
    ]
    assert OTHERS in {box.name for box in picture(analyse(graph), max_boxes=2).boxes}


def test_a_cycle_differs_from_other_imports_by_more_than_colour():
    text = dot(picture(analyse(graph_from("a>b", "b>a", "c>a"))))
    assert text.count("style=dashed") == 2
    assert text.count('class="in-cycle"') == 2
