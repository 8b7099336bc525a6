"""Places of repositories, made as the services make them."""

from __future__ import annotations

from apps.governance.models import Scope


def pilot_made(place: Scope, repository: str = "pilot") -> Scope:
    """Return a repository that is a pilot, in the organisation of *place*; it cannot become one later."""
    return Scope.objects.create(organisation=place.organisation, repository=repository, is_pilot=True)
