"""What runs inside the sandbox while existing functions are looked for. What comes back from there is only a hint."""

from __future__ import annotations

from collections.abc import Sequence

LISTING_ENTRY = "functions_of"
SCREEN_ENTRY = "fitting"

# Without side effects on anything but their arguments, and of use to programs.
STANDARD_MODULES = (
    "builtins", "math", "statistics", "string", "textwrap", "itertools", "functools", "operator", "heapq", "bisect",
    "collections", "calendar", "colorsys", "unicodedata", "html", "urllib.parse", "base64", "binascii", "json", "shlex",
    "difflib", "posixpath", "fnmatch", "keyword", "zlib", "re",
)  # fmt: skip

# Run code, read input, end or stop the process, never end, or are nobody's solution.
_NEVER = frozenset({
    "breakpoint", "compile", "copyright", "credits", "delattr", "eval", "exec", "exit", "globals", "help", "input",
    "license", "locals", "memoryview", "open", "print", "quit", "setattr", "vars", "count", "cycle", "repeat", "id",
    "object", "super", "property", "classmethod", "staticmethod", "type", "getattr", "hasattr", "dir",
})  # fmt: skip

LISTING = f"""
import importlib, inspect
NEVER = {sorted(_NEVER)!r}
TYPES = (str, int, float, list, dict, set, tuple, bytes)

def _shape(function):
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return 0, None, []
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        return None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    flags = [p.name for p in parameters if p.default is False and p.kind is not p.POSITIONAL_ONLY]
    fewest = sum(p.default is p.empty for p in positional)
    return fewest, None if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional), flags

def _row(module, name, function):
    shape = _shape(function)
    return None if shape is None else [module, name, *shape]

def {LISTING_ENTRY}(module):
    rows = []
    loaded = importlib.import_module(module)
    for name in getattr(loaded, "__all__", None) or sorted(vars(loaded)):
        found = getattr(loaded, name, None)
        is_error = isinstance(found, type) and issubclass(found, BaseException)
        if callable(found) and not name.startswith("_") and name not in NEVER and not is_error:
            rows.append(_row(module, name, found))
    if module == "builtins":
        for owner in TYPES:
            for name, found in sorted(vars(owner).items()):
                if callable(found) and not name.startswith("_"):
                    rows.append(_row(module, owner.__name__ + "." + name, found))
    return [row for row in rows if row is not None]
"""

_SCREEN = f"""
import copy as _copy, importlib as _importlib

def _meets(call, arguments, expected, raises):
    arguments = _copy.deepcopy(arguments)
    try:
        value = call(*arguments)
    except Exception as error:
        return raises is not None and type(error).__name__ == raises
    if raises is not None:
        return False
    if isinstance(expected, float) and isinstance(value, float):
        return abs(value - expected) <= 1e-9 * max(1.0, abs(expected))
    return type(value) is type(expected) and value == expected

def _call(module, name, head, expression):
    target = _importlib.import_module(module)
    for part in name.split("."):
        target = getattr(target, part)
    return eval(head + expression, {{"_target": target}})

def {SCREEN_ENTRY}(adapters, examples):
    found = []
    for number, module, name, head, expression in adapters:
        try:
            call = _call(module, name, head, expression)
            if all(_meets(call, *example) for example in examples):
                found.append(number)
        except (Exception, SystemExit):
            continue
    return found
"""


def screen_source(modules: Sequence[str] = ()) -> str:
    """Return the program that tries adapters; it imports the repository's *modules*."""
    return "".join(f"import {name}\n" for name in modules) + _SCREEN
