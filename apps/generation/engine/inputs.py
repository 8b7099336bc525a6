"""
Inputs to compare candidates on: the person's examples, and type-aware fuzzing around them.

Mutating the examples keeps the inputs in the domain that the author had in mind (as EvalPlus does, Liu et al.,
NeurIPS 2023); edge values of the annotated types reach what the author did not think of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from apps.generation.engine.class_sessions import class_sessions
from apps.generation.engine.class_uses import ClassUse
from apps.generation.engine.mutations import mutated, mutated_session, parts_of_values
from apps.generation.engine.probes import probed
from apps.generation.engine.shapes import Shape, edges, random_value, shape_of_annotation, shape_of_values
from apps.generation.engine.specification.model import FunctionSignature, Parameter, SpecExample
from apps.generation.engine.values import Unrepresentable, decode, encode

_PATIENCE = 12
_NEAR_EXAMPLES = 0.2  # of the sessions of a class; the others are made of its methods
_LARGEST = 4_000


@dataclass(frozen=True, slots=True)
class CallInput:
    """
    One thing to run a candidate on.

    A plain call has ``args`` and ``kwargs`` for the entry. A session (a class) has ``steps``, statements in order,
    and the ``expression`` whose value is observed; see ``sessions.py`` for how it is run as a call.
    """

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    expression: str = ""

    @property
    def is_session(self) -> bool:
        """Whether the input is a sequence of statements rather than one call of the entry."""
        return bool(self.expression)

    def text(self, entry: str, value: Callable[[object], str] = repr) -> str:
        """Return the input as a person would write it, its values as *value* writes them."""
        if self.is_session:
            return "\n".join((*self.steps, self.expression))
        named = [f"{name}={value(one)}" for name, one in self.kwargs.items()]
        written = [value(one) for one in self.args] + named
        return f"{entry}({', '.join(written)})"


def call_input_of(example: SpecExample) -> CallInput:
    """Return the input that an example runs."""
    if example.steps:
        return CallInput(steps=example.steps, expression=example.call)
    return CallInput(example.args, dict(example.kwargs))


def input_key(call: CallInput) -> str:
    """
    Return a text that is equal for equal inputs (``1``, ``1.0`` and ``True`` differ).

    :raises Unrepresentable: an argument has no plain form.
    """
    return repr((encode(call.args), encode(dict(call.kwargs)), call.steps, call.expression))


def input_stored(call: CallInput) -> dict[str, Any]:
    """
    Return an input as JSON data.

    :raises Unrepresentable: an argument has no plain form.
    """
    return {
        "args": encode(call.args),
        "kwargs": encode(dict(call.kwargs)),
        "steps": list(call.steps),
        "expression": call.expression,
    }


def input_restored(stored: Mapping[str, Any]) -> CallInput:
    """
    Return the input that :func:`input_stored` wrote.

    :raises Unrepresentable: it holds a tag that nobody writes.
    """
    args, kwargs = decode(stored["args"]), decode(stored["kwargs"])
    if not isinstance(args, tuple) or not isinstance(kwargs, dict):
        raise Unrepresentable("Arguments are a tuple and a dict.")
    return CallInput(args, kwargs, tuple(stored["steps"]), stored["expression"])


def fuzz_inputs(
    signature: FunctionSignature | None,
    examples: Sequence[SpecExample],
    *,
    seed: int,
    count: int,
    use: ClassUse | None = None,
) -> tuple[CallInput, ...]:
    """
    Return up to *count* different inputs that are not examples, the same ones for the same seed.

    Calls are made for *signature*, or for the shapes of the plain examples when it has no annotations; sessions are
    made from the examples with steps, and for a class from what *use* says of it. Fewer come back when the types allow
    no more; none when a parameter has a type that nobody can make values of and no example shows one. Every value has a
    plain form (``values.encode``).
    """
    rng = Random(seed)  # noqa: S311  reproducible, not secret
    seen = {input_key(call_input_of(example)) for example in examples}
    near = [e for e in examples if e.steps and sum(map(len, (*e.steps, e.call))) <= _LARGEST]
    sessions = _fresh(_sessions(near, use, rng), seen, count)
    calls = _fresh(_calls(signature, [e for e in examples if not e.steps], rng), seen, count - len(sessions))
    return (*sessions, *calls)


def probe_inputs(
    signature: FunctionSignature | None,
    starts: Sequence[CallInput],
    *,
    seed: int,
    count: int,
    landmarks: Sequence[object] = (),
    besides: Sequence[CallInput] = (),
) -> tuple[CallInput, ...]:
    """
    Return up to *count* different calls that are neither *starts* nor *besides*, the same ones for the same seed.

    They start from *starts*, or from values of the annotated types where there are none, and are made of
    *landmarks*, constants that programs mention, and of what is related, larger and deeper; see ``probes.py``.
    """
    rng = Random(f"{seed} probes")  # noqa: S311  reproducible, not secret
    calls = [call for call in starts if not call.is_session]
    seen = {input_key(call) for call in (*starts, *besides)}
    return tuple(_fresh(_probes(signature, calls, rng, landmarks), seen, count))


def _fresh(stream: Iterator[CallInput], seen: set[str], count: int) -> list[CallInput]:
    """Return up to *count* inputs of a stream that were not seen, and note them; a stream that repeats itself ends."""
    found: list[CallInput] = []
    misses = 0
    for call in stream:
        if len(found) >= count or misses > _PATIENCE * max(count, 10):
            break
        key = _key(call)
        if key is None or len(key) > _LARGEST or key in seen:
            misses += 1
            continue
        seen.add(key)
        found.append(call)
    return found


def _key(call: CallInput) -> str | None:
    try:
        return input_key(call)
    except Unrepresentable:
        return None


def _sessions(examples: Sequence[SpecExample], use: ClassUse | None, rng: Random) -> Iterator[CallInput]:
    written = iter(()) if use is None else class_sessions(use, rng)
    while True:
        made = None if examples and rng.random() < _NEAR_EXAMPLES else next(written, None)
        if made is None and not examples:
            return
        steps, expression = made or _near_example(rng.choice(examples), rng)
        yield CallInput(steps=steps, expression=expression)


def _near_example(example: SpecExample, rng: Random) -> tuple[tuple[str, ...], str]:
    steps, expression = example.steps, example.call
    for _ in range(rng.randint(1, 3)):
        steps, expression = mutated_session(steps, expression, rng)
    return steps, expression


def _calls(signature: FunctionSignature | None, examples: Sequence[SpecExample], rng: Random) -> Iterator[CallInput]:
    parameters = _positional(signature)
    width = max([len(parameters), *(len(example.args) for example in examples)], default=0)
    if not width and not (examples and any(e.kwargs for e in examples)):
        return
    shapes = _shapes(parameters, examples, width)
    required = sum(1 for p in parameters if p.default is None) if parameters else width
    if not examples and not all(shape.is_known for shape in shapes[:required]):
        return
    columns = [edges(shape) for shape in shapes]
    yield from _edge_calls(columns, examples, required, rng)
    pool = parts_of_values([value for example in examples for value in (*example.args, *example.kwargs.values())])
    can_invent = width > 0 and all(shape.is_known for shape in shapes[: max(required, 1)])
    while examples or can_invent:
        if can_invent and (not examples or rng.random() < 0.25):
            length = rng.randint(required, width) if required < width else width
            kwargs = deepcopy(dict(rng.choice(examples).kwargs)) if examples else {}
            yield CallInput(tuple(random_value(shape, rng) for shape in shapes[:length]), kwargs)
        else:
            yield _mutated_call(rng.choice(examples), examples, pool, rng)


def _positional(signature: FunctionSignature | None) -> list[Parameter]:
    return [p for p in signature.parameters if p.kind == "positional"] if signature else []


def _probes(
    signature: FunctionSignature | None, starts: Sequence[CallInput], rng: Random, landmarks: Sequence[object]
) -> Iterator[CallInput]:
    """Known calls, or values of the annotated types where there are none, changed where behaviours part."""
    parameters = _positional(signature)
    is_typed = bool(parameters) and all(parameter.annotation for parameter in parameters)
    shapes = [shape_of_annotation(parameter.annotation, parameter.name) for parameter in parameters]
    if not any(call.args for call in starts) and not (shapes and all(shape.is_known for shape in shapes)):
        return
    while True:
        start = rng.choice(starts) if starts else CallInput(tuple(random_value(shape, rng) for shape in shapes))
        args = probed(start.args, rng, landmarks, is_typed=is_typed)
        yield CallInput(deepcopy(args), deepcopy(dict(start.kwargs)))


def _shapes(parameters: Sequence[Parameter], examples: Sequence[SpecExample], width: int) -> list[Shape]:
    """The annotation decides unless it is missing or vague and examples show more."""
    shapes = []
    for index in range(width):
        parameter = parameters[index] if index < len(parameters) else Parameter("")
        shown = [e.args[index] for e in examples if index < len(e.args)]
        written = shape_of_annotation(parameter.annotation, parameter.name)
        is_vague = (
            not parameter.annotation
            or not written.is_known
            or "any" in (written.kind, *(p.kind for p in written.parts))
        )
        shapes.append(shape_of_values(shown) if shown and is_vague else written)
    return shapes


def _edge_calls(
    columns: Sequence[Sequence[object]], examples: Sequence[SpecExample], required: int, rng: Random
) -> Iterator[CallInput]:
    """Each edge value at each place once, the other places as in an example, or at random among their own edges."""
    for index, column in enumerate(columns):
        for value in column[:10]:
            donors = [example for example in examples if index < len(example.args)]
            if donors:
                chosen = rng.choice(donors)
                args = [*chosen.args[:index], value, *chosen.args[index + 1 :]]
                yield CallInput(tuple(deepcopy(args)), deepcopy(dict(chosen.kwargs)))
                continue
            length = max(required, index + 1)
            if all(columns[place] for place in range(length)):
                args = [value if place == index else rng.choice(columns[place]) for place in range(length)]
                yield CallInput(tuple(deepcopy(args)))


def _mutated_call(
    example: SpecExample, examples: Sequence[SpecExample], pool: Sequence[object], rng: Random
) -> CallInput:
    args: list[object] = list(deepcopy(example.args))
    kwargs = deepcopy(dict(example.kwargs))
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = rng.randrange(len(args) + len(kwargs)) if args or kwargs else None
        if place is None:
            break
        if place >= len(args):
            name = sorted(kwargs)[place - len(args)]
            kwargs[name] = mutated(kwargs[name], rng, pool)
            continue
        others = [e.args[place] for e in examples if place < len(e.args)]
        is_borrowed = len(others) > 1 and rng.random() < 0.2
        args[place] = deepcopy(rng.choice(others)) if is_borrowed else mutated(args[place], rng, pool)
    return CallInput(tuple(args), kwargs)
