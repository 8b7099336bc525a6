"""
Which distributions a repository says that it needs, read from its files; nothing is run and nothing is fetched.

``pyproject.toml`` (PEP 621 and PEP 735, Poetry), ``requirements*.txt`` and ``setup.cfg`` are read. A ``setup.py``
computes what it needs, so it is not.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from apps.core.licences import distribution_name

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?=\s|$|[<>=!~;@\[(,])")
_REQUIREMENTS = re.compile(r"(?:^|.*[-_.])requirements(?:[-_.].*)?\.(?:txt|in)$|^(?:dev|test|tests)\.(?:txt|in)$")
_DEVELOPMENT = re.compile(r"(?:^|[-_.])(?:dev|develop|development|tests?|testing|lint|docs?|typing|ci)(?:$|[-_.])")


@dataclass(frozen=True)
class Declared:
    """
    The distributions that a repository declares, by their canonical names.

    ``development`` are those that are declared for tests, documentation or development only. ``sources`` are the
    files that said so, ``unreadable`` those that could not be read.
    """

    runtime: frozenset[str] = frozenset()
    development: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = field(default=())

    def how(self, distribution: str) -> str:
        """Return how *distribution* is declared: "runtime", "development" or "" for not at all."""
        name = distribution_name(distribution)
        return "runtime" if name in self.runtime else "development" if name in self.development else ""


def is_declaration(path: str) -> bool:
    """Return whether a file at *path* says what a repository needs."""
    pure = PurePosixPath(path)
    if len(pure.parts) > 2 or (len(pure.parts) == 2 and pure.parts[0] != "requirements"):
        return False
    if len(pure.parts) == 2:
        return pure.suffix in {".txt", ".in"}
    return pure.name in {"pyproject.toml", "setup.cfg"} or _REQUIREMENTS.match(pure.name) is not None


def declared_in(files: Mapping[str, str]) -> Declared:
    """Return what *files* (path to text) declare; those that :func:`is_declaration` leaves out are not looked at."""
    runtime: set[str] = set()
    development: set[str] = set()
    sources, unreadable = [], []
    for path in sorted(filter(is_declaration, files)):
        try:
            found = list(_read(path, files[path]))
        except (tomllib.TOMLDecodeError, configparser.Error, TypeError, AttributeError, RecursionError):
            unreadable.append(path)
            continue
        sources.append(path)
        runtime |= {name for name, is_development in found if not is_development}
        development |= {name for name, is_development in found if is_development}
    return Declared(frozenset(runtime), frozenset(development - runtime), tuple(sources), tuple(unreadable))


def _read(path: str, text: str) -> Iterator[tuple[str, bool]]:
    name = PurePosixPath(path).name
    if name == "pyproject.toml":
        return _pyproject(tomllib.loads(text))
    if name == "setup.cfg":
        return _setup_cfg(text)
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    is_development = _DEVELOPMENT.search(PurePosixPath(path).stem.replace("requirements", "")) is not None
    return _names((line for line in lines if not line.startswith("-")), is_development=is_development)


def _names(requirements: Iterable[Any], *, is_development: bool) -> Iterator[tuple[str, bool]]:
    for one in requirements:
        found = _NAME.match(one) if isinstance(one, str) else None
        if found:
            yield distribution_name(found[1]), is_development


def _pyproject(data: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    project = data.get("project", {})
    yield from _names(project.get("dependencies", ()), is_development=False)
    for group, requirements in project.get("optional-dependencies", {}).items():
        yield from _names(requirements, is_development=_DEVELOPMENT.search(group.lower()) is not None)
    for requirements in data.get("dependency-groups", {}).values():
        yield from _names(requirements, is_development=True)
    poetry = data.get("tool", {}).get("poetry", {})
    yield from _names((name for name in poetry.get("dependencies", {}) if name != "python"), is_development=False)
    yield from _names(poetry.get("dev-dependencies", {}), is_development=True)
    for group in poetry.get("group", {}).values():
        yield from _names(group.get("dependencies", {}), is_development=True)


def _setup_cfg(text: str) -> Iterator[tuple[str, bool]]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    yield from _names(parser.get("options", "install_requires", fallback="").splitlines(), is_development=False)
    if parser.has_section("options.extras_require"):
        for group, requirements in parser.items("options.extras_require"):
            yield from _names(requirements.splitlines(), is_development=_DEVELOPMENT.search(group) is not None)
