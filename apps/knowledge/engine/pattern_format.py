"""
Reading a pattern from its file: a page of Markdown that people read, and that is refused unless it is complete.

A title, a paragraph that says the intent, a block of TOML, and four sections: when to use it, when not, code, tests.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from apps.knowledge.engine.pattern_model import THEMES, Parameter, Pattern

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PAGE = re.compile(
    r"# (?P<name>[^\n]+)\n\n(?P<intent>[^\n]+(?:\n[^\n]+)*)\n\n"
    r"```toml\n(?P<header>.*?)\n```\n\n"
    r"## When to use\n\n(?P<when>[^#`]+?)\n\n"
    r"## When not to use\n\n(?P<when_not>[^#`]+?)\n\n"
    r"## Code\n\n```python\n(?P<code>.+?\n)```\n\n"
    r"## Tests\n\n```python\n(?P<tests>.+?\n)```\n",
    re.DOTALL,
)
_REQUIRED = {"theme": str, "entry": str, "keywords": list, "source": str, "licence": str}
_OPTIONAL = {"names": dict, "constants": dict, "packages": list, "fixed": list, "why_no_parameters": str}
_LEAST_KEYWORDS = 5


class PatternInvalid(ValueError):
    """A file of the pattern library is not a pattern; the message says which and why."""


def pattern_parse(slug: str, text: str) -> Pattern:
    """
    Return the pattern that *text*, the page called *slug*, describes.

    :raises PatternInvalid: a part is missing, misspelt or of another type, or what the header names is not in the code.
    """
    page = _PAGE.fullmatch(text)
    if page is None:
        raise PatternInvalid(f"{slug}: a section is missing, or the sections are not in their order.")
    header = _header(slug, page["header"])
    tree = _parsed(slug, "code", page["code"])
    _parsed(slug, "tests", page["tests"])
    entry = _definition(slug, tree, header["entry"])
    arguments, optional = _arguments(entry)
    fixed = header.get("fixed", ())
    parameters = (
        Parameter(header["entry"], "entry", "what the code defines", header["entry"]),
        *(
            Parameter(name, "argument", f"an argument of {header['entry']}", name)
            for name in arguments
            if name not in header.get("fixed", ())
        ),
        *(Parameter(name, "name", text, name) for name, text in _names(slug, header, tree)),
        *(Parameter(name, "constant", text, value) for name, text, value in _constants(slug, header, tree)),
    )
    if (len(parameters) == 1) is not bool(header.get("why_no_parameters")):
        raise PatternInvalid(f"{slug}: either it has parameters beside its name, or why_no_parameters says why not.")
    return Pattern(
        slug=slug,
        name=page["name"],
        theme=header["theme"],
        intent=_one_line(page["intent"]),
        keywords=tuple(header["keywords"]),
        entry=header["entry"],
        is_class=isinstance(entry, ast.ClassDef),
        arguments=arguments,
        fixed=tuple(fixed),
        optional=optional,
        parameters=parameters,
        why_no_parameters=header.get("why_no_parameters", ""),
        packages=tuple(header.get("packages", ())),
        template=page["code"],
        tests=page["tests"],
        when=_one_line(page["when"]),
        when_not=_one_line(page["when_not"]),
        source=header["source"],
        licence=header["licence"],
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _header(slug: str, text: str) -> Mapping[str, Any]:
    try:
        header = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PatternInvalid(f"{slug}: the header is not TOML: {error}.") from error
    kinds = {**_REQUIRED, **_OPTIONAL}
    wrong = [key for key in _REQUIRED if key not in header]
    wrong += [key for key, value in header.items() if key not in kinds or not isinstance(value, kinds[key])]
    if wrong:
        raise PatternInvalid(
            f"{slug}: {', '.join(sorted(wrong))} of the header is missing, unknown or of another type."
        )
    if header["theme"] not in THEMES:
        raise PatternInvalid(f"{slug}: there is no theme {header['theme']!r}.")
    if len(set(header["keywords"])) != len(header["keywords"]) or len(header["keywords"]) < _LEAST_KEYWORDS:
        raise PatternInvalid(f"{slug}: it needs {_LEAST_KEYWORDS} keywords or more, each once.")
    return header


def _parsed(slug: str, part: str, code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise PatternInvalid(f"{slug}: the block of {part} does not parse: {error}.") from error


def _definition(slug: str, tree: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef:
    for node in tree.body:
        if isinstance(node, DEFINITIONS) and node.name == name:
            if ast.get_docstring(node) is None:
                raise PatternInvalid(f"{slug}: {name} has no docstring.")
            return node
    raise PatternInvalid(f"{slug}: the code does not define {name}.")


def _arguments(entry: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> tuple[tuple[str, ...], int]:
    """Return the arguments of a function, or of a class's own constructor, and how many of them have defaults."""
    if isinstance(entry, ast.ClassDef):
        made_by = [one for one in entry.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        if not made_by:
            return (), 0
        entry = made_by[0]
    listed = entry.args
    names = tuple(one.arg for one in (*listed.posonlyargs, *listed.args, *listed.kwonlyargs) if one.arg != "self")
    return names, len(listed.defaults) + sum(default is not None for default in listed.kw_defaults)


def _names(slug: str, header: Mapping[str, Any], tree: ast.Module) -> list[tuple[str, str]]:
    defined = {
        node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    missing = [name for name in header.get("names", {}) if name not in defined or name == header["entry"]]
    if missing:
        raise PatternInvalid(f"{slug}: {', '.join(missing)} is no other definition of the code.")
    return list(header.get("names", {}).items())


def _constants(slug: str, header: Mapping[str, Any], tree: ast.Module) -> list[tuple[str, str, str]]:
    values = {name: ast.unparse(value) for name, value in constants_of(tree).items()}
    missing = [name for name in header.get("constants", {}) if name not in values]
    if missing:
        raise PatternInvalid(f"{slug}: {', '.join(missing)} is no constant at the top of the code.")
    return [(name, text, values[name]) for name, text in header.get("constants", {}).items()]


def constants_of(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the names that the module sets once to a literal value, with the expressions that are those values."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_literal(value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if _is_literal(value):
                found[name] = value
    return found


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True
