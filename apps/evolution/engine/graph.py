"""What an import graph says about an architecture: cycles, dependants, instability, layers, density."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.checks.types import ImportEdge, ImportGraph

Pair = tuple[str, str]
Cycle = tuple[str, ...]


@dataclass(frozen=True)
class ModuleFacts:
    """
    One module's place. ``instability`` is fan-out / (fan-in + fan-out) after Martin (1994), None for a module that
    neither imports nor is imported; ``layer`` is 0 for what imports nothing of the repository.
    """

    name: str
    fan_in: int
    fan_out: int
    layer: int
    cycle: int | None

    @property
    def instability(self) -> float | None:
        total = self.fan_in + self.fan_out
        return self.fan_out / total if total else None


@dataclass(frozen=True)
class Analysis:
    """
    What was found. ``cycles`` are the groups of modules that import each other in a circle, largest first;
    ``depth`` is the number of layers, a cycle counting as one module; ``density`` the share of possible imports
    that exist, None below two modules.
    """

    graph: ImportGraph
    modules: tuple[ModuleFacts, ...]
    cycles: tuple[Cycle, ...]
    depth: int
    density: float | None
    _cycle_of: Mapping[str, int] = field(repr=False, compare=False)

    def is_in_cycle(self, importer: str, imported: str) -> bool:
        """Return whether the import is part of a cycle."""
        place = self._cycle_of.get(importer)
        return place is not None and place == self._cycle_of.get(imported)

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """Return the modules of each layer, those that import nothing first."""
        layers: list[list[str]] = [[] for _ in range(self.depth)]
        for module in self.modules:
            layers[module.layer].append(module.name)
        return tuple(map(tuple, layers))


def analyse(graph: ImportGraph) -> Analysis:
    """Return the facts of *graph*; linear in modules and imports. A module that imports itself is no cycle."""
    edges = {(edge.importer, edge.imported) for edge in graph.imports if edge.importer != edge.imported}
    components = strong_components(graph.modules, edges)
    cycles = tuple(sorted((item for item in components if len(item) > 1), key=lambda item: (-len(item), item)))
    cycle_of = {name: number for number, cycle in enumerate(cycles) for name in cycle}
    layer_of = _layers(components, edges)
    fan_in = dict.fromkeys(graph.modules, 0)
    fan_out = dict.fromkeys(graph.modules, 0)
    for importer, imported in edges:
        fan_out[importer] += 1
        fan_in[imported] += 1
    count = len(graph.modules)
    return Analysis(
        graph=graph,
        modules=tuple(
            ModuleFacts(name, fan_in[name], fan_out[name], layer_of[name], cycle_of.get(name)) for name in graph.modules
        ),
        cycles=cycles,
        depth=max(layer_of.values(), default=-1) + 1,
        density=len(edges) / (count * (count - 1)) if count > 1 else None,
        _cycle_of=cycle_of,
    )


def strong_components(nodes: Iterable[str], edges: Collection[Pair]) -> list[Cycle]:
    """
    Return the strongly connected components, each sorted, in an order in which imported ones come first.

    Tarjan's method (1972), without recursion: a hostile graph may be deeper than Python's stack.
    """
    following = _following(nodes, edges)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_nodes: list[str] = []
    is_open: set[str] = set()
    components: list[Cycle] = []
    for root in following:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        open_nodes.append(root)
        is_open.add(root)
        path = [(root, iter(following[root]))]
        while path:
            node, rest = path[-1]
            for target in rest:
                if target not in index:
                    index[target] = low[target] = len(index)
                    open_nodes.append(target)
                    is_open.add(target)
                    path.append((target, iter(following[target])))
                    break
                if target in is_open:
                    low[node] = min(low[node], index[target])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == index[node]:
                    component = [open_nodes.pop()]
                    while component[-1] != node:
                        component.append(open_nodes.pop())
                    is_open.difference_update(component)
                    components.append(tuple(sorted(component)))
    return components


def dependants(graph: ImportGraph, name: str) -> frozenset[str]:
    """Return the other modules that import *name*, directly or through others."""
    backwards = _following(graph.modules, {(edge.imported, edge.importer) for edge in graph.imports})
    return reachable(backwards, name) - {name}


def reachable(following: Mapping[str, Iterable[str]], start: str) -> frozenset[str]:
    """Return what can be reached from *start*, itself included."""
    seen = {start}
    waiting = [start]
    while waiting:
        for target in following.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return frozenset(seen)


def without(graph: ImportGraph, cut: Collection[Pair]) -> ImportGraph:
    """Return *graph* without the imports in *cut*."""
    return ImportGraph(graph.modules, tuple(edge for edge in graph.imports if pair(edge) not in cut))


def pair(edge: ImportEdge) -> Pair:
    """Return who imports whom."""
    return edge.importer, edge.imported


def graph_json(graph: ImportGraph) -> dict[str, Any]:
    """Return *graph* as it is stored."""
    return {
        "modules": list(graph.modules),
        "imports": [
            {"importer": edge.importer, "imported": edge.imported, "lines": list(edge.lines)} for edge in graph.imports
        ],
    }


def graph_of(stored: Mapping[str, Any]) -> ImportGraph:
    """Return a graph from how it was stored."""
    return ImportGraph(
        tuple(stored["modules"]),
        tuple(ImportEdge(edge["importer"], edge["imported"], tuple(edge["lines"])) for edge in stored["imports"]),
    )


def _following(nodes: Iterable[str], edges: Iterable[Pair]) -> dict[str, list[str]]:
    following: dict[str, list[str]] = {node: [] for node in nodes}
    for importer, imported in sorted(edges):
        following[importer].append(imported)
    return following


def _layers(components: Sequence[Cycle], edges: Collection[Pair]) -> dict[str, int]:
    """Return the layer of each module: one above the highest that its component imports."""
    following = _following((name for component in components for name in component), edges)
    layer_of: dict[str, int] = {}
    for component in components:
        members = set(component)
        below = [layer_of[target] for name in component for target in following[name] if target not in members]
        layer_of.update(dict.fromkeys(component, max(below, default=-1) + 1))
    return layer_of
