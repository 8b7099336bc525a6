"""How a specification uses the class that it asks for: how it is made, which methods are called, what is read of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from apps.core.javascript.trees import fault_of, parse, text_of, walk
from apps.core.javascript.values import NotALiteral, value_of
from apps.generation.engine.specification import FunctionSignature, SpecExample, Specification
from apps.generation.engine.specification.languages import JAVASCRIPT
from apps.generation.engine.specification.literals import literal_of, read_literal
from apps.generation.engine.specification.syntax import parsed

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_STATEMENTS = 300
MAX_MAKINGS = 8
MAX_SOURCE = 400  # characters of what a session repeats: arguments of a call, a read, the making of an object
_SCALARS = frozenset({"int", "float", "str", "bool", "bytes", "complex", "None", "number", "string", "boolean"})
_READERS = frozenset({"len", "str", "repr", "bool", "int", "float", "list", "tuple", "set", "dict", "sorted", "sum"})
# Possessive: what hostile text repeats is read once.
_PROPERTY = re.compile(r"@(?:functools\.)?(?:cached_)?property\s++def\s++(\w++)|\bget\s++(\w++)\s*+\(\)")
_PUBLIC = re.compile(r"\b(?:attribute|property|field)[ \t]++`(\w++)`|`(\w++)`[ \t]++(?:attribute|property|field)\b")


@dataclass(frozen=True, slots=True)
class Given:
    """Arguments as values."""

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Making:
    """
    How an object comes to be: ``source`` binds it to ``name``, after the statements ``before``.

    ``given`` are the arguments of its class, None where one of them is no literal.
    """

    name: str
    source: str
    before: tuple[str, ...] = ()
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A call of a method with literal arguments, as an example makes it."""

    method: str
    given: Given


@dataclass(frozen=True, slots=True)
class ClassUse:
    """
    What sessions of a class can be made of.

    ``methods`` are declared by the text, but for those that examples only call with what is no literal. ``reads`` are
    expressions that read an object without calling a method, each with the name that the object has in it. ``judged``
    are methods whose result an example judges, ``scalars`` those that are said to return a number, a text or nothing.
    """

    name: str
    methods: tuple[FunctionSignature, ...]
    makings: tuple[Making, ...]
    calls: tuple[MethodCall, ...]
    reads: tuple[tuple[str, str], ...]
    judged: frozenset[str]
    scalars: frozenset[str]
    is_javascript: bool


_Called = tuple[str, Given | None]  # a method, and None where an argument is no literal


