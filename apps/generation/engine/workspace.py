"""Let code that lives in a package import its neighbours when it runs alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from apps.core.modules import dotted_name

MAX_MODULES = 200
MAX_CHARACTERS = 1_000_000

_SETUP = """
import importlib.abc as _abc, importlib.util as _util, sys as _sys
class _Neighbours(_abc.MetaPathFinder, _abc.Loader):
    spec_of = staticmethod(_util.spec_from_loader)
    sources = {sources!r}
    def find_spec(self, name, path=None, target=None):
        known = self.sources.get(name)
        return None if known is None else self.spec_of(name, self, is_package=known[0])
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        name = module.__spec__.name
        exec(compile(self.sources[name][1], name, "exec"), module.__dict__)
_sys.meta_path.insert(0, _Neighbours())
__package__ = {package!r}
del _abc, _util, _sys, _Neighbours
"""


def neighbours_setup(source: str, path: str, files: Mapping[str, str]) -> str:
    """
    Return source that makes the repository's own modules importable for *source*, which stands at *path*.

    Only modules that are imported, directly or through others, are carried along; "" when there are none. The setup
    runs in the sandbox before the code, in the same module.
    """
    modules = {dotted_name(name): (name.endswith("__init__.py"), text) for name, text in files.items()}
    package = dotted_name(path) if path.endswith("__init__.py") else dotted_name(path).rpartition(".")[0]
    needed: dict[str, tuple[bool, str]] = {}
    queue = [(source, package)]
    while queue and len(needed) < MAX_MODULES:
        text, home = queue.pop()
        for name in _imported(text, home, modules):
            if name not in needed:
                is_package, body = modules[name]
                needed[name] = (is_package, body)
                queue.append((body, name if is_package else name.rpartition(".")[0]))
    if not needed or sum(len(body) for _, body in needed.values()) > MAX_CHARACTERS:
        return ""
    return _SETUP.format(sources=needed, package=package)


def _imported(text: str, package: str, modules: Mapping[str, tuple[bool, str]]) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names = [base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield from (prefix for end in range(1, len(parts) + 1) if (prefix := ".".join(parts[:end])) in modules)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}".strip(".") if node.module else base
