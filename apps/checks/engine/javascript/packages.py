"""What JavaScript imports, what a repository declares for npm, and what is known of each package; nothing is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from apps.checks.engine.declarations import Declared
from apps.checks.engine.dependencies import UNKNOWN_PACKAGE, Dependency
from apps.checks.engine.javascript.program import string_of
from apps.checks.types import Finding
from apps.core.javascript import parse, text_of, walk
from apps.core.licences import distribution_name, licence_normalised

MANIFEST, LOCK = "package.json", "package-lock.json"
RUNTIME = ("dependencies", "peerDependencies", "optionalDependencies")
_BUILTIN = """
assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain
events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl
sea sqlite stream string_decoder sys test timers tls trace_events tty url util v8 vm wasi worker_threads zlib
"""
BUILTIN = frozenset(_BUILTIN.split())
# What a person means by its name in a specification, declared or not.
_WIDELY_KNOWN = """
angular axios bluebird chai chalk commander cors date-fns dayjs debug dotenv express fastify fs-extra glob got
helmet immutable jest joi jquery koa lodash luxon mocha moment mongoose next node-fetch pg prisma ramda react
redis rxjs semver sequelize typeorm underscore uuid vitest vue winston ws yargs yup zod
"""
WIDELY_KNOWN = frozenset(_WIDELY_KNOWN.split())


@dataclass(frozen=True, slots=True)
class NpmImport:
    """One import of a package: as written (``lodash/merge``), its package (``lodash``), and the line."""

    specifier: str
    line: int

    @property
    def package(self) -> str:
        """Return the name that npm knows, its scope included."""
        parts = self.specifier.split("/")
        return "/".join(parts[: 2 if self.specifier.startswith("@") else 1])

    @property
    def is_builtin(self) -> bool:
        """Whether node itself provides it."""
        return self.specifier.startswith("node:") or self.package in BUILTIN


def npm_imports(source: str, *, is_typed: bool) -> tuple[NpmImport, ...]:
    """
    Return what *source* imports from outside of its repository, node's own modules included, by line.

    ``import``, ``export … from``, ``require`` and ``import()`` count where the name is a literal; types as well.
    """
    found = []
    for node in walk(parse(source, is_typed=is_typed)):
        specifier = None
        if node.type in ("import_statement", "export_statement"):
            specifier = string_of(node.child_by_field_name("source"))
        elif node.type in ("call_expression", "import_require_clause"):
            function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            is_load = function is not None and (function.type == "import" or text_of(function) == "require")
            if is_load and given is not None and given.named_children:
                specifier = string_of(given.named_children[0])
        if specifier and not specifier.startswith((".", "/", "#")) and ":" not in specifier.removeprefix("node:"):
            found.append(NpmImport(specifier, node.start_point[0] + 1))
    return tuple(found)


@dataclass(frozen=True)
class NpmDeclared:
    """What a repository says that it needs of npm, the licences its lock file names, and what it is called itself."""

    declared: Declared
    licences: Mapping[str, str]
    own: frozenset[str]


def npm_declared_in(files: Mapping[str, str], *, path: str) -> NpmDeclared:
    """Return what the ``package.json`` files beside and above *path* declare; what cannot be read says nothing."""
    folders = PurePosixPath(path).parents
    runtime: set[str] = set()
    development: set[str] = set()
    sources, unreadable = [], []
    own: set[str] = set()
    licences: dict[str, str] = {}
    for name in (str(folder / file) for folder in folders for file in (MANIFEST, LOCK)):
        if name not in files:
            continue
        data = _object(files[name])
        if data is None:
            unreadable.append(name)
        elif name.endswith(LOCK):
            licences = {**_licences(data), **licences}
        else:
            sources.append(name)
            own.add(str(data.get("name", "")))
            runtime |= {key for part in RUNTIME for key in _names(data.get(part))}
            development |= _names(data.get("devDependencies"))
    return NpmDeclared(
        Declared(frozenset(runtime), frozenset(development - runtime), tuple(sources), tuple(unreadable)),
        licences,
        frozenset(own - {""}),
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _names(part: object) -> set[str]:
    return {str(name) for name in part} if isinstance(part, dict) else set()


def _licences(lock: Mapping[str, Any]) -> dict[str, str]:
    packages = lock.get("packages")
    found = {}
    for place, one in packages.items() if isinstance(packages, dict) else ():
        if place.startswith("node_modules/") and isinstance(one, dict) and "/node_modules/" not in place:
            licence = one.get("license")
            found[place.removeprefix("node_modules/")] = licence_normalised(licence) if isinstance(licence, str) else ""
    return found


def npm_dependencies(imports: Sequence[NpmImport], *, path: str, known: NpmDeclared) -> tuple[Dependency, ...]:
    """Return the packages behind *imports* of the file *path*, each once, by line."""
    found: dict[str, Dependency] = {}
    for one in imports:
        name = one.package
        if one.is_builtin or name in known.own or name in found:
            continue
        declared = _how(name, known.declared)
        found[name] = Dependency(
            module=one.specifier,
            distribution=name if declared or name in known.licences else "",
            declared=declared,
            licence=known.licences.get(name, ""),
            is_installed=name in known.licences,
            path=path,
            line=one.line,
            ecosystem="npm",
        )
    return tuple(found.values())


def _how(name: str, declared: Declared) -> str:
    """Return how a package is declared; types are declared by a package of their own (``@types/express``)."""
    names = {name, f"@types/{name.removeprefix('@').replace('/', '__')}"}
    return "runtime" if name in declared.runtime else "development" if names & declared.development else ""


def npm_findings(dependencies: Sequence[Dependency], *, is_test: bool, known: NpmDeclared) -> Iterator[Finding]:
    """Yield what is wrong with packages whatever a policy says; tests may use what tests are run with."""
    for one in dependencies:
        package = NpmImport(one.module, one.line).package
        if not one.distribution:
            said = (
                f"No {MANIFEST} here declares {package}. The name may be made up, and whoever registers it would be "
                "installed: look it up before you add it."
            )
            yield one.finding(UNKNOWN_PACKAGE, said, "high")
        elif not one.declared and not is_test:
            said = f"{package} is there because another package needs it; the repository does not declare it."
            yield one.finding("undeclared-package", said, "medium")
        elif one.declared == "development" and not is_test:
            said = f"The repository declares {package} for development only."
            yield one.finding("development-package", said, "medium")
        if one.distribution and not one.licence and not is_test:
            why = f"{LOCK} does not say" if known.licences else f"there is no {LOCK}"
            yield one.finding("unknown-licence", f"The licence of {package} is not known: {why}.", "low")


def is_npm_package(name: str, files: Mapping[str, str], *, path: str) -> bool:
    """Return whether *name* is a module of node or a package: declared, locked, or widely known."""
    known = npm_declared_in(files, path=path)
    names = {name, distribution_name(name)}
    is_ours = bool(names & (known.declared.runtime | known.declared.development | set(known.licences)))
    return is_ours or bool(names & (BUILTIN | WIDELY_KNOWN))