@dataclass(frozen=True, slots=True)
class _Statement:
    """One statement of an example: the name that it binds to an object of the class, what it does with which name."""

    is_binding: bool = False
    made: str = ""
    given: Given | None = None
    names: frozenset[str] = frozenset()
    calls: tuple[tuple[str, _Called], ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    called: str = ""  # the method, where the statement is a call of it and nothing else


def class_use_of(specification: Specification) -> ClassUse | None:
    """
    Return how *specification* uses the class that it asks for, None where it asks for none or never makes an object.

    What is public is what the text shows or names: how a candidate calls its own fields is its own business.
    """
    outline = specification.entry_class
    if outline is None:
        return None
    is_javascript = specification.target_language in JAVASCRIPT
    read = _javascript_statement if is_javascript else _python_statement
    examples = [example for example in specification.examples if example.function == outline.name and example.steps]
    statements = {source: read(source, outline.name) for source in _sources(examples)}
    makings = _makings(examples, statements)
    if not makings:
        return None
    names = {making.name for making in makings}
    seen = [call for statement in statements.values() for name, call in statement.calls if name in names]
    used = [MethodCall(method, given) for method, given in seen if given is not None and _is_public(method)]
    unwritten = {method for method, _ in seen} - {call.method for call in used}
    reads = [one for statement in statements.values() for one in statement.reads if one[0] in names]
    methods = {one.name: one for one in _methods(specification)}
    fields = _fields(specification.text, set(methods))
    reads += [(makings[0].name, f"{makings[0].name}.{name}") for name in fields]
    barred = unwritten | {source.partition(".")[2] for _, source in reads}
    return ClassUse(
        name=outline.name,
        methods=tuple(one for name, one in methods.items() if _is_public(name) and name not in barred),
        makings=makings,
        calls=tuple(used),
        reads=tuple(one for one in dict.fromkeys(reads) if len(one[1]) <= MAX_SOURCE),
        judged=frozenset(name for one in examples if (name := statements.get(one.call, _Statement()).called)),
        scalars=_scalars(methods.values(), examples, statements, is_javascript=is_javascript),
        is_javascript=is_javascript,
    )


def _sources(examples: Sequence[SpecExample]) -> list[str]:
    found = dict.fromkeys(source for example in examples for source in (*example.steps, example.call))
    return list(found)[:MAX_STATEMENTS]


def _makings(examples: Sequence[SpecExample], statements: Mapping[str, _Statement]) -> tuple[Making, ...]:
    """Return each way in which examples make an object, with the statements that bind what it needs."""
    found: dict[str, Making] = {}
    for example in examples:
        before: list[str] = []
        made: set[str] = set()
        for step in example.steps[:MAX_STATEMENTS]:
            statement = statements.get(step, _Statement())
            if not statement.is_binding or statement.names & made:
                continue
            if statement.made:
                made.add(statement.made)
                making = Making(statement.made, step, tuple(before), statement.given)
                whole = "\n".join((*before, step))
                if len(whole) <= MAX_SOURCE:
                    found.setdefault(whole, making)
            else:
                before.append(step)
        if len(found) >= MAX_MAKINGS:
            break
    return tuple(found.values())[:MAX_MAKINGS]


def _methods(specification: Specification) -> Iterator[FunctionSignature]:
    """The methods of the outline; what a text about one class of JavaScript declares beside it are its methods."""
    outline = specification.entry_class
    if outline is not None:
        yield from outline.methods
    if specification.target_language in JAVASCRIPT and len(specification.classes) == 1:
        yield from (one for one in specification.functions if one.name != specification.entry)


def _fields(text: str, methods: set[str]) -> list[str]:
    """Return the names that the text calls properties; those of a getter are no methods."""
    named = [hit[1] or hit[2] for pattern in (_PROPERTY, _PUBLIC) for hit in pattern.finditer(text)]
    declared = [hit[1] or hit[2] for hit in _PROPERTY.finditer(text)]
    return [name for name in dict.fromkeys(named) if _is_public(name) and (name not in methods or name in declared)]


def _is_public(name: str) -> bool:
    return not name.startswith(("_", "#")) and name != "constructor"


def _scalars(
    methods: Iterable[FunctionSignature],
    examples: Sequence[SpecExample],
    statements: Mapping[str, _Statement],
    *,
    is_javascript: bool,
) -> frozenset[str]:
    found = {one.name for one in methods if _is_scalar(one.returns, is_javascript=is_javascript)}
    for example in examples:
        method = statements.get(example.call, _Statement()).called
        if method and not example.raises and isinstance(example.expected, (bool, int, float, str, bytes)):
            found.add(method)
    return frozenset(found)


def _is_scalar(returns: str, *, is_javascript: bool) -> bool:
    """A method of JavaScript without a result may hand out anything, so that its result says nothing."""
    words = set(re.findall(r"[A-Za-z_]\w*", returns.replace("Optional", "None")))
    return bool(words) and words <= _SCALARS and not (is_javascript and words <= {"None"})


def _python_statement(source: str, name: str) -> _Statement:
    try:
        tree = parsed(source)
    except ValueError:
        return _Statement()
    nodes = list(ast.walk(tree))
    names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
    is_binding = not all(isinstance(node, ast.Expr) for node in tree.body)
    found = _Statement(is_binding, names=names, calls=tuple(_python_calls(nodes)), reads=tuple(_python_reads(nodes)))
    only = tree.body[0] if len(tree.body) == 1 else None
    if isinstance(only, ast.Expr) and found.calls and isinstance(only.value, ast.Call):
        is_alone = isinstance(only.value.func, ast.Attribute) and isinstance(only.value.func.value, ast.Name)
        return replace(found, called=found.calls[0][1][0] if is_alone else "")
    if isinstance(only, ast.Assign) and len(only.targets) == 1 and isinstance(only.targets[0], ast.Name):
        made = only.value
        if isinstance(made, ast.Call) and _root(made.func) == name:
            given = _python_given(made) if isinstance(made.func, ast.Name) else None
            return replace(found, made=only.targets[0].id, given=given)
    return found


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _python_given(call: ast.Call) -> Given | None:
    is_large = (call.end_col_offset or 0) - call.col_offset > MAX_SOURCE or call.lineno != call.end_lineno
    if is_large or any(keyword.arg is None for keyword in call.keywords):
        return None
    try:
        kwargs = {keyword.arg: literal_of(keyword.value) for keyword in call.keywords if keyword.arg}
        args = tuple(literal_of(argument) for argument in call.args)
        read_literal(repr((args, kwargs)))  # infinities cannot be written again as they are
        return Given(args, kwargs)
    except ValueError:
        return None


def _python_calls(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, _Called]]:
    for node in nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            yield node.func.value.id, (node.func.attr, _python_given(node))


