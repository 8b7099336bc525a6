"""The door of the app for writes."""

from apps.repositories.services.deliveries import Delivery, deliveries_register, patch_lines
from apps.repositories.services.embeddings import Embedding, embedding_model, texts_embed
from apps.repositories.services.identities import clone_require_new
from apps.repositories.services.indexing import files_unindexed, index_request, revision_index
from apps.repositories.services.last_seen import repository_seen
from apps.repositories.services.lineage import lineage_request, revision_lineage
from apps.repositories.services.reindexing import index_again, index_forget
from apps.repositories.services.repositories import (
    branch_current,
    code_host,
    registrable,
    repository_register,
    revision_record,
)

__all__ = [
    "Delivery",
    "Embedding",
    "branch_current",
    "clone_require_new",
    "code_host",
    "deliveries_register",
    "embedding_model",
    "files_unindexed",
    "index_again",
    "index_forget",
    "index_request",
    "lineage_request",
    "patch_lines",
    "registrable",
    "repository_register",
    "repository_seen",
    "revision_index",
    "revision_lineage",
    "revision_record",
    "texts_embed",
]
