"""The documentation page of a chosen implementation."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from apps.generation.engine.javascript.documentation import description_of, examples_source, header_of, thrown_by
from apps.generation.engine.source.syntax import parsed
from apps.generation.engine.specification.model import SpecExample, Specification
from apps.generation.engine.testgen import literal_source

_MARKUP = re.compile(r"([|\\`*_<>\[\]])")


def document(spec: Specification, code: str) -> str:
    """
    Return a Markdown page: signature, what it does, what it raises, examples, requirements.

    The signature and the description are read from *code* where it parses (its docstring describes what was built);
    the specification fills in what is missing; *note* is a sentence on how the code came about. Text from any of them
    is escaped where Markdown would read it as markup.
    """
    definition = _definition(code, spec.entry)
    name = spec.entry or spec.title or "Implementation"
    parts = [f"# {spec.title or name}", _signature(definition, spec), _description(definition, spec)]
    if definition is not None:
        parts += [_methods(definition), _errors(definition)]
    parts += [_examples([e for e in spec.examples if e.function == spec.entry]), _requirements(spec), _limits(spec)]
    return "\n\n".join(part for part in parts if part) + "\n"


def document_javascript(spec: Specification, code: str, *, is_typed: bool = False) -> str:
    """Return the same page about a program in JavaScript or TypeScript."""
    language = "ts" if is_typed else "js"
    header = header_of(code, spec.entry, is_typed=is_typed)
    signature = header or (spec.entry_signature.source if spec.entry_signature else "")
    described = description_of(code, spec.entry, is_typed=is_typed) or _first_paragraph(spec.text)
    thrown = thrown_by(code, is_typed=is_typed)
    examples = [example for example in spec.examples if example.function == spec.entry]
    parts = [
        f"# {spec.title or spec.entry or 'Implementation'}",
        _fenced(signature, language) if signature else "",
        _prose(described),
        "## Errors\n\n" + "\n".join(f"- throws `{name}`" for name in thrown) if thrown else "",
        "## Examples\n\n" + _fenced(examples_source(examples), language) if examples else "",
        _requirements(spec),
        _limits(spec),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _first_paragraph(text: str) -> str:
    first = text.strip().split("\n\n")[0]
    is_code = first.lstrip().startswith(("def ", "class ", "```", ">>>", "#", "function ", "export ", "const ", "/*"))
    return "" if is_code else first


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _definition(code: str, entry: str | None) -> _Definition | None:
    tree = parsed(code)
    found = [n for n in tree.body if isinstance(n, _Definition)] if tree is not None else []
    return next((node for node in found if node.name == entry), found[-1] if found and entry is None else None)


def _fenced(source: str, language: str = "python") -> str:
    """A fence longer than any run of backticks inside, so that nothing in *source* can close it."""
    longest = max((len(run) for run in re.findall(r"`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{source.strip()}\n{fence}"


def _header(node: _Definition) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return f"class {node.name}({bases})" if bases else f"class {node.name}"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    prefix = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    return f"{prefix} {node.name}({ast.unparse(node.args)}){returns}"


def _signature(definition: _Definition | None, spec: Specification) -> str:
    if definition is not None:
        return _fenced(_header(definition))
    return _fenced(spec.entry_signature.source) if spec.entry_signature else ""


def _description(definition: _Definition | None, spec: Specification) -> str:
    docstring = ast.get_docstring(definition) if definition is not None else None
    if docstring:
        return _prose(docstring.split(">>>")[0])
    return _prose(_first_paragraph(spec.text))


def _prose(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text.strip())


def _methods(definition: _Definition) -> str:
    if not isinstance(definition, ast.ClassDef):
        return ""
    methods = [
        n
        for n in definition.body
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (not n.name.startswith("_") or n.name == "__init__")
    ]
    if not methods:
        return ""
    rows = [f"| `{_cell(_header(method)[4:])}` | {_cell(_prose(_first_line(method)))} |" for method in methods]
    return "\n".join(("## Methods", "", "| method | what it does |", "|---|---|", *rows))


def _first_line(node: _Definition) -> str:
    return (ast.get_docstring(node) or "").split("\n")[0]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") if "\\|" not in text else " ".join(text.split())


def _errors(definition: _Definition) -> str:
    names = {
        ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        for node in ast.walk(definition)
        if isinstance(node, ast.Raise) and node.exc is not None
    }
    raised = sorted(name for name in names if name[:1].isupper())
    return "## Errors\n\n" + "\n".join(f"- raises `{name}`" for name in raised) if raised else ""


def _examples(examples: Sequence[SpecExample]) -> str:
    if not examples:
        return ""
    return "## Examples\n\n" + _fenced("\n\n".join(_example(example) for example in examples))


def _example(example: SpecExample) -> str:
    lines = [
        f"... {line}" if line[:1] in " \t" else f">>> {line}" for step in example.steps for line in step.splitlines()
    ]
    outcome = (
        f"Traceback (most recent call last):\n    ...\n{example.raises}"
        if example.raises
        else ""
        if example.expected is None
        else literal_source(example.expected)
    )
    return "\n".join([*lines, f">>> {example.call}", *([outcome] if outcome else [])])


def _requirements(spec: Specification) -> str:
    if not spec.criteria:
        return ""
    rows = [f"| {criterion.id} | {_cell(_prose(criterion.text))} |" for criterion in spec.criteria]
    return "\n".join(("## Requirements", "", "| id | requirement |", "|---|---|", *rows))


def _limits(spec: Specification) -> str:
    if not spec.non_goals:
        return ""
    return "## Out of scope\n\n" + "\n".join(f"- {_prose(goal)}" for goal in spec.non_goals)