def _python_reads(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    inner = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    inner |= {id(node.value) for node in nodes if isinstance(node, (ast.Attribute, ast.Subscript))}
    for node in nodes:
        if isinstance(node, ast.Attribute) and id(node) not in inner and isinstance(node.ctx, ast.Load) and _root(node):
            yield _root(node), ast.unparse(node)
        elif isinstance(node, ast.Call) and _is_reader(node) and isinstance(node.args[0], ast.Name):
            yield node.args[0].id, ast.unparse(node)
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            if _is_literal(node.slice):
                yield node.value.id, ast.unparse(node)
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)) and len(node.ops) == 1:
            container = node.comparators[0]
            if isinstance(container, ast.Name) and _is_literal(node.left):
                yield container.id, ast.unparse(node)


def _is_reader(call: ast.Call) -> bool:
    is_known = isinstance(call.func, ast.Name) and call.func.id in _READERS
    return is_known and len(call.args) == 1 and not call.keywords


def _is_literal(node: ast.expr) -> bool:
    try:
        literal_of(node)
    except ValueError:
        return False
    return True


def _javascript_statement(source: str, name: str) -> _Statement:
    if fault_of(source) is not None:
        return _Statement()
    root = parse(source)
    nodes = list(walk(root))
    names = frozenset(text_of(node) for node in nodes if node.type == "identifier")
    is_binding = any(node.type in ("lexical_declaration", "variable_declaration") for node in root.named_children)
    calls = tuple(_javascript_calls(nodes))
    found = _Statement(is_binding, names=names, calls=calls, reads=tuple(_javascript_reads(nodes)))
    only = root.named_children[0] if len(root.named_children) == 1 else None
    if only is not None and only.type == "expression_statement":
        call = only.named_children[0] if only.named_children else None
        is_alone = call is not None and call.type == "call_expression" and _member(call) is not None
        return replace(found, called=calls[0][1][0] if is_alone and calls else "")
    for node in nodes:
        made, bound = node.child_by_field_name("value"), node.child_by_field_name("name")
        if node.type == "variable_declarator" and made is not None and bound is not None:
            maker = made.child_by_field_name("constructor")
            if made.type == "new_expression" and maker is not None and text_of(maker) == name:
                return replace(found, made=text_of(bound), given=_javascript_given(made))
    return found


def _javascript_given(call: Node) -> Given | None:
    given = call.child_by_field_name("arguments")
    if call.end_byte - call.start_byte > MAX_SOURCE:
        return None
    try:
        inner = given.named_children if given is not None else []
        return Given(tuple(value_of(node) for node in inner if node.type != "comment"))
    except NotALiteral:
        return None


def _member(call: Node) -> tuple[str, str] | None:
    """Return name and method of ``name.method()``, None for any other call."""
    function = call.child_by_field_name("function")
    if function is None or function.type != "member_expression":
        return None
    thing, method = function.child_by_field_name("object"), function.child_by_field_name("property")
    if thing is None or method is None or thing.type != "identifier":
        return None
    return text_of(thing), text_of(method)


def _javascript_calls(nodes: Sequence[Node]) -> Iterator[tuple[str, _Called]]:
    for node in nodes:
        member = _member(node) if node.type == "call_expression" else None
        if member is not None:
            yield member[0], (member[1], _javascript_given(node))


def _javascript_reads(nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        outer = node.parent
        if node.type != "member_expression" or outer is None:
            continue
        is_inner = outer.type in ("member_expression", "subscript_expression", "call_expression")
        is_written = outer.type in ("assignment_expression", "augmented_assignment_expression", "update_expression")
        root: Node | None = node
        while root is not None and root.type == "member_expression":
            root = root.child_by_field_name("object")
        if not is_inner and not is_written and root is not None and root.type == "identifier":
            yield text_of(root), text_of(node)
