"""Modules of a repository in JavaScript: their style, where imports lead, and what a candidate takes along to run."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final, Literal

from apps.core.javascript import CannotStrip, strip_types
from apps.generation.engine.javascript.program import modules_of, uses_esm
from apps.generation.engine.specification.languages import language_of_path

Kind = Literal["module", "commonjs", "json"]
MODULE: Final = "module"
COMMONJS: Final = "commonjs"
JSON: Final = "json"
SOURCES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
MAX_MODULES = 200
MAX_CHARACTERS = 1_000_000


def is_javascript(path: str) -> bool:
    """Tell whether a file is JavaScript or TypeScript by its name."""
    return language_of_path(path) in ("javascript", "typescript") and not path.endswith((".d.ts", ".d.mts", ".d.cts"))


def is_typescript(path: str) -> bool:
    """Tell whether a file is TypeScript by its name."""
    return language_of_path(path) == "typescript"


def is_test(path: str) -> bool:
    """Tell whether a file holds tests, by its name and folder."""
    pure = PurePosixPath(path)
    return bool(re.search(r"\.(?:test|spec)\.[cm]?[jt]s$", pure.name)) or bool(
        {"test", "tests", "__tests__"} & set(pure.parts[:-1])
    )


def test_folder(files: Mapping[str, str]) -> str:
    """Return the folder that most tests of the repository are in, "tests" where there are none."""
    folders = Counter(str(PurePosixPath(path).parent) for path in files if is_javascript(path) and is_test(path))
    return folders.most_common(1)[0][0] if folders else "tests"


def module_kind(path: str, files: Mapping[str, str]) -> Literal["module", "commonjs"]:
    """
    Return "module" or "commonjs" for a file, as Node decides it.

    ``.mjs`` and ``.cjs`` say it themselves; for the others the nearest ``package.json`` does, where it names a type, or
    else the file as it stands. A new file of TypeScript is an ES module, a new ``.js`` is CommonJS.
    """
    suffix = PurePosixPath(path).suffix
    if suffix in (".mjs", ".mts"):
        return MODULE
    if suffix in (".cjs", ".cts"):
        return COMMONJS
    folder = PurePosixPath(path).parent
    for parent in (folder, *folder.parents):
        name = "package.json" if str(parent) == "." else f"{parent}/package.json"
        if name in files:
            kind = _package_type(files[name])
            if kind:
                return kind
            break
    if path in files:
        return MODULE if uses_esm(files[path]) else COMMONJS
    return MODULE if is_typescript(path) else COMMONJS


def _package_type(text: str) -> Literal["module", "commonjs", ""]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    kind = found.get("type") if isinstance(found, dict) else None
    return MODULE if kind == MODULE else COMMONJS if kind == COMMONJS else ""


def resolve(specifier: str, origin: str, files: Mapping[str, str]) -> str | None:
    """Return the file of the repository that an import of *origin* leads to, None where it leads out of it."""
    if not specifier.startswith("."):
        return None
    base = posixpath.normpath(posixpath.join(posixpath.dirname(origin), specifier))
    stem = base.rsplit(".", 1)[0] if base.endswith((".js", ".mjs", ".cjs")) else base
    names = (base, f"{stem}.ts", f"{stem}.mts", f"{base}.js", f"{base}.ts", f"{base}.json", f"{base}/index.js")
    return next((name for name in names if name in files), None)


def runnable(path: str, source: str, files: Mapping[str, str]) -> dict[str, tuple[str, Kind]]:
    """
    Return (source, kind) by path of *source* at *path* and of all files of the repository that it imports.

    Types are taken out. A neighbour that cannot be read, and what is beyond some bounds, is left out: the run then says
    what is missing.

    :raises CannotStrip: the program itself holds something that is more than a type.
    """
    found: dict[str, tuple[str, Kind]] = {path: (_plain(path, source), module_kind(path, {**files, path: source}))}
    waiting = [path]
    size = len(source)
    while waiting and len(found) < MAX_MODULES and size <= MAX_CHARACTERS:
        origin = waiting.pop()
        for specifier in modules_of(found[origin][0]):
            name = resolve(specifier, origin, files)
            if name is None or name in found:
                continue
            if name.endswith(".json"):
                found[name] = (files[name], JSON)
                continue
            try:
                found[name] = (_plain(name, files[name]), module_kind(name, files))
            except CannotStrip:
                continue
            size += len(files[name])
            waiting.append(name)
    return found


def imported_files(path: str, source: str, files: Mapping[str, str]) -> dict[str, str]:
    """Return the files of the repository that *source* at *path* imports, and those that they import, as they stand."""
    found: dict[str, str] = {}
    waiting = [(path, source)]
    while waiting and len(found) < MAX_MODULES:
        origin, text = waiting.pop()
        for specifier in modules_of(text, is_typed=is_typescript(origin)) if not origin.endswith(".json") else ():
            name = resolve(specifier, origin, files)
            if name is not None and name not in found and name != path:
                found[name] = files[name]
                waiting.append((name, files[name]))
    return found


def _plain(path: str, source: str) -> str:
    return strip_types(source) if is_typescript(path) else source


def import_path(target: str, origin: str) -> str:
    """Return how *origin* imports *target*, such as ``../src/slug.mjs``."""
    relative = posixpath.relpath(target, posixpath.dirname(origin) or ".")
    return relative if relative.startswith(".") else f"./{relative}"
