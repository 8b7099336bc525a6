"""Cyclomatic complexity by radon. It parses in this process and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable

from radon.complexity import cc_visit
from radon.visitors import Class, Function

from apps.checks.types import FunctionComplexity, Unparsable


def measure(source: str) -> tuple[FunctionComplexity, ...]:
    """
    Return the complexity of every function, method and nested function, in the order of the text.

    :raises Unparsable: the text is not Python, or nested too deeply to analyse.
    """
    try:
        blocks = cc_visit(source)
    except SyntaxError as error:
        raise Unparsable(f"Line {error.lineno or 0} does not parse: {error.msg}.") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise Unparsable("The text is nested too deeply, or holds characters that Python refuses.") from error
    found = {(item.line, item.name): item for item in _functions(blocks)}
    return tuple(found[key] for key in sorted(found))


def _functions(blocks: Iterable[Function | Class], owner: str = "") -> Iterable[FunctionComplexity]:
    for block in blocks:
        name = f"{owner}.{block.name}" if owner else _own_name(block)
        if isinstance(block, Class):
            yield from _functions(block.methods, name)
            yield from _functions(block.inner_classes, name)
        else:
            yield FunctionComplexity(name, block.lineno, block.endline, block.complexity)
            yield from _functions(block.closures, name)


def _own_name(block: Function | Class) -> str:
    class_name = getattr(block, "classname", None)
    return f"{class_name}.{block.name}" if class_name else str(block.name)
