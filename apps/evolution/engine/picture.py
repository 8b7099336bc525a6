"""The import graph as a picture of few enough boxes, written in Graphviz's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.evolution.engine.graph import Analysis

MAX_BOXES = 60
MAX_ARROWS = 240
LONGEST_LABEL = 40
OTHERS = "other packages"


@dataclass(frozen=True)
class Box:
    """A module, or a package with everything in it; ``has_cycle`` when a cycle goes through it."""

    name: str
    modules: int
    has_cycle: bool


@dataclass(frozen=True)
class Arrow:
    """Imports from one box to another; ``is_cycle`` when one of them is part of a cycle."""

    importer: int
    imported: int
    lines: int
    is_cycle: bool


@dataclass(frozen=True)
class Picture:
    """``hidden`` arrows are those with the fewest lines, left out where there are too many to see anything."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    hidden: int


def picture(analysis: Analysis, *, max_boxes: int = MAX_BOXES, max_arrows: int = MAX_ARROWS) -> Picture:
    """
    Return the graph with at most *max_boxes* boxes and *max_arrows* arrows.

    Where there are more modules, those deep in the tree of packages stand behind one box for their package.
    """
    names = [module.name for module in analysis.modules]
    box_of = _boxes(names, max_boxes)
    order = sorted(set(box_of.values()))
    place = {name: number for number, name in enumerate(order)}
    counts = dict.fromkeys(order, 0)
    cyclic: set[str] = set()
    for module in analysis.modules:
        counts[box_of[module.name]] += 1
        if module.cycle is not None:
            cyclic.add(box_of[module.name])
    arrows: dict[tuple[int, int], tuple[int, bool]] = {}
    for edge in analysis.graph.imports:
        key = place[box_of[edge.importer]], place[box_of[edge.imported]]
        if key[0] != key[1]:
            lines, is_cycle = arrows.get(key, (0, False))
            arrows[key] = lines + len(edge.lines), is_cycle or analysis.is_in_cycle(edge.importer, edge.imported)
    found = [Arrow(*key, lines, is_cycle) for key, (lines, is_cycle) in arrows.items()]
    found.sort(key=lambda arrow: (not arrow.is_cycle, -arrow.lines, arrow.importer, arrow.imported))
    return Picture(
        tuple(Box(name, counts[name], name in cyclic) for name in order),
        tuple(sorted(found[:max_arrows], key=lambda arrow: (arrow.importer, arrow.imported))),
        max(0, len(found) - max_arrows),
    )


def _boxes(names: Sequence[str], limit: int) -> dict[str, str]:
    """Return for each module the box it stands in: its longest prefix of a depth at which all boxes fit."""
    deepest = max((name.count(".") + 1 for name in names), default=1)
    for depth in range(deepest, 0, -1):
        box_of = {name: ".".join(name.split(".")[:depth]) for name in names}
        if len(set(box_of.values())) <= limit:
            return box_of
    sizes: dict[str, int] = {}
    for box in box_of.values():
        sizes[box] = sizes.get(box, 0) + 1
    shown = set(sorted(sizes, key=lambda box: (-sizes[box], box))[: limit - 1])
    return {name: box if box in shown else OTHERS for name, box in box_of.items()}


def dot(shown: Picture) -> str:
    """
    Return the picture in Graphviz's language.

    Boxes and arrows carry classes and no colour. Names are only ever quoted labels: they come from a repository.
    A box that has more than one module says how many.
    """
    lines = [
        "digraph architecture {",
        'graph [rankdir=TB, bgcolor="transparent", nodesep=0.3, ranksep=0.5, margin=0.02];',
        'node [shape=box, fontname="Courier", fontsize=12, height=0.36, margin="0.14,0.05"];',
        'edge [arrowsize=0.6, fontname="Courier", fontsize=10];',
    ]
    for number, box in enumerate(shown.boxes):
        kind = f"{'module' if box.modules == 1 else 'package'}{' in-cycle' if box.has_cycle else ''}"
        width = ", penwidth=2" if box.has_cycle else ""
        lines.append(f"n{number} [label={quoted(_label(box))}, class={quoted(kind)}{width}];")
    for arrow in shown.arrows:
        kind = ', class="in-cycle", style=dashed, penwidth=2' if arrow.is_cycle else ""
        lines.append(f'n{arrow.importer} -> n{arrow.imported} [label=""{kind}];')
    return "\n".join([*lines, "}"])


def quoted(text: str) -> str:
    """Return *text* as a quoted string in which nothing is special to Graphviz."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") + '"'


def _label(box: Box) -> str:
    name = box.name if len(box.name) <= LONGEST_LABEL else f"{box.name[: LONGEST_LABEL - 1]}…"
    return name if box.modules == 1 else f"{name} · {box.modules}"


def summary(analysis: Analysis) -> str:
    """Return what the picture shows, in one sentence."""
    modules, imports = len(analysis.modules), len(analysis.graph.imports)
    start = (
        f"{_count(modules, 'module')} and {_count(imports, 'import')} between them in {_count(analysis.depth, 'layer')}"
    )
    if not analysis.cycles:
        return f"{start}; no import cycle."
    largest = analysis.cycles[0]
    names = f"{', '.join(largest[:3])}{f' and {len(largest) - 3} more' if len(largest) > 3 else ''}"
    if len(analysis.cycles) == 1:
        return f"{start}; one import cycle, through {names}."
    return f"{start}; {len(analysis.cycles)} import cycles, the largest through {names}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
