"""A specification that breaks a rule is refused, with the rule in words."""

from __future__ import annotations

from apps.core.errors import Flaw
from apps.generation.engine.blocking import blockers_in
from apps.generation.engine.specification import Specification
from apps.generation.services.languages import SpecificationRefused


def specification_require_submittable(specification: Specification, *, is_consistent: bool) -> None:
    """
    Refuse a specification that contradicts itself, leaves nothing to check, or is larger than one change.

    With *is_consistent* somebody answers for it that what looks like a contradiction is none.

    :raises SpecificationRefused: it does. ``errors`` has every reason, each with its rule.
    """
    blockers = [one for one in blockers_in(specification) if not (is_consistent and one.may_be_denied)]
    if not blockers:
        return
    first = blockers[0]
    error = SpecificationRefused(f"{first.message} {first.rule}", remedy=first.remedy)
    error.code = first.code
    error.errors = tuple(Flaw("specification", one.code, f"{one.message} {one.rule} {one.remedy}") for one in blockers)
    raise error
