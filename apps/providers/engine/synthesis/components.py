"""The trusted operations that programs are composed of, each with its types, its meaning and its source."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

MAX_LENGTH = 400
MAX_NUMBER = 10**15


class TooLarge(ValueError):
    """The value grew past what a search may hold."""


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One operation; ``takes`` are type tags ("num" is an int or a float, "seq" a list, tuple or str, "any" anything).

    ``template`` writes it with ``{0}``, ``{1}``... for its arguments, which are always put in parentheses.
    """

    takes: tuple[str, ...]
    template: str
    apply: Callable[..., object]


def tag_of(value: object) -> str:
    """Return the type tag of a value."""
    return type(value).__name__


def accepts(wanted: str, tag: str) -> bool:
    """Tell whether an argument of type *tag* may stand where *wanted* is asked for."""
    groups = {"num": ("int", "float"), "seq": ("list", "tuple", "str"), "items": ("list", "tuple", "set")}
    return wanted in ("any", tag) or tag in groups.get(wanted, ())


def is_small(value: object, depth: int = 0) -> bool:
    """Tell whether a value is small enough to compute further with."""
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, (int, float)):
        return -MAX_NUMBER <= value <= MAX_NUMBER
    if isinstance(value, (str, bytes)):
        return len(value) <= MAX_LENGTH
    if isinstance(value, dict):
        return len(value) <= MAX_LENGTH and depth < 4 and all(is_small(v, depth + 1) for v in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return len(value) <= MAX_LENGTH and depth < 4 and all(is_small(item, depth + 1) for item in value)
    return False


def _power(base: float, exponent: float) -> object:
    if abs(exponent) > 12 or abs(base) > 10_000:
        raise TooLarge
    return base**exponent


def _repeat(sequence: Sequence[object], count: int) -> object:
    if count > MAX_LENGTH or len(sequence) * max(count, 0) > MAX_LENGTH:
        raise TooLarge
    return operator.mul(sequence, count)


def _times(left: object, right: object) -> object:
    """Numbers multiplied, or a text or list repeated as often as a search may hold it."""
    if isinstance(left, (str, list, tuple)) and isinstance(right, int):
        return _repeat(left, right)
    return _number(left) * _number(right)


def _remainder(left: object, right: object) -> object:
    """Of numbers only: a text with a per cent sign would be a format, and a width in it has no bound."""
    return _number(left) % _number(right)


def _number(value: object) -> float:
    if not isinstance(value, (int, float)):
        raise TypeError("Not a number.")
    return value


def _accumulated(items: Sequence[object]) -> list[object]:
    found: list[object] = []
    for item in accumulate(items):
        if not is_small(item):
            raise TooLarge
        found.append(item)
    return found


def _range(start: int, stop: int) -> list[int]:
    if stop - start > MAX_LENGTH:
        raise TooLarge
    return list(range(start, stop))


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator)


def _replace(text: str, old: str, new: str) -> str:
    if not old or text.count(old) * len(new) > MAX_LENGTH:
        raise TooLarge
    return text.replace(old, new)


def _count(text: str, part: str) -> int:
    if not part:
        raise ValueError("Counting nothing is never meant.")
    return text.count(part)


def _zfill(text: str, width: int) -> str:
    if width > MAX_LENGTH:
        raise TooLarge
    return text.zfill(width)


def _equal(left: object, right: object) -> bool:
    if type(left) is not type(right):
        raise TypeError("Values of different types are never compared on purpose.")
    return left == right


def _product(items: Sequence[int]) -> object:
    result = 1
    for item in items:
        result = result * item
        if not isinstance(result, (int, float)) or abs(result) > MAX_NUMBER:
            raise TooLarge
    return result


def _op(takes: str, template: str, apply: Callable[..., object]) -> Operation:
    return Operation(tuple(takes.split()), template, apply)


