"""
What a repository asks of code: patterns that it requires and forbids, distributions and licences that it permits.

A policy is checked without running anything. An instance of a pattern is a definition of the same structure, whatever
names it has; whoever imports one from the repository has it as well.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal

from apps.core.licences import distribution_name, licence_normalised, licence_permitted
from apps.knowledge.engine.antipatterns import ANTIPATTERNS, findings
from apps.knowledge.engine.pattern_model import Pattern
from apps.knowledge.engine.structure import structures

RuleKind = Literal[
    "required-pattern",
    "forbidden-pattern",
    "dependency-not-allowed",
    "denied-dependency",
    "licence-not-allowed",
    "denied-licence",
]
LISTS = (
    "forbidden_patterns",
    "dependencies_allowed",
    "dependencies_denied",
    "licences_allowed",
    "licences_denied",
)
EVERYWHERE = "*"
LONGEST_LIST = 200
LONGEST_ENTRY = 200
_ANTIPATTERNS = {one.slug: one for one in ANTIPATTERNS}


@dataclass(frozen=True, slots=True)
class RequiredPattern:
    """A pattern that each changed file with a path like ``paths`` (``*`` crosses folders) must have an instance of."""

    pattern: str
    paths: str = EVERYWHERE

    def __str__(self) -> str:
        return self.pattern if self.paths == EVERYWHERE else f"{self.pattern} in {self.paths}"


@dataclass(frozen=True)
class PolicyContent:
    """The rules of a policy. An empty list of what is allowed allows everything that is not denied."""

    required_patterns: tuple[RequiredPattern, ...] = ()
    forbidden_patterns: tuple[str, ...] = ()
    dependencies_allowed: tuple[str, ...] = ()
    dependencies_denied: tuple[str, ...] = ()
    licences_allowed: tuple[str, ...] = ()
    licences_denied: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the rules as they are stored."""
        return {**asdict(self), "required_patterns": [asdict(one) for one in self.required_patterns]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> PolicyContent:
        """Return the rules that :meth:`as_json` stored."""
        required = tuple(RequiredPattern(**one) for one in stored["required_patterns"])
        return cls(required, **{name: tuple(stored[name]) for name in LISTS})

    @property
    def rule_count(self) -> int:
        """How many rules there are."""
        return len(self.required_patterns) + sum(len(getattr(self, name)) for name in LISTS)


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """Why a policy cannot be saved: the list that is wrong, and a sentence."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution that a change imports: the names that may mean it, and its licence ("" unknown)."""

    names: frozenset[str]
    label: str
    licence: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """A rule that is not kept, and where."""

    rule: RuleKind
    subject: str
    message: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy, with its number in it, from 1."""

    number: int
    field: str
    entry: str

    def __str__(self) -> str:
        return f"{_RULES[self.field]}: {self.entry}"


_RULES = {
    "required_patterns": "required pattern",
    "forbidden_patterns": "forbidden pattern",
    "dependencies_allowed": "allowed distribution",
    "dependencies_denied": "denied distribution",
    "licences_allowed": "allowed licence",
    "licences_denied": "denied licence",
}
_BROKEN: dict[RuleKind, str] = {
    "required-pattern": "required_patterns",
    "forbidden-pattern": "forbidden_patterns",
    "dependency-not-allowed": "dependencies_allowed",
    "denied-dependency": "dependencies_denied",
    "licence-not-allowed": "licences_allowed",
    "denied-licence": "licences_denied",
}


def policy_rules(policy: PolicyContent) -> list[Rule]:
    """Return the rules of *policy*, numbered in the order in which people read them."""
    entries = [(field, str(entry)) for field in _RULES for entry in getattr(policy, field)]
    return [Rule(number, field, entry) for number, (field, entry) in enumerate(entries, start=1)]


def rule_broken(rules: Sequence[Rule], kind: RuleKind, subject: str) -> Rule:
    """
    Return the rule that a finding of *kind* about *subject* is against.

    Where a list of what is allowed was not kept, and where a licence is made of several, that is the list's first one.
    """
    own = [rule for rule in rules if rule.field == _BROKEN[kind]]
    return next((rule for rule in own if rule.entry.partition(" in ")[0] == subject), own[0])


def policy_read(lists: Mapping[str, Sequence[str]]) -> PolicyContent:
    """
    Return the policy that lists of entries say, in canonical spelling, each once; ``required_patterns`` as
    ``slug`` or ``slug in paths``. What is no licence stays as it is written, for :func:`policy_problems` to say so.
    """

    def each(name: str, canonical: Callable[[str], str] = str) -> tuple[str, ...]:
        entries = (one.strip() for one in lists.get(name, ()))
        return tuple(dict.fromkeys(canonical(one) for one in entries if one))

    required = (one.partition(" in ") for one in each("required_patterns"))
    return PolicyContent(
        tuple(RequiredPattern(name.strip(), paths.strip() or EVERYWHERE) for name, _, paths in required),
        each("forbidden_patterns"),
        each("dependencies_allowed", distribution_name),
        each("dependencies_denied", distribution_name),
        each("licences_allowed", _licence),
        each("licences_denied", _licence),
    )


def _licence(written: str) -> str:
    return licence_normalised(written) or written


def policy_problems(policy: PolicyContent, patterns: Iterable[Pattern]) -> list[PolicyProblem]:
    """Return everything for which *policy* cannot be saved: unknown names, and rules that nobody could keep at once."""
    library = {one.slug: one for one in patterns}
    return [*_too_long(policy), *_unknown(policy, library), *_contradictory(policy, library)]


def _too_long(policy: PolicyContent) -> Iterator[PolicyProblem]:
    for name in ("required_patterns", *LISTS):
        entries = [str(one) for one in getattr(policy, name)]
        if len(entries) > LONGEST_LIST:
            yield PolicyProblem(name, f"There are {len(entries)} entries; {LONGEST_LIST} are the most.")
        if any(len(one) > LONGEST_ENTRY for one in entries):
            yield PolicyProblem(name, f"An entry is longer than {LONGEST_ENTRY} characters.")


def _unknown(policy: PolicyContent, library: Mapping[str, Pattern]) -> Iterator[PolicyProblem]:
    for one in policy.required_patterns:
        if one.pattern in _ANTIPATTERNS:
            yield PolicyProblem("required_patterns", f"{one.pattern} is an anti-pattern, which can only be forbidden.")
        elif one.pattern not in library:
            yield PolicyProblem("required_patterns", _no_such(one.pattern, library))
    for slug in policy.forbidden_patterns:
        if slug not in library and slug not in _ANTIPATTERNS:
            yield PolicyProblem("forbidden_patterns", _no_such(slug, {**library, **_ANTIPATTERNS}))
    for name in ("licences_allowed", "licences_denied"):
        for licence in getattr(policy, name):
            canonical = licence_normalised(licence)
            if canonical != licence or " AND " in canonical or " OR " in canonical:
                yield PolicyProblem(
                    name, f"{licence} is not one licence of the SPDX list, such as MIT or GPL-3.0-only."
                )


def _no_such(slug: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(slug, list(known), n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"There is no pattern {slug}.{hint}"


def _contradictory(policy: PolicyContent, library: Mapping[str, Pattern]) -> Iterator[PolicyProblem]:
    required = dict.fromkeys(one.pattern for one in policy.required_patterns)
    for slug in required:
        if slug in policy.forbidden_patterns:
            yield PolicyProblem("required_patterns", f"{slug} is required and forbidden at once.")
        for package in library[slug].packages if slug in library else ():
            name = distribution_name(package)
            is_left_out = policy.dependencies_allowed and name not in policy.dependencies_allowed
            if name in policy.dependencies_denied or is_left_out:
                yield PolicyProblem("required_patterns", f"{slug} needs {package}, which the rules do not permit.")
    for what, noun in (("dependencies", "distribution"), ("licences", "licence")):
        both = set(getattr(policy, f"{what}_allowed")) & set(getattr(policy, f"{what}_denied"))
        for name in sorted(both):
            yield PolicyProblem(f"{what}_denied", f"The {noun} {name} is allowed and denied at once.")


def policy_check(
    policy: PolicyContent,
    patterns: Sequence[Pattern],
    *,
    changed: Mapping[str, str],
    own: Mapping[str, Collection[int]],
    tree: Mapping[str, str],
    packages: Sequence[Package],
) -> list[PolicyFinding]:
    """
    Return where a change does not keep *policy*, by path and line.

    :param changed: the changed Python files, tests left out, as they read afterwards, by path.
    :param own: the numbers of the lines that the change wrote, by path: it answers for those.
    :param tree: the Python files of the repository before, by path.
    :param packages: the distributions that it imports on those lines.
    """
    library = {one.slug: one for one in patterns}
    found = [*_package_findings(policy, packages)]
    for path, source in changed.items():
        found += _forbidden(policy, library, path, source, own.get(path, ()))
        found += _missing(policy, library, path, source, {**tree, **changed})
    return sorted(found, key=lambda one: (one.path, one.line, one.rule, one.subject))


def _package_findings(policy: PolicyContent, packages: Iterable[Package]) -> Iterator[PolicyFinding]:
    allowed, denied = set(policy.dependencies_allowed), set(policy.dependencies_denied)
    for one in packages:
        hit = sorted(one.names & denied)
        if hit:
            yield PolicyFinding("denied-dependency", hit[0], f"{one.label} is denied.", one.path, one.line)
        elif allowed and not one.names & allowed:
            said = f"{one.label} is not among the distributions that are allowed."
            yield PolicyFinding("dependency-not-allowed", one.label, said, one.path, one.line)
        licence = one.licence or "not known"
        if not licence_permitted(one.licence, deny=policy.licences_denied):
            said = f"The licence of {one.label} is {licence}; denied are {', '.join(policy.licences_denied)}."
            yield PolicyFinding("denied-licence", licence, said, one.path, one.line)
        elif not licence_permitted(one.licence, allow=policy.licences_allowed):
            said = f"The licence of {one.label} is {licence}; allowed are {', '.join(policy.licences_allowed)}."
            yield PolicyFinding("licence-not-allowed", licence, said, one.path, one.line)


def _forbidden(
    policy: PolicyContent, library: Mapping[str, Pattern], path: str, source: str, own: Collection[int]
) -> Iterator[PolicyFinding]:
    forbidden = set(policy.forbidden_patterns)
    if forbidden & set(_ANTIPATTERNS):
        for one in findings(source):
            if one.rule in forbidden and one.line in own:
                yield PolicyFinding("forbidden-pattern", one.rule, one.message, path, one.line)
    known = {pattern_structure(library[slug]): slug for slug in policy.forbidden_patterns if slug in library}
    for name, (structure, line) in structures(source).items() if known else ():
        if structure in known and line in own:
            said = f"{name} is an instance of the pattern {known[structure]}."
            yield PolicyFinding("forbidden-pattern", known[structure], said, path, line)


def _missing(
    policy: PolicyContent, library: Mapping[str, Pattern], path: str, source: str, tree: Mapping[str, str]
) -> Iterator[PolicyFinding]:
    for rule in policy.required_patterns:
        if rule.pattern in library and fnmatchcase(path, rule.paths) and not _has(library[rule.pattern], source, tree):
            said = f"{path} has no instance of the pattern {rule.pattern} and imports none from the repository."
            yield PolicyFinding("required-pattern", rule.pattern, said, path, 1)


def _has(pattern: Pattern, source: str, tree: Mapping[str, str]) -> bool:
    wanted = pattern_structure(pattern)
    if any(structure == wanted for structure, _ in structures(source).values()):
        return True
    imported = _imported_names(source)
    return any(
        name in imported and structure == wanted
        for text in tree.values()
        if any(f"def {name}" in text or f"class {name}" in text for name in imported)
        for name, (structure, _) in structures(text).items()
    )


def _imported_names(source: str) -> frozenset[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names)


@cache
def pattern_structure(pattern: Pattern) -> str:
    """Return the structure of what *pattern* defines."""
    return structures(pattern.template)[pattern.entry][0]
