"""
The search: all programs by size, one for each behaviour.

Bottom-up enumeration with observational equivalence (Albarghouthi et al., CAV 2013; Udupa et al., PLDI 2013): of the
programs that compute the same values on the examples only the first, smallest one is built upon.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from apps.providers.engine.synthesis.components import IMPORTS, OPERATIONS, Operation, accepts, is_small, tag_of

MAX_BANK = 40_000
_CHECK_EVERY = 256
# Programs looked at, after the first that fits, to count how many others of its size fit as well.
_COUNT_AT_MOST = 50_000
# What an operation may raise on values it does not fit; anything else is a fault of ours and surfaces.
_MISFITS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True)
class Expression:
    """A program over the parameters: its source, what it computes on each example, and which parameters it uses."""

    source: str
    values: tuple[object, ...]
    tag: str
    size: int
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """
    A program that computes every expected value, and how many programs were tried.

    ``smaller`` and ``alike`` are how many other programs compute them too: smaller ones, which leave a parameter
    unused, and ones of the same size. They are lower bounds unless ``is_counted`` says that all were looked at.
    """

    expression: Expression
    tried: int
    smaller: int = 0
    alike: int = 0
    is_counted: bool = True


class OutOfTime(Exception):
    """The deadline passed, or the bank is full."""


class Search:
    """One search; ``run`` may be called once."""

    def __init__(
        self, leaves: Sequence[Expression], expected: Sequence[object], *, max_size: int, deadline: Callable[[], bool]
    ) -> None:
        self.expected = tuple(expected)
        self.target = _key(self.expected)
        self.parameters = frozenset(name for leaf in leaves for name in leaf.uses)
        self.max_size = max_size
        self.deadline = deadline
        self.bank: dict[int, dict[str, list[Expression]]] = defaultdict(lambda: defaultdict(list))
        self.seen: set[str] = set()
        self.tried = 0
        self.fallback: Expression | None = None
        self.fitting: dict[int, int] = defaultdict(int)
        self.leaves = leaves

    def run(self) -> Found | None:
        """
        Return the smallest program that computes every expected value and uses every parameter.

        A smaller one that leaves a parameter unused is kept, and returned when the next size brings no better.
        """
        try:
            for size in range(1, self.max_size + 1):
                programs = iter(self.leaves) if size == 1 else self._of_size(size)
                for expression in programs:
                    if self._offer(expression):
                        return self._found(expression, programs)
                if self.fallback is not None and self.fallback.size < size:
                    break
        except OutOfTime:
            pass
        return self._found(self.fallback, iter(())) if self.fallback is not None else None

    def _found(self, expression: Expression, rest: Iterator[Expression]) -> Found:
        """Count, among the rest of its size, what fits as well as *expression*."""
        tried, is_counted = self.tried, True
        try:
            for other in islice(rest, _COUNT_AT_MOST):
                self.fitting[other.size] += self._fits(other)
            is_counted = next(rest, None) is None
        except OutOfTime:
            is_counted = False
        smaller = sum(count for size, count in self.fitting.items() if size < expression.size)
        return Found(expression, tried, smaller, self.fitting[expression.size] - 1, is_counted)

    def _fits(self, expression: Expression) -> bool:
        return bool(expression.uses) and _key(expression.values) == self.target

    def _offer(self, expression: Expression) -> bool:
        """Take a program into the bank when its behaviour is new; True when it is the answer."""
        key = _key(expression.values)
        if key == self.target and expression.uses:
            self.fitting[expression.size] += 1
            if expression.uses == self.parameters:
                return True
            self.fallback = self.fallback or expression
            return False
        if key not in self.seen:
            if len(self.seen) >= MAX_BANK:
                raise OutOfTime
            self.seen.add(key)
            self.bank[expression.size][expression.tag].append(expression)
        return False

    def _of_size(self, size: int) -> Iterator[Expression]:
        for operation in OPERATIONS:
            for sizes in _partitions(size - 1, len(operation.takes)):
                pools = [self._pool(wanted, part) for wanted, part in zip(operation.takes, sizes, strict=True)]
                if not all(pools):
                    continue
                for arguments in product(*pools):
                    expression = self._applied(operation, arguments, size)
                    if expression is not None:
                        yield expression

    def _pool(self, wanted: str, size: int) -> list[Expression]:
        return [e for tag, found in self.bank[size].items() if accepts(wanted, tag) for e in found]

    def _applied(self, operation: Operation, arguments: Sequence[Expression], size: int) -> Expression | None:
        self.tried += 1
        if self.tried % _CHECK_EVERY == 0 and self.deadline():
            raise OutOfTime
        uses = frozenset().union(*(argument.uses for argument in arguments))
        if not uses:
            return None
        values = []
        try:
            for column in zip(*(argument.values for argument in arguments), strict=True):
                values.append(operation.apply(*column))
        except _MISFITS:
            return None
        tag = tag_of(values[0])
        if any(tag_of(value) != tag or not is_small(value) for value in values):
            return None
        source = operation.template.format(*(f"({argument.source})" for argument in arguments))
        return Expression(source, tuple(values), tag, size, uses)


def _partitions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        if total >= 1:
            yield (total,)
        return
    for first in range(1, total - parts + 2):
        for rest in _partitions(total - first, parts - 1):
            yield (first, *rest)


def _key(values: Sequence[object]) -> str:
    """Equal for equal values of equal types; floats count to twelve digits, sets and dictionaries without order."""
    return "|".join(_text(value) for value in values)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.12g}f"
    if isinstance(value, (list, tuple)):
        return f"{tag_of(value)}[{','.join(_text(item) for item in value)}]"
    if isinstance(value, (set, frozenset)):
        return f"set[{','.join(sorted(_text(item) for item in value))}]"
    if isinstance(value, dict):
        return f"dict[{','.join(sorted(f'{_text(k)}:{_text(v)}' for k, v in value.items()))}]"
    return repr(value)


def written(entry: str, parameter_names: Sequence[str], expression: Expression) -> str:
    """Return a function definition with superfluous parentheses removed and what it needs imported."""
    body = ast.unparse(ast.parse(expression.source, mode="eval"))
    imports = sorted(line for mark, line in IMPORTS.items() if mark in body)
    head = "\n".join(imports) + "\n\n\n" if imports else ""
    return f"{head}def {entry}({', '.join(parameter_names)}):\n    return {body}\n"
