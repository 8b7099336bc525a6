"""The import graph of a repository by grimp, which reads source and runs nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import PurePosixPath

from apps.checks.gateways.process import ToolFailed, tool_run
from apps.checks.gateways.workspace import workspace
from apps.checks.types import ImportEdge, ImportGraph

# Runs in a process of its own. grimp looks packages up as an import would; it is told their folders instead, so that
# nothing of the repository is ever on the import path, whatever its packages are called.
_SCRIPT = """
import json, sys
import grimp
from grimp.application.config import settings
from grimp.application.ports.packagefinder import AbstractPackageFinder
from grimp.exceptions import SourceSyntaxError

folders = json.loads(sys.argv[1])

class Given(AbstractPackageFinder):
    def determine_package_directories(self, package_name, file_system):
        return {folders[package_name]}

settings.configure(PACKAGE_FINDER=Given())
try:
    graph = grimp.build_graph(*folders, cache_dir=None)
except SourceSyntaxError as error:
    print(json.dumps({"path": error.filename, "line": error.lineno}))
    sys.exit()
edges = []
for importer in sorted(graph.modules):
    for imported in sorted(graph.find_modules_directly_imported_by(importer)):
        details = graph.get_import_details(importer=importer, imported=imported)
        edges.append([importer, imported, sorted({item["line_number"] for item in details})])
print(json.dumps([sorted(graph.modules), edges]))
"""


def top_level_packages(paths: list[str]) -> dict[str, str]:
    """Return the packages that stand at the root or in ``src``: dotted name to the folder they are imported from."""
    packages = {}
    for path in paths:
        parts = PurePosixPath(path).parts
        root = "src" if parts[0] == "src" else ""
        rest = parts[1:] if root else parts
        if len(rest) == 2 and rest[1] == "__init__.py" and rest[0].isidentifier() and rest[0] not in {"tests", "test"}:
            packages[rest[0]] = root
    return packages


def _is_module(path: str) -> bool:
    """Return whether *path* can be imported; others, however they are called, have no part in the graph."""
    pure = PurePosixPath(path)
    return pure.suffix == ".py" and all(part.isidentifier() for part in pure.with_suffix("").parts)


def build(files: Mapping[str, str], *, timeout_s: float) -> ImportGraph:
    """
    Return the modules of the repository's own packages and the imports between them.

    :raises ToolFailed: there is no package, or grimp could not read it.
    """
    python = {path: text for path, text in files.items() if _is_module(path)}
    packages = top_level_packages(list(python))
    if not packages:
        raise ToolFailed("There is no Python package at the root of the repository or in src.")
    with workspace(python, honours_suppressions=True) as place:
        folders = {name: str(place.root / root / name) for name, root in sorted(packages.items())}
        command = [sys.executable, "-I", "-B", "-X", "utf8", "-c", _SCRIPT, json.dumps(folders)]
        output = tool_run(command, folder=place.home, home=place.home, timeout_s=timeout_s)
        if output.returncode != 0:
            reason = output.stderr.strip().rpartition("\n")[2][-300:]
            raise ToolFailed(f"grimp could not read the packages: {reason}")
        answer = json.loads(output.stdout)
        if isinstance(answer, dict):
            path = PurePosixPath(answer["path"]).relative_to(place.root)
            raise ToolFailed(f"{path} does not parse (line {answer['line'] or '?'}), so the imports cannot be read.")
    modules, edges = answer
    return ImportGraph(
        tuple(modules), tuple(ImportEdge(importer, imported, tuple(lines)) for importer, imported, lines in edges)
    )
