"""Every action that is written into the audit chain has its words; found by reading the source."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pytest

from apps.governance.audit_words import SLOT, audit_words_of
from apps.governance.types import Action

ROOT = Path(__file__).parents[2]
# What the source does not say where it is written.
MADE = {
    "f'budget.{verb}'": ("budget.set", "budget.remove"),
    "f'local_model.{verb}'": ("local_model.fetch", "local_model.cancel", "local_model.remove"),
    "f'{policies.area}.{verb}'": tuple(
        f"{area}.{verb}" for area in ("policy", "policy_version") for verb in ("propose", "publish", "simulate")
    ),
    "f'patterns.{mined.state}'": ("patterns.proposed", "patterns.declined"),
    "action.value": tuple(action.value for action in Action),
    "MEASURES[tab]": ("quality.coverage", "quality.debt"),
    "denial.action": (),
}


@dataclass(frozen=True)
class Sink:
    """A function that writes an action, and where it takes it from."""

    keyword: str
    position: int | None


SINKS = {"audit_record": Sink("action", None), "audit_denied": Sink("action", None), "Denial": Sink("action", 0)}


@dataclass
class Source:
    """One module, and the functions in it that hand an action on."""

    module: str
    tree: ast.Module
    own: dict[str, Sink] = field(default_factory=dict)


def sources() -> Iterator[Source]:
    for top in ("apps", "nofx"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield Source(name, ast.parse(path.read_text(encoding="utf-8")))


def named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def given(call: ast.Call, sink: Sink) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == sink.keyword:
            return keyword.value
    if sink.position is not None and sink.position < len(call.args):
        return call.args[sink.position]
    return None


def texts(expression: ast.expr, module: str) -> tuple[str, ...] | None:
    """Return the actions that *expression* may be; None where it is handed on from a caller."""
    if ast.unparse(expression) in MADE:
        return MADE[ast.unparse(expression)]
    if isinstance(expression, ast.Constant):
        return (str(expression.value),)
    if isinstance(expression, ast.IfExp):
        return (*(texts(expression.body, module) or ()), *(texts(expression.orelse, module) or ()))
    value: object = import_module(module)
    for part in ast.unparse(expression).split("."):
        value = getattr(value, part, None)
    return (value,) if isinstance(value, str) else None


def written() -> tuple[dict[str, set[str]], list[str]]:
    """Return each action with the modules that write it, and what could not be followed."""
    everywhere, modules = dict(SINKS), list(sources())
    found: dict[str, set[str]] = defaultdict(set)
    lost: list[str] = []
    while True:
        found.clear()
        lost.clear()
        before = (len(everywhere), sum(len(one.own) for one in modules))
        for source in modules:
            for function in ast.walk(source.tree):
                if isinstance(function, ast.FunctionDef):
                    follow(source, function, everywhere, found, lost)
        if before == (len(everywhere), sum(len(one.own) for one in modules)):
            return found, lost


def follow(
    source: Source,
    function: ast.FunctionDef,
    everywhere: dict[str, Sink],
    found: dict[str, set[str]],
    lost: list[str],
) -> None:
    positional = [one.arg for one in function.args.args if one.arg not in {"self", "cls"}]
    parameters = [*positional, *(one.arg for one in function.args.kwonlyargs)]
    for call in ast.walk(function):
        if (
            not isinstance(call, ast.Call)
            or (sink := source.own.get(named(call)) or everywhere.get(named(call))) is None
        ):
            continue
        expression = given(call, sink)
        if expression is None:
            continue
        if isinstance(expression, ast.Name) and expression.id in parameters:
            at = positional.index(expression.id) if expression.id in positional else None
            known = source.own if function.name.startswith("_") else everywhere
            known.setdefault(function.name, Sink(expression.id, at))
            continue
        actions = texts(expression, source.module)
        if actions is None:
            lost.append(f"{source.module}: {ast.unparse(expression)}")
        for action in actions or ():
            found[action].add(source.module)


@pytest.fixture(scope="module")
def actions() -> tuple[dict[str, set[str]], list[str]]:
    return written()


def test_every_action_that_is_written_has_its_words(actions: tuple[dict[str, set[str]], list[str]]) -> None:
    found, lost = actions
    assert lost == []
    assert len(found) > 100
    assert {action: places for action, places in found.items() if audit_words_of(action) is None} == {}


def test_words_are_a_sentence_behind_a_name(actions: tuple[dict[str, set[str]], list[str]]) -> None:
    for action in actions[0]:
        words = audit_words_of(action)
        assert words is not None and words.do and words.did
        for text in words:
            assert text == text.strip() and not text.endswith(".")
        assert "{" not in SLOT.sub("", words.rest)
