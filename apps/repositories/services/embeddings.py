"""Embeddings as they are stored: padded to the column's width, with the name and real width of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.core.lazy import lazy_module

if TYPE_CHECKING:
    from apps.repositories.gateways import minilm
else:
    minilm = lazy_module("apps.repositories.gateways.minilm")

COLUMN_DIMENSIONS = 1536


@dataclass(frozen=True)
class Embedding:
    """
    One text as a unit vector. Vectors of different models are never compared.

    :param vector: 1,536 numbers; those past ``dimensions`` are zeros, which keeps cosine distances as they are.
    """

    vector: tuple[float, ...]
    model: str
    dimensions: int


def embedding_model() -> str:
    """Return the name of the model that embeds."""
    return str(minilm.MODEL)


def texts_embed(texts: Sequence[str]) -> list[Embedding]:
    """Return an embedding for each text, 8 ms a text; the first call of a process loads the model in half a second."""
    if not texts:
        return []
    padding = (0.0,) * (COLUMN_DIMENSIONS - minilm.DIMENSIONS)
    return [Embedding((*map(float, row), *padding), minilm.MODEL, minilm.DIMENSIONS) for row in minilm.embed(texts)]
