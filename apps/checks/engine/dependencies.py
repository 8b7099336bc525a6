"""Which distributions a change brings in, what is known of each, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from apps.checks.engine.declarations import Declared
from apps.checks.engine.imports import Import, third_party
from apps.checks.types import Finding, Severity
from apps.core.licences import distribution_name, licence_headers

UNKNOWN_PACKAGE = "unknown-package"
# What distributions are called whose import name is another, for those that are declared but not installed here.
KNOWN_AS = {
    "attr": "attrs", "bs4": "beautifulsoup4", "Crypto": "pycryptodome", "cv2": "opencv-python", "docx": "python-docx",
    "dateutil": "python-dateutil", "dotenv": "python-dotenv", "fitz": "pymupdf", "git": "gitpython", "jwt": "pyjwt",
    "jose": "python-jose", "ldap": "python-ldap", "magic": "python-magic", "MySQLdb": "mysqlclient", "PIL": "pillow",
    "OpenSSL": "pyopenssl", "pkg_resources": "setuptools", "pptx": "python-pptx", "psycopg2": "psycopg2-binary",
    "rest_framework": "djangorestframework", "serial": "pyserial", "skimage": "scikit-image", "socks": "pysocks",
    "sklearn": "scikit-learn", "slugify": "python-slugify", "usb": "pyusb", "yaml": "pyyaml", "zmq": "pyzmq",
}  # fmt: skip


@dataclass(frozen=True)
class Installed:
    """What the interpreter has: distributions by import name, and each one's licence (SPDX, "" unknown) by its name."""

    providers: Mapping[str, Sequence[str]]
    licences: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dependency:
    """
    A distribution that a file imports.

    ``distribution`` is its canonical name, "" where nothing known here provides the import. ``declared`` is "runtime",
    "development" or "". ``licence`` is an SPDX expression, "" where it is not known.
    """

    module: str
    distribution: str
    declared: str
    licence: str
    is_installed: bool
    path: str
    line: int
    ecosystem: Literal["pypi", "npm"] = "pypi"

    @property
    def names(self) -> frozenset[str]:
        """The names by which lists may mean it: the distribution's, and that of the import."""
        if self.ecosystem == "npm":
            parts = self.module.split("/")
            return frozenset({distribution_name("/".join(parts[: 2 if self.module.startswith("@") else 1]))})
        return frozenset({distribution_name(self.module.partition(".")[0]), self.distribution} - {""})

    def finding(self, rule: str, message: str, severity: Severity) -> Finding:
        """Return what is wrong with it, where it is imported."""
        return Finding(rule=rule, message=message, path=self.path, line=self.line, column=1, severity=severity)

    def as_json(self) -> dict[str, Any]:
        """Return the dependency as it is stored."""
        return asdict(self)


def dependencies_of(
    imports: Sequence[Import], *, path: str, tree: Collection[str], declared: Declared, installed: Installed
) -> tuple[Dependency, ...]:
    """Return the distributions behind *imports* of the file *path* in a repository with the paths *tree*, by line."""
    found: dict[str, Dependency] = {}
    for one in third_party(imports, path=path, tree=tree):
        if one.top not in found:
            found[one.top] = _dependency(one, path, declared, installed)
    return tuple(found.values())


def _dependency(one: Import, path: str, declared: Declared, installed: Installed) -> Dependency:
    candidates = [distribution_name(name) for name in installed.providers.get(one.top, ())]
    if not candidates:
        # A distribution that is installed is known not to provide the name.
        guesses = {distribution_name(one.top), KNOWN_AS.get(one.top, "")}
        candidates = sorted(name for name in guesses if declared.how(name) and name not in installed.licences)
        candidates = candidates or [name for name in (KNOWN_AS.get(one.top),) if name]
    # Of several that provide a name (a namespace), the one that the repository declares is meant.
    chosen = max(candidates, key=lambda name: ("", "development", "runtime").index(declared.how(name)), default="")
    return Dependency(
        module=one.module,
        distribution=chosen,
        declared=declared.how(chosen) if chosen else "",
        licence=installed.licences.get(chosen, ""),
        is_installed=chosen in installed.licences,
        path=path,
        line=one.line,
    )


def dependency_findings(
    dependencies: Sequence[Dependency], *, is_test: bool, has_declarations: bool
) -> Iterator[Finding]:
    """Yield what is wrong with dependencies whatever a policy says; tests may use what tests are run with."""
    for one in dependencies:
        if not one.distribution:
            yield one.finding(
                UNKNOWN_PACKAGE,
                f"Nothing installed or declared here provides {one.module}. The name may be made up, and whoever "
                "registers it would be installed: look it up before you add it.",
                "high",
            )
        elif not one.declared and not is_test:
            hint = "Declare it first." if has_declarations else "It declares nothing that can be read."
            yield one.finding(
                "undeclared-package", f"The repository does not declare {one.distribution}. {hint}", "medium"
            )
        elif one.declared == "development" and not is_test:
            yield one.finding(
                "development-package",
                f"The repository declares {one.distribution} for tests or development only.",
                "medium",
            )
        if one.distribution and not one.licence and not is_test:
            why = "its metadata does not say" if one.is_installed else "it is not installed here"
            yield one.finding("unknown-licence", f"The licence of {one.distribution} is not known: {why}.", "low")


def header_findings(source: str, *, path: str) -> Iterator[Finding]:
    """Yield the marks in *source* that a part of it was written elsewhere, under somebody's licence."""
    for header in licence_headers(source):
        severity: Severity = "high" if header.kind == "reciprocal" else "medium"
        under = f" under {header.licence}" if header.licence else ""
        yield Finding(
            rule="copied-licence",
            message=f"This mark says that the text, or a part of it, is somebody's work{under}: {header.text}",
            path=path,
            line=header.line,
            column=1,
            severity=severity,
        )
