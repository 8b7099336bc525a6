"""What a commit has: its files, their symbols, and the indexes that search them."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import pgvector.django.indexes
import pgvector.django.vector
from django.db import migrations, models
from pgvector.django import VectorExtension


class Migration(migrations.Migration):
    dependencies = [
        ("repositories", "0003_revision_newest"),
    ]

    operations = [
        VectorExtension(),
        migrations.CreateModel(
            name="IndexedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=500)),
                ("blob", models.CharField(help_text="git's name for the text.", max_length=64)),
                ("reader", models.PositiveSmallIntegerField(help_text="Version of what read it.")),
                ("is_readable", models.BooleanField(default=True)),
                ("exports", models.JSONField(default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="indexed_files",
                        to="repositories.repository",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CodeSymbol",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("function", "Function"), ("class", "Class"), ("method", "Method")], max_length=8
                    ),
                ),
                ("qualname", models.TextField()),
                ("dotted", models.TextField(help_text="Qualified name with its module.")),
                ("signature", models.TextField()),
                ("docstring", models.TextField(blank=True, default="")),
                ("line", models.PositiveIntegerField()),
                ("end_line", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "calls",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        help_text="Dotted names of what it calls, as its imports say them.",
                        size=None,
                    ),
                ),
                ("search", django.contrib.postgres.search.SearchVectorField()),
                ("embedding", pgvector.django.vector.VectorField(dimensions=384)),
                ("embedding_model", models.CharField(max_length=100)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="repositories.repository"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="symbols",
                        to="repositories.indexedfile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CodeIndex",
            fields=[
                (
                    "revision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="index",
                        serialize=False,
                        to="repositories.revision",
                    ),
                ),
                ("reader", models.PositiveSmallIntegerField()),
                ("file_count", models.PositiveIntegerField()),
                ("symbol_count", models.PositiveIntegerField()),
                ("reused", models.PositiveIntegerField()),
                ("unreadable", models.PositiveIntegerField()),
                ("left_out", models.PositiveIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("files", models.ManyToManyField(related_name="indexes", to="repositories.indexedfile")),
            ],
            options={
                "verbose_name_plural": "code indexes",
            },
        ),
        migrations.AddIndex(
            model_name="indexedfile",
            index=models.Index(fields=["-created_at", "id"], name="repositories_file_newest"),
        ),
        migrations.AddConstraint(
            model_name="indexedfile",
            constraint=models.UniqueConstraint(
                fields=("repository", "blob", "path", "reader"), name="repositories_indexedfile_once"
            ),
        ),
        migrations.AddIndex(
            model_name="codesymbol",
            index=pgvector.django.indexes.HnswIndex(
                ef_construction=64,
                fields=["embedding"],
                m=16,
                name="repositories_symbol_nearest",
                opclasses=["vector_cosine_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="codesymbol",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="repositories_symbol_words"),
        ),
        migrations.AddIndex(
            model_name="codesymbol",
            index=django.contrib.postgres.indexes.GinIndex(fields=["calls"], name="repositories_symbol_calls"),
        ),
        migrations.AddIndex(
            model_name="codesymbol",
            index=models.Index(fields=["repository", "dotted"], name="repositories_symbol_dotted"),
        ),
        migrations.AddIndex(
            model_name="codesymbol",
            index=models.Index(fields=["repository", "digest"], name="repositories_symbol_digest"),
        ),
        migrations.AddIndex(
            model_name="codesymbol",
            index=models.Index(fields=["-created_at", "id"], name="repositories_symbol_newest"),
        ),
        migrations.AddIndex(
            model_name="codeindex",
            index=models.Index(fields=["-created_at", "revision"], name="repositories_index_newest"),
        ),
    ]
