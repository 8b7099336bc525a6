"""The door of the app for writes."""

from apps.repositories.services.embeddings import Embedding, texts_embed
from apps.repositories.services.last_seen import repository_seen
from apps.repositories.services.repositories import code_host, registrable, repository_register, revision_record

__all__ = [
    "Embedding",
    "code_host",
    "registrable",
    "repository_register",
    "repository_seen",
    "revision_record",
    "texts_embed",
]
