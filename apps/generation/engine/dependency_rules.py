"""The packages that a specification forbids or requires, and whether a change keeps to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.core.licences import distribution_name
from apps.generation.engine.specification import Constraint, ConstraintKind
from apps.generation.engine.specification.requirements import NOT_STANDARD

Reach = Literal["named", "third_party", "undeclared"]
_ANY = re.compile(r"(?:external|third[- ]party|other) (?:dependenc|librar|package)", re.IGNORECASE)
_NEW = re.compile(r"(?:new|additional) (?:dependenc|librar|package)", re.IGNORECASE)
_NOUN = re.compile(r"\s+(?:library|package|module|framework|client)$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_]\w*)*|@[\w-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Brought:
    """One import of a change: what it reaches (dotted), and the distribution behind it, "" for none."""

    path: str
    line: int
    reaches: tuple[str, ...]
    is_own: bool
    is_third_party: bool
    distribution: str = ""
    declared: str = ""


@dataclass(frozen=True, slots=True)
class DependencyRule:
    """What the specification says about packages: one by its name, all that are not Python's, or all new ones."""

    is_forbidden: bool
    reach: Reach
    name: str
    text: str

    def means(self, one: Brought) -> bool:
        """Return whether *one* is an import of what the rule is about."""
        if self.reach != "named":
            return one.is_third_party and (self.reach == "third_party" or not one.declared)
        is_distribution = one.distribution and distribution_name(self.name) == one.distribution
        return bool(is_distribution) or any(
            path == self.name or path.startswith(f"{self.name}.") for path in one.reaches
        )


def dependency_rules(constraints: Iterable[Constraint], is_package: Callable[[str], bool]) -> list[DependencyRule]:
    """Return the rules among *constraints*; one whose subject is no package (``recursion``) is none."""
    rules = []
    for one in constraints:
        if one.kind not in {ConstraintKind.FORBIDDEN, ConstraintKind.REQUIRED}:
            continue
        is_forbidden = one.kind is ConstraintKind.FORBIDDEN
        subject = one.subject.rstrip(".-")
        name = _NOUN.sub("", subject)
        if is_forbidden and _NEW.search(one.subject):
            rules.append(DependencyRule(is_forbidden, "undeclared", "", one.text))
        elif is_forbidden and (one.subject == NOT_STANDARD or _ANY.search(one.subject)):
            rules.append(DependencyRule(is_forbidden, "third_party", "", one.text))
        elif _NAME.fullmatch(name) and (name != subject or is_package(name)):
            rules.append(DependencyRule(is_forbidden, "named", name, one.text))
    return rules


def rules_broken(rules: Sequence[DependencyRule], imports: Sequence[Brought]) -> list[dict[str, Any]]:
    """
    Return a finding for each import that a rule forbids, and for each rule whose package is nowhere imported.

    A change answers for the imports that it wrote; what it requires may stand in the file already.
    """
    found = []
    for rule in rules:
        meant = [one for one in imports if rule.means(one)]
        if rule.is_forbidden:
            found += [_finding(rule, one.reaches[0], one) for one in meant if one.is_own]
        elif not meant:
            found.append(_finding(rule, rule.name, None))
    return found


def _finding(rule: DependencyRule, name: str, at: Brought | None) -> dict[str, Any]:
    said = f"The specification says: {rule.text}"
    return {
        "rule": "forbidden-dependency" if rule.is_forbidden else "required-dependency",
        "message": f"{name} is imported. {said}" if rule.is_forbidden else f"{name} is not imported. {said}",
        "path": at.path if at else "",
        "line": at.line if at else 0,
        "severity": "high",
    }
