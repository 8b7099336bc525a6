"""The door to writing: API pages, whether they still say what the code says, and how long they have."""

from apps.docs.services.observations import documentation_observe, observation_start
from apps.docs.services.pages import (
    documentation_generate,
    documentation_validate,
    generation_start,
    validation_start,
)

__all__ = [
    "documentation_generate",
    "documentation_observe",
    "documentation_validate",
    "generation_start",
    "observation_start",
    "validation_start",
]
