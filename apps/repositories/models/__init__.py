"""Registered code: where it is, what its commits have, and where each line comes from."""

from apps.repositories.models.code import MAX_INDEXED_PATH, CodeIndex, CodeSymbol, IndexedFile, Repository, Revision
from apps.repositories.models.lineage import Lineage, LineBirth, LineEnd, LineSpans

__all__ = [
    "MAX_INDEXED_PATH",
    "CodeIndex",
    "CodeSymbol",
    "IndexedFile",
    "LineBirth",
    "LineEnd",
    "LineSpans",
    "Lineage",
    "Repository",
    "Revision",
]