_NUMBERS = (
    _op("num num", "{0} + {1}", operator.add),
    _op("num num", "{0} - {1}", operator.sub),
    _op("num num", "{0} * {1}", operator.mul),
    _op("int int", "{0} // {1}", operator.floordiv),
    _op("int int", "{0} % {1}", operator.mod),
    _op("num num", "{0} / {1}", operator.truediv),
    _op("num int", "{0} ** {1}", _power),
    _op("num num", "max({0}, {1})", max),
    _op("num num", "min({0}, {1})", min),
    _op("num", "abs({0})", abs),
    _op("num", "-{0}", operator.neg),
    _op("float int", "round({0}, {1})", round),
    _op("float", "int({0})", int),
    _op("int", "str({0})", str),
    _op("int", "list(range({0}))", lambda n: _range(0, n)),
    _op("int int", "list(range({0}, {1}))", _range),
    _op("int", "bin({0})[2:]", lambda n: bin(n)[2:]),
)
_CONDITIONS = (
    _op("num num", "{0} < {1}", operator.lt),
    _op("num num", "{0} <= {1}", operator.le),
    _op("any any", "{0} == {1}", _equal),
    _op("any any", "{0} != {1}", lambda a, b: not _equal(a, b)),
    _op("bool", "not {0}", operator.not_),
    _op("bool bool", "{0} and {1}", lambda a, b: a and b),
    _op("bool bool", "{0} or {1}", lambda a, b: a or b),
    _op("bool any any", "{1} if {0} else {2}", lambda c, a, b: a if c else b),
)
_TEXTS = (
    _op("str str", "{0} + {1}", operator.add),
    _op("str", "{0}.upper()", str.upper),
    _op("str", "{0}.lower()", str.lower),
    _op("str", "{0}.title()", str.title),
    _op("str", "{0}.capitalize()", str.capitalize),
    _op("str", "{0}.swapcase()", str.swapcase),
    _op("str", "{0}.strip()", str.strip),
    _op("str", "{0}.split()", str.split),
    _op("str str", "{0}.split({1})", _split),
    _op("str list", "{0}.join({1})", lambda glue, items: glue.join(items)),
    _op("str str str", "{0}.replace({1}, {2})", _replace),
    _op("str str", "{0}.count({1})", _count),
    _op("str str", "{0}.find({1})", str.find),
    _op("str str", "{0}.startswith({1})", str.startswith),
    _op("str str", "{0}.endswith({1})", str.endswith),
    _op("str str", "{0} in {1}", lambda part, text: part in text),
    _op("str", "{0}.isdigit()", str.isdigit),
    _op("str", "{0}.isalpha()", str.isalpha),
    _op("str", "int({0})", int),
    _op("str int", "{0} * {1}", _repeat),
    _op("str int", "{0}.zfill({1})", _zfill),
)
_SEQUENCES = (
    _op("seq", "len({0})", len),
    _op("dict", "len({0})", len),
    _op("set", "len({0})", len),
    _op("seq", "{0}[::-1]", lambda s: s[::-1]),
    _op("items", "sum({0})", sum),
    _op("items", "max({0})", max),
    _op("items", "min({0})", min),
    _op("seq", "sorted({0})", sorted),
    _op("set", "sorted({0})", sorted),
    _op("dict", "sorted({0})", sorted),
    _op("list", "sorted({0}, reverse=True)", lambda s: sorted(s, reverse=True)),
    _op("seq", "set({0})", set),
    _op("seq", "list({0})", list),
    _op("list", "tuple({0})", tuple),
    _op("seq", "list(dict.fromkeys({0}))", lambda s: list(dict.fromkeys(s))),
    _op("seq int", "{0}[{1}]", lambda s, n: s[n]),
    _op("seq int", "{0}[:{1}]", lambda s, n: s[:n]),
    _op("seq int", "{0}[{1}:]", lambda s, n: s[n:]),
    _op("seq int", "{0}[::{1}]", lambda s, n: s[::n]),
    _op("list list", "{0} + {1}", operator.add),
    _op("tuple tuple", "{0} + {1}", operator.add),
    _op("list int", "{0} * {1}", _repeat),
    _op("list any", "{0}.count({1})", lambda s, v: s.count(v)),
    _op("list any", "{0}.index({1})", lambda s, v: s.index(v)),
    _op("any list", "{0} in {1}", lambda v, s: v in s),
    _op("list", "all({0})", all),
    _op("list", "any({0})", any),
    _op("seq seq", "list(zip({0}, {1}))", lambda a, b: list(zip(a, b, strict=False))),
    _op("list", "list(accumulate({0}))", _accumulated),
    _op("list", "prod({0})", _product),
    _op("any", "[{0}]", lambda v: [v]),
    _op("any any", "({0}, {1})", lambda a, b: (a, b)),
    _op("list", "[item for inner in {0} for item in inner]", lambda s: [item for inner in s for item in inner]),
)
_COLLECTIONS = (
    _op("set set", "{0} | {1}", operator.or_),
    _op("set set", "{0} & {1}", operator.and_),
    _op("set set", "{0} - {1}", operator.sub),
    _op("seq", "dict(Counter({0}))", lambda s: dict(Counter(s))),
    _op("dict", "list({0}.values())", lambda d: list(d.values())),
    _op("dict", "list({0}.items())", lambda d: list(d.items())),
    _op("dict any", "{0}[{1}]", lambda d, k: d[k]),
    _op("dict any any", "{0}.get({1}, {2})", lambda d, k, v: d.get(k, v)),
    _op("dict any", "{1} in {0}", lambda d, k: k in d),
    _op("dict", "{{value: key for key, value in {0}.items()}}", lambda d: {v: k for k, v in d.items()}),
    _op("dict", "max({0}, key={0}.get)", lambda d: max(d, key=d.get)),
)
_CHANGES: tuple[tuple[str, Callable[..., object]], ...] = (
    ("item + {1}", operator.add),
    ("item - {1}", operator.sub),
    ("item * {1}", _times),
    ("item // {1}", operator.floordiv),
    ("item % {1}", _remainder),
)
_UNARY: tuple[tuple[str, Callable[..., object]], ...] = (
    ("item * item", lambda x: x * x if isinstance(x, (int, float)) else None * x),
    ("abs(item)", abs),
    ("-item", operator.neg),
    ("len(item)", len),
    ("item.upper()", lambda x: x.upper()),
    ("item.lower()", lambda x: x.lower()),
    ("item.capitalize()", lambda x: x.capitalize()),
    ("item.strip()", lambda x: x.strip()),
    ("item[::-1]", lambda x: x[::-1]),
    ("item[0]", lambda x: x[0]),
    ("item[-1]", lambda x: x[-1]),
    ("item[1]", lambda x: x[1]),
    ("sum(item)", sum),
    ("max(item)", max),
    ("min(item)", min),
    ("sorted(item)", sorted),
    ("str(item)", lambda x: str(x) if isinstance(x, (int, float)) else x.nothing),
    ("int(item)", int),
)
_TESTS: tuple[tuple[str, Callable[..., object]], ...] = (
    ("item > 0", lambda x: x > 0),
    ("item < 0", lambda x: x < 0),
    ("item % 2 == 0", lambda x: x % 2 == 0 if isinstance(x, int) else None % x),
    ("item % 2 == 1", lambda x: x % 2 == 1 if isinstance(x, int) else None % x),
    ("item", lambda x: x),
    ("item.isalpha()", lambda x: x.isalpha()),
    ("item.isdigit()", lambda x: x.isdigit()),
    ("item.isupper()", lambda x: x.isupper()),
    ("item.islower()", lambda x: x.islower()),
    ("item.isalnum()", lambda x: x.isalnum()),
    ("item.lower() in 'aeiou'", lambda x: x.lower() in "aeiou"),
    ("item.lower() not in 'aeiou'", lambda x: x.lower() not in "aeiou"),
    ("item == item[::-1]", lambda x: x == x[::-1]),
)
_COMPARISONS: tuple[tuple[str, Callable[..., object]], ...] = (
    ("item > {1}", operator.gt),
    ("item < {1}", operator.lt),
    ("item >= {1}", operator.ge),
    ("item <= {1}", operator.le),
    ("item != {1}", operator.ne),
    ("item == {1}", operator.eq),
    ("item in {1}", lambda x, k: x in k),
    ("item not in {1}", lambda x, k: x not in k),
    ("item % {1} == 0", lambda x, k: x % k == 0 if isinstance(x, int) and isinstance(k, int) else None % x),
    ("len(item) > {1}", lambda x, k: len(x) > k),
    ("len(item) == {1}", lambda x, k: len(x) == k),
    ("item.startswith({1})", lambda x, k: x.startswith(k)),
)


