"""Registered code: where it is, and the commits we have looked at."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from pgvector.django import HnswIndex, VectorField

from apps.core.database import transaction_time
from apps.governance.models import Scope


class Repository(models.Model):
    """A git repository on a path this machine can read, with or without a remote."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.OneToOneField(Scope, on_delete=models.PROTECT, related_name="code")
    name = models.SlugField(max_length=120, unique=True)
    path = models.CharField(max_length=1000, unique=True)
    remote = models.CharField(max_length=120, blank=True, default="", help_text="Name of the remote pushed to, if any.")
    default_branch = models.CharField(max_length=200, default="main")
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """One commit that was looked at."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="revisions")
    sha = models.CharField(max_length=64)
    subject = models.CharField(max_length=400, blank=True, default="")
    committed_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "sha"], name="repositories_revision_once"),
        ]
        indexes = [
            # The list of commits in the API, newest first.
            models.Index(fields=["-committed_at", "id"], name="repositories_revision_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.repository.name}@{self.sha[:12]}"


# A longer one, of four bytes a character, would not fit into an index.
MAX_INDEXED_PATH = 500


class IndexedFile(models.Model):
    """
    One text that a file had, read once: every commit in which it has this text refers to the same row.

    ``exports`` are the names that it imports from elsewhere, dotted; a package hands them on. A file that does not
    parse has no symbols and ``is_readable`` says why.
    """

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="indexed_files")
    path = models.CharField(max_length=MAX_INDEXED_PATH)
    blob = models.CharField(max_length=64, help_text="git's name for the text.")
    reader = models.PositiveSmallIntegerField(help_text="Version of what read it.")
    is_readable = models.BooleanField(default=True)
    exports = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "blob", "path", "reader"], name="repositories_indexedfile_once"
            ),
        ]
        indexes = [
            # The list of indexed files in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="repositories_file_newest"),
        ]

    def __str__(self) -> str:
        return self.path


class CodeSymbol(models.Model):
    """
    A function, class or method of an indexed file, as it is searched.

    ``embedding`` is as wide as the model that made it; ``embedding_model`` names that. The source is not kept: git has
    it, and ``digest`` is its SHA-256.
    """

    class Kind(models.TextChoices):
        FUNCTION = "function", "Function"
        CLASS = "class", "Class"
        METHOD = "method", "Method"

    file = models.ForeignKey(IndexedFile, on_delete=models.CASCADE, related_name="symbols")
    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    qualname = models.TextField()
    dotted = models.TextField(help_text="Qualified name with its module.")
    signature = models.TextField()
    docstring = models.TextField(blank=True, default="")
    line = models.PositiveIntegerField()
    end_line = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    calls = ArrayField(models.TextField(), help_text="Dotted names of what it calls, as its imports say them.")
    search = SearchVectorField()
    embedding = VectorField(dimensions=384)
    embedding_model = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        indexes = [
            # Nearest by cosine distance.
            HnswIndex(
                name="repositories_symbol_nearest",
                fields=["embedding"],
                m=16,
                ef_construction=64,
                opclasses=["vector_cosine_ops"],
            ),
            # By words.
            GinIndex(fields=["search"], name="repositories_symbol_words"),
            # Who calls a name.
            GinIndex(fields=["calls"], name="repositories_symbol_calls"),
            # What a dotted name is, and what an embedding can be taken over from.
            models.Index(fields=["repository", "dotted"], name="repositories_symbol_dotted"),
            models.Index(fields=["repository", "digest"], name="repositories_symbol_digest"),
            # The list of symbols in the API, newest first.
            models.Index(fields=["-created_at", "id"], name="repositories_symbol_newest"),
        ]

    def __str__(self) -> str:
        return self.qualname


class CodeIndex(models.Model):
    """
    What a commit has, ready to be searched: there is a row once all of its files were read.

    ``reused`` of its files had the same text in a commit that was indexed before. ``left_out`` files were past the
    bounds of an index.
    """

    revision = models.OneToOneField(Revision, primary_key=True, on_delete=models.CASCADE, related_name="index")
    files = models.ManyToManyField(IndexedFile, related_name="indexes")
    reader = models.PositiveSmallIntegerField()
    file_count = models.PositiveIntegerField()
    symbol_count = models.PositiveIntegerField()
    reused = models.PositiveIntegerField()
    unreadable = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=transaction_time())

    class Meta:
        verbose_name_plural = "code indexes"
        indexes = [
            # The list of indexes in the API, newest first.
            models.Index(fields=["-created_at", "revision"], name="repositories_index_newest"),
        ]

    def __str__(self) -> str:
        return str(self.revision)
