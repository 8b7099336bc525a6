"""
Likely faults in JavaScript, found on its syntax tree; nothing is run.

A rule bears the name of ESLint's where it means the same; these are the ones of ``eslint:recommended``, and a few more,
that find errors and needless code. Taste is none of their business. Comments by which a text would silence a rule
do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from apps.checks.engine.javascript.globals import is_known
from apps.checks.engine.javascript.program import Program, arguments_of, callee_of, function_around, string_of
from apps.checks.types import Finding, Severity
from apps.core.javascript import FUNCTIONS, Binding, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

# A number of more digits is infinite.
MOST_DIGITS = 309
_ENDS = frozenset({"return_statement", "throw_statement", "break_statement", "continue_statement"})
_TYPES = frozenset({"undefined", "object", "boolean", "number", "string", "function", "symbol", "bigint"})
_EQUALITIES = frozenset({"==", "!=", "===", "!=="})
_COMPARISONS = _EQUALITIES | {"<", "<=", ">", ">="}
_LITERALS = frozenset({"number", "string", "true", "false", "null", "undefined", "regex", "array", "object"})
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_VALUES_OF_CALLBACKS = frozenset(
    {
        "map", "filter", "every", "some", "find", "findIndex", "findLast", "reduce", "reduceRight", "flatMap", "sort",
        "toSorted",
    }
)  # fmt: skip


def lint_findings(program: Program) -> list[Finding]:
    """Return the likely faults of a program, by line."""
    return program.findings(_RULES)


def _names(program: Program) -> Iterator[Finding]:
    for node in program.scopes.free:
        if not is_known(text_of(node)) and not _is_typeof(node):
            yield program.finding("no-undef", f"{text_of(node)} is declared nowhere.", node, "high")
    for one in program.scopes.bindings:
        if one.kind in ("const", "import") and one.writes:
            rule = "no-const-assign" if one.kind == "const" else "no-import-assign"
            said = f"{one.name} is changed, and may not be: this throws a TypeError."
            yield program.finding(rule, said, one.writes[0], "high")
        if one.kind in ("function", "class") and one.writes:
            rule = "no-func-assign" if one.kind == "function" else "no-class-assign"
            yield program.finding(rule, f"The {one.kind} {one.name} is replaced.", one.writes[0], "medium")
        if _is_unused(program, one):
            yield program.finding("no-unused-vars", f"{one.name} is never read.", one.node, "low")


def _is_typeof(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type == "unary_expression" and parent.children[0].type == "typeof"


def _is_unused(program: Program, one: Binding) -> bool:
    if one.reads or one.is_exported or one.name.startswith("_") or one.kind in ("parameter", "caught"):
        return False
    if one.is_module_level and one.kind != "import" and not _is_module(program):
        return False  # a plain script shares its names
    at = one.node.parent
    while at is not None and at.type in ("pair_pattern", "object_assignment_pattern", "assignment_pattern"):
        at = at.parent
    leaves_out = at is not None and any(child.type == "rest_pattern" for child in at.named_children)
    return not leaves_out


def _is_module(program: Program) -> bool:
    return any(one.type in ("import_statement", "export_statement") for one in program.scopes.root.named_children)


def _doubles(program: Program) -> Iterator[Finding]:
    for node in program.of("object"):
        keys = [_key(one) for one in node.named_children if one.type in ("pair", "shorthand_property_identifier")]
        yield from _repeated(program, "no-dupe-keys", "The key {} stands twice.", keys, "medium")
    for node in program.of("class_body"):
        methods = [one for one in node.named_children if one.type == "method_definition"]
        named = [(f"{_words(one)} {_key(one)[0]}", _key(one)[1]) for one in methods if _key(one)[0]]
        yield from _repeated(program, "no-dupe-class-members", "The member {} stands twice.", named, "medium")
    for node in program.of("switch_body"):
        cases = [one.child_by_field_name("value") for one in node.named_children if one.type == "switch_case"]
        values = [(text_of(one), one) for one in cases if one is not None]
        yield from _repeated(program, "no-duplicate-case", "The case {} stands twice.", values, "medium")
    for node in program.of("if_statement"):
        if node.parent is None or node.parent.type != "else_clause":
            yield from _repeated(program, "no-dupe-else-if", "The condition {} stands twice.", _chain(node), "medium")


def _key(node: Node) -> tuple[str, Node]:
    key = node.child_by_field_name("key") or node.child_by_field_name("name") or node
    is_computed = key.type == "computed_property_name"
    return "" if is_computed else string_of(key) or text_of(key), key


def _words(method: Node) -> str:
    return " ".join(one.type for one in method.children if one.type in ("get", "set", "static"))


def _chain(node: Node) -> list[tuple[str, Node]]:
    found = []
    at: Node | None = node
    while at is not None and at.type == "if_statement":
        condition = at.child_by_field_name("condition")
        if condition is not None:
            found.append((text_of(condition), condition))
        other = at.child_by_field_name("alternative")
        at = other.named_children[0] if other is not None and other.named_children else None
    return found


def _repeated(
    program: Program, rule: str, said: str, named: list[tuple[str, Node]], severity: Severity
) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, node in named:
        if name and name in seen:
            yield program.finding(rule, said.format(name.strip()[:80]), node, severity)
        seen.add(name)


def _compared(program: Program) -> Iterator[tuple[Node, Node, tuple[Node, Node]]]:
    """Give each binary expression with its operator and its two sides."""
    for node in program.of("binary_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is not None and right is not None and operator is not None:
            yield node, operator, (left, right)


def _comparisons(program: Program) -> Iterator[Finding]:
    for node, operator, (left, right) in _compared(program):
        if operator.type not in _COMPARISONS:
            continue
        texts = {text_of(left), text_of(right)}
        if texts & {"NaN", "Number.NaN"}:
            yield program.finding("use-isnan", "Nothing equals NaN. Use Number.isNaN.", node, "high")
        if "-0" in texts:
            yield program.finding("no-compare-neg-zero", "-0 equals 0. Use Object.is.", node, "medium")
        if len(texts) == 1 and left.type not in ("call_expression", "number"):
            said = "Both sides are the same, so this says only whether it is NaN."
            yield program.finding("no-self-compare", said, node, "medium")


def _equalities(program: Program) -> Iterator[Finding]:
    for _, operator, sides in _compared(program):
        sign = operator.type
        if sign in ("==", "!=") and not any(one.type in ("null", "undefined") or _is_typeof_of(one) for one in sides):
            said = f"{sign} converts its sides before it compares them. Use {sign}=."
            yield program.finding("eqeqeq", said, operator, "low")
        for one, other in (sides, sides[::-1]):
            text = string_of(other)
            if sign in _EQUALITIES and _is_typeof_of(one) and text is not None and text not in _TYPES:
                yield program.finding("valid-typeof", f"typeof never gives {text!r}.", other, "high")


def _negations(program: Program) -> Iterator[Finding]:
    for node, operator, (left, _) in _compared(program):
        is_negated = left.type == "unary_expression" and left.children[0].type == "!"
        if operator.type in ("in", "instanceof") and is_negated:
            said = f"The negation is worked out before {operator.type}. Put brackets around the right part."
            yield program.finding("no-unsafe-negation", said, node, "high")


def _is_typeof_of(node: Node) -> bool:
    return node.type == "unary_expression" and node.children[0].type == "typeof"


def _conditions(program: Program) -> Iterator[Finding]:
    for node in program.of("if_statement", "while_statement", "do_statement", "ternary_expression"):
        condition = node.child_by_field_name("condition")
        if condition is None:
            continue
        inner = condition.named_children[0] if condition.type == "parenthesized_expression" else condition
        if inner.type == "assignment_expression":
            said = "A condition sets a value. Compare, or put it into brackets of its own."
            yield program.finding("no-cond-assign", said, inner, "medium")
        is_endless = node.type in ("while_statement", "do_statement") and inner.type == "true"
        if inner.type in _LITERALS and not is_endless:
            yield program.finding("no-constant-condition", "This condition is always the same.", inner, "medium")


def _flow(program: Program) -> Iterator[Finding]:
    for node in program.of("statement_block", "program", "switch_case", "switch_default"):
        for before, after in pairwise(one for one in node.named_children if one.type != "comment"):
            if before.type in _ENDS and after.type not in ("function_declaration", "empty_statement", *_ENDS):
                yield program.finding("no-unreachable", "This is never reached.", after, "medium")
                break
    for node in program.of("switch_body"):
        cases = [one for one in node.named_children if one.type in ("switch_case", "switch_default")]
        for one, following in pairwise(cases):
            if _falls_through(one, following):
                said = "The case before goes on into this one. Say so in a comment, or end it."
                yield program.finding("no-fallthrough", said, following, "medium")
    for node in program.of("finally_clause"):
        for one in walk(node):
            if one.type in ("return_statement", "throw_statement") and _is_nearest(one, node):
                said = "It replaces what the block returns or throws."
                yield program.finding("no-unsafe-finally", said, one, "high")


def _is_nearest(statement: Node, around: Node) -> bool:
    """Whether a statement belongs to the same function as the clause around it."""
    inner, outer = function_around(statement), function_around(around)
    return (inner.id if inner is not None else 0) == (outer.id if outer is not None else 0)


def _falls_through(case: Node, following: Node) -> bool:
    value = case.child_by_field_name("value")
    body = [one for one in case.named_children if value is None or one.id != value.id]
    statements = [one for one in body if one.type != "comment"]
    if not statements or _ends(statements[-1]):
        return False
    said = [one for one in (*body[-1:], following.prev_named_sibling) if one is not None and one.type == "comment"]
    return not any("fall" in text_of(one).lower() for one in said)


def _ends(statement: Node) -> bool:
    if statement.type in _ENDS:
        return True
    if statement.type == "statement_block":
        inner = [one for one in statement.named_children if one.type != "comment"]
        return bool(inner) and _ends(inner[-1])
    if statement.type == "if_statement":
        then, other = statement.child_by_field_name("consequence"), statement.child_by_field_name("alternative")
        return then is not None and other is not None and _ends(then) and _ends(other.named_children[-1])
    if statement.type in ("try_statement", "switch_statement", "expression_statement"):
        return statement.type != "expression_statement" and any(_ends(one) for one in statement.named_children)
    return statement.type in _LOOPS and "true" in text_of(statement).split("{")[0]


def _needless(program: Program) -> Iterator[Finding]:
    for node in program.of("debugger_statement"):
        yield program.finding("no-debugger", "The debugger is called.", node, "medium")
    for node in program.of("with_statement"):
        yield program.finding("no-with", "What names mean in a with statement depends on the object.", node, "high")


def _empty(program: Program) -> Iterator[Finding]:
    for node in program.of("statement_block"):
        is_body = node.parent is not None and node.parent.type in FUNCTIONS
        if not node.named_children and not is_body:
            yield program.finding("no-empty", "This block is empty. Say in a comment why.", node, "low")
    for node in program.of("object_pattern", "array_pattern"):
        if not node.named_children:
            yield program.finding("no-empty-pattern", "This pattern takes nothing out.", node, "medium")
    for node in program.of("array"):
        commas = [one.type for one in node.children]
        if any(a == b == "," for a, b in pairwise(commas)) or commas[:2] == ["[", ","]:
            yield program.finding("no-sparse-arrays", "This array has a hole.", node, "medium")


def _without_effect(program: Program) -> Iterator[Finding]:
    for node in program.of("assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None and text_of(left) == text_of(right):
            yield program.finding("no-self-assign", f"{text_of(left)[:60]} is set to itself.", node, "medium")
    for node in program.of("expression_statement"):
        inner = node.named_children[0] if node.named_children else None
        operator = inner.child_by_field_name("operator") if inner is not None else None
        is_value = operator is not None and operator.type not in ("&&", "||", "??")
        if inner is not None and inner.type == "binary_expression" and is_value:
            said = "Nothing is done with this value."
            yield program.finding("no-unused-expressions", said, inner, "medium")
    for node in program.of("catch_clause"):
        yield from _useless_catch(program, node)


def _useless_catch(program: Program, node: Node) -> Iterator[Finding]:
    name, body = node.child_by_field_name("parameter"), node.child_by_field_name("body")
    statements = body.named_children if body is not None else []
    is_alone = name is not None and len(statements) == 1 and statements[0].type == "throw_statement"
    if is_alone and name is not None and text_of(statements[0].named_children[0]) == text_of(name):
        yield program.finding("no-useless-catch", "What is caught is only thrown again.", node, "low")


def _values(program: Program) -> Iterator[Finding]:
    for node in program.of("number"):
        digits = text_of(node).replace("_", "")
        is_plain = digits.isdigit() and not digits.startswith("0")
        if is_plain and 15 < len(digits) < MOST_DIGITS and int(float(digits)) != int(digits):
            said = f"No number is {digits[:40]}: it becomes {int(float(digits))}. Use a BigInt."
            yield program.finding("no-loss-of-precision", said, node, "high")
    for node in program.of("throw_statement"):
        thrown = node.named_children[0] if node.named_children else None
        if thrown is not None and thrown.type in ("string", "template_string", "number", "undefined", "null"):
            said = "What is thrown is no Error, so nobody learns where it came from."
            yield program.finding("no-throw-literal", said, node, "low")


def _callbacks(program: Program) -> Iterator[Finding]:
    for node in program.of("new_expression", "call_expression"):
        given = arguments_of(node)
        if text_of(callee_of(node) or node) == "Promise" and given and given[0].children[0].type == "async":
            said = "What an async executor throws is lost."
            yield program.finding("no-async-promise-executor", said, node, "high")
        if _gives_nothing(program, node):
            said = "This callback never returns a value, and its caller waits for one."
            yield program.finding("array-callback-return", said, given[0], "medium")


def _without_result(program: Program) -> Iterator[Finding]:
    for node in program.of("method_definition"):
        body = node.child_by_field_name("body")
        if any(one.type == "get" for one in node.children) and body is not None and not _returns(node):
            yield program.finding("getter-return", "This getter never returns a value.", node, "medium")
    for node in program.of("generator_function_declaration", "generator_function"):
        if not any(one.type == "yield_expression" for one in walk(node)):
            yield program.finding("require-yield", "This generator never yields.", node, "low")


def _gives_nothing(program: Program, call: Node) -> bool:
    callee, given = callee_of(call), arguments_of(call)
    if callee is None or callee.type != "member_expression" or program.member(callee) not in _VALUES_OF_CALLBACKS:
        return False
    function = given[0] if given and given[0].type in FUNCTIONS else None
    body = function.child_by_field_name("body") if function is not None else None
    is_block = body is not None and body.type == "statement_block"
    is_async = function is not None and function.children[0].type == "async"
    return is_block and function is not None and not is_async and not _returns(function)


def _returns(function: Node) -> bool:
    """Whether a function returns a value somewhere, or throws as its last word."""
    for one in walk(function):
        around = function_around(one)
        if around is None or around.id != function.id:
            continue
        if one.type == "throw_statement" or (one.type == "return_statement" and one.named_children):
            return True
    return False


_RULES: tuple[Callable[[Program], Iterator[Finding]], ...] = (
    _names, _doubles, _comparisons, _equalities, _negations, _conditions, _flow, _needless, _empty, _without_effect,
    _values, _callbacks, _without_result,
)  # fmt: skip
