"""
Sessions of a class that nobody wrote: its methods in random order, so that what becomes of its state is seen.

Sequences of calls as Randoop makes them (Pacheco et al., ICSE 2007), with values that come again, since what was put in
is what is asked for later. Each session is code that a person can read, and a test if somebody says what it must give.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from apps.core.foreign import Foreign
from apps.core.javascript.values import source_of
from apps.generation.engine.class_uses import ClassUse, Given, Making
from apps.generation.engine.mutations import mutated, parts_of_values
from apps.generation.engine.shapes import ANY, edges, random_value, shape_of_annotation
from apps.generation.engine.specification.literals import read_literal
from apps.generation.engine.specification.model import FunctionSignature, Parameter

LONGEST = 8  # calls of a session before its last ones
LAST = 4
ALL_RESULTS = 0.8  # of sessions show the results of all their calls, the others that of the last one
ATTEMPTED = 0.4  # of sessions go on when a call fails
AS_GIVEN = 0.3
READS = 0.4
COMES_AGAIN = (0.4, 0.95)  # of values that a session has used before, in a loose and in a dense one
DRAWN = 5  # values of the examples that a session begins with
FROM_EXAMPLES = 0.4
REMADE = 0.4
WATCHED = 0.5
MAX_READS = 4


@dataclass(frozen=True, slots=True)
class _Call:
    """A call in a session; ``given`` is the name of the argument that is looked at afterwards, or ""."""

    method: str
    source: str
    bound: str = ""
    given: str = ""


def class_sessions(use: ClassUse, rng: Random) -> Iterator[tuple[tuple[str, ...], str]]:
    """
    Yield statements and the expression that is judged after them, without end; nothing where nothing can be called.

    The expression is the last call, or a list with the results of calls that give a scalar, of what can be read of the
    object, and of an argument that a call may have changed. What a method hands out of which the text says nothing is
    not looked at.
    """
    writer = _Writer(use, rng)
    while writer.methods:
        yield writer.session()


class _Writer:
    """Writes sessions of one class."""

    def __init__(self, use: ClassUse, rng: Random) -> None:
        self.use = use
        self.rng = rng
        self.signatures = {one.name: one for one in use.methods}
        shown = [value for call in use.calls for value in (*call.given.args, *call.given.kwargs.values())]
        self.pool = parts_of_values(shown)
        names = dict.fromkeys((*self.signatures, *(call.method for call in use.calls)))
        self.methods = [name for name in names if self._can_call(name)]
        self.tellers = [name for name in self.methods if self._tells(name)] or self.methods
        self.fillers = [name for name in self.methods if self._takes(name)]
        self.known: list[object] = []
        self.comes_again = COMES_AGAIN[0]

    def _can_call(self, name: str) -> bool:
        if any(call.method == name for call in self.use.calls):
            return True
        required = [one for one in self.signatures[name].parameters if one.default is None and "var" not in one.kind]
        shapes = [shape_of_annotation(one.annotation, one.name) for one in required]
        return all(shape.is_known and (shape != ANY or bool(self.pool)) for shape in shapes)

    def _tells(self, name: str) -> bool:
        is_declared = name in self.signatures and self.signatures[name].returns not in ("", "None")
        return is_declared or name in self.use.judged

    def _takes(self, name: str) -> bool:
        signature = self.signatures.get(name)
        is_shown = any(call.given.args or call.given.kwargs for call in self.use.calls if call.method == name)
        return is_shown or (signature is not None and bool(signature.parameters))

    def session(self) -> tuple[tuple[str, ...], str]:
        rng = self.rng
        self.known = []
        self._note(rng.sample(self.pool, min(DRAWN, len(self.pool))))
        self.comes_again = rng.choice(COMES_AGAIN)
        making = rng.choice(self.use.makings)
        steps = [*making.before, self._made(making)]
        calls = self._calls(making.name)
        reads = [re.sub(rf"\b{re.escape(name)}\b", making.name, source) for name, source in self.use.reads]
        given = [call.given for call in calls if call.given]
        goes_on = rng.random() < ATTEMPTED
        start = self._first_shown(calls, goes_on=goes_on)
        if start < len(calls) and rng.random() < ALL_RESULTS:
            shown = [*(call.source for call in calls[start:]), *filter(_is_shallow, reads[:MAX_READS]), *given]
        elif (reads or given) and rng.random() < READS:
            start, shown = len(calls), [rng.choice([*reads, *given])]
        else:
            start, shown = len(calls) - 1, [calls[-1].source]
        for at, call in enumerate(calls):
            steps += [call.bound] if call.bound else []
            if at < start:
                steps.append(self._attempt(call.source) if goes_on else call.source)
        return tuple(steps), shown[0] if len(shown) == 1 else f"[{', '.join(shown)}]"

    def _calls(self, name: str) -> list[_Call]:
        """Something is put in first, most of the time, and the last calls are such that tell something."""
        rng = self.rng
        count = rng.randint(1, LONGEST)
        chosen = [rng.choice(self.methods) for _ in range(count)]
        if self.fillers and rng.random() < 0.8:
            chosen[: (count + 1) // 2] = [rng.choice(self.fillers) for _ in range((count + 1) // 2)]
        scalars = [method for method in self.tellers if method in self.use.scalars]
        last = rng.randint(1, LAST) if scalars else 1
        chosen += [rng.choice(scalars or self.tellers) for _ in range(last)]
        if len(scalars) < len(self.tellers):
            chosen[-1] = rng.choice(self.tellers)
        calls: list[_Call] = []
        for method in chosen:
            is_watched = not any(call.given for call in calls) and rng.random() < WATCHED
            calls.append(self._call(name, method, is_watched=is_watched))
        return calls

    def _first_shown(self, calls: Sequence[_Call], *, goes_on: bool) -> int:
        """Return where the calls at the end begin whose results can stand in one list; of some only the last few."""
        first = len(calls)
        while first and calls[first - 1].method in self.use.scalars:
            first -= 1
        is_short = goes_on or self.rng.random() < AS_GIVEN
        return max(first, len(calls) - self.rng.randint(1, LAST)) if is_short else first

    def _attempt(self, source: str) -> str:
        if self.use.is_javascript:
            return f"try {{ {source} }} catch {{}}"
        return f"try:\n    {source}\nexcept Exception:\n    pass"

    def _made(self, making: Making) -> str:
        """Return the statement that makes the object, at times with other arguments."""
        if making.given is None or not (making.given.args or making.given.kwargs) or self.rng.random() >= REMADE:
            return making.source
        source = self._source(self._varied(making.given))
        if self.use.is_javascript:
            return f"const {making.name} = new {self.use.name}({source})"
        return f"{making.name} = {self.use.name}({source})"

    def _call(self, name: str, method: str, *, is_watched: bool) -> _Call:
        given = self._arguments(method)
        self._note(given.args)
        at = next((at for at, value in enumerate(given.args) if _is_mutable(value)), None) if is_watched else None
        if at is None:
            return _Call(method, f"{name}.{method}({self._source(given)})")
        own = "given" if name != "given" else "handed"
        bound = f"{own} = {self._value(given.args[at])}"
        written = [own if place == at else self._value(value) for place, value in enumerate(given.args)]
        source = f"{name}.{method}({', '.join((*written, *self._named(given)))})"
        return _Call(method, source, f"const {bound}" if self.use.is_javascript else bound, own)

    def _arguments(self, method: str) -> Given:
        shown = [call.given for call in self.use.calls if call.method == method]
        signature = self.signatures.get(method)
        typed = None if signature is None else self._typed(signature)
        if shown and (typed is None or not (typed.args or typed.kwargs) or self.rng.random() < FROM_EXAMPLES):
            return self._varied(self.rng.choice(shown))
        return typed or Given()

    def _typed(self, signature: FunctionSignature) -> Given | None:
        """Return values of the annotated types, None where one has a type that nobody can make values of."""
        positional = [one for one in signature.parameters if one.kind == "positional"]
        required = sum(one.default is None for one in positional)
        known = [shape_of_annotation(one.annotation, one.name).is_known for one in positional]
        if not all(known[:required]):
            return None
        usable = next((at for at, is_known in enumerate(known) if not is_known), len(known))
        args = tuple(self._fresh(one) for one in positional[: self.rng.randint(required, usable)])
        named = [one for one in signature.parameters if one.kind == "keyword" and one.default is None]
        return Given(args, {one.name: self._fresh(one) for one in named})

    def _fresh(self, parameter: Parameter) -> object:
        """Return a value of the type that is written; where none is, one that the examples give to other methods."""
        shape = shape_of_annotation(parameter.annotation, parameter.name)
        if shape == ANY and self.pool:
            return self.rng.choice(self.known or self.pool)
        usual = edges(shape) if self.rng.random() < AS_GIVEN else []
        return self._again(self.rng.choice(usual) if usual else random_value(shape, self.rng))

    def _varied(self, given: Given) -> Given:
        kwargs = {name: self._again(self._mutated(value)) for name, value in given.kwargs.items()}
        return Given(tuple(self._again(self._mutated(value)) for value in given.args), kwargs)

    def _mutated(self, value: object) -> object:
        if self.rng.random() < AS_GIVEN:
            return value
        found = mutated(value, self.rng, self.pool)
        return found if self._can_write(found) else value

    def _again(self, value: object) -> object:
        """Return a value of the same type that this session has used before, as often as the session wants."""
        known = [one for one in self.known if type(one) is type(value)]
        return self.rng.choice(known) if known and self.rng.random() < self.comes_again else value

    def _note(self, values: Sequence[object]) -> None:
        """Keep each value once, so that each is as likely to come again."""
        for value in values:
            if not any(type(one) is type(value) and one == value for one in self.known):
                self.known.append(value)

    def _can_write(self, value: object) -> bool:
        if self.use.is_javascript:
            return True
        try:
            read_literal(repr(value))
        except ValueError:
            return False
        return True

    def _source(self, given: Given) -> str:
        return ", ".join((*(self._value(value) for value in given.args), *self._named(given)))

    def _named(self, given: Given) -> list[str]:
        return [f"{name}={self._value(value)}" for name, value in given.kwargs.items()]

    def _value(self, value: object) -> str:
        return source_of(value) if self.use.is_javascript else repr(value)


def _is_shallow(read: str) -> bool:
    """Tell whether a read is likely to be there whatever the state, so that it takes nothing else with it."""
    return "[" not in read and read.count(".") < 2


def _is_mutable(value: object) -> bool:
    return isinstance(value, (list, dict, set)) or (isinstance(value, Foreign) and value.kind in ("map", "set"))