def _comprehensions() -> list[Operation]:
    """Maps, filters, counts and sorts whose lambda has size one or two."""
    found: list[Operation] = []
    for source, change in _UNARY:
        found.append(_op("seq", f"[{source} for item in {{0}}]", lambda s, f=change: [f(x) for x in s]))
        found.append(_op("list", f"sorted({{0}}, key=lambda item: {source})", lambda s, f=change: sorted(s, key=f)))
        found.append(_op("list", f"max({{0}}, key=lambda item: {source})", lambda s, f=change: max(s, key=f)))
        found.append(_op("list", f"min({{0}}, key=lambda item: {source})", lambda s, f=change: min(s, key=f)))
    for source, change in _CHANGES:
        found.append(_op("list any", f"[{source} for item in {{0}}]", lambda s, k, f=change: [f(x, k) for x in s]))
    for source, test in _TESTS:
        found.append(_op("seq", f"[item for item in {{0}} if {source}]", lambda s, f=test: [x for x in s if f(x)]))
        found.append(_op("seq", f"all({source} for item in {{0}})", lambda s, f=test: all(f(x) for x in s)))
        found.append(_op("seq", f"any({source} for item in {{0}})", lambda s, f=test: any(f(x) for x in s)))
        joined = f"''.join(item for item in {{0}} if {source})"
        found.append(_op("str", joined, lambda s, f=test: "".join(x for x in s if f(x))))
    for source, compare in _COMPARISONS:
        template = f"[item for item in {{0}} if {source}]"
        found.append(_op("seq any", template, lambda s, k, f=compare: [x for x in s if f(x, k)]))
        template = f"all({source} for item in {{0}})"
        found.append(_op("list any", template, lambda s, k, f=compare: all(f(x, k) for x in s)))
    return found


OPERATIONS: tuple[Operation, ...] = (
    *_NUMBERS,
    *_TEXTS,
    *_SEQUENCES,
    *_COLLECTIONS,
    *_comprehensions(),
    *_CONDITIONS,
)

IMPORTS = {
    "accumulate(": "from itertools import accumulate",
    "Counter(": "from collections import Counter",
    "prod(": "from math import prod",
}
