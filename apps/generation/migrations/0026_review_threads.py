"""People comment on a review; an issue stands in the way of an approval until it is settled."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0025_viewed_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewThread",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("candidate", models.UUIDField(help_text="Empty for the request as a whole.", null=True)),
                ("path", models.CharField(blank=True, default="", max_length=400)),
                (
                    "side",
                    models.CharField(
                        blank=True,
                        choices=[("new", "As the candidate leaves it"), ("old", "As it was")],
                        default="",
                        max_length=3,
                    ),
                ),
                ("line", models.PositiveIntegerField(null=True)),
                (
                    "content_digest",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="SHA-256 of the file when the thread was opened.",
                        max_length=64,
                    ),
                ),
                ("is_issue", models.BooleanField(default=False)),
                ("needs_confirmation", models.BooleanField(default=False)),
                (
                    "opened_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("resolved_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="threads",
                        to="generation.codegenerationrequest",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReviewComment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", models.TextField()),
                (
                    "written_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="generation.reviewthread",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="reviewthread",
            index=models.Index(fields=["-opened_at", "id"], name="generation_thread_newest"),
        ),
        migrations.AddConstraint(
            model_name="reviewthread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("candidate", None), ("content_digest", ""), ("path", "")),
                    models.Q(("candidate__isnull", False), models.Q(("path", ""), _negated=True)),
                    _connector="OR",
                ),
                name="generation_reviewthread_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewthread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("line", None), ("side", "")),
                    models.Q(("line__gte", 1), ("side__in", ["new", "old"]), models.Q(("path", ""), _negated=True)),
                    _connector="OR",
                ),
                name="generation_reviewthread_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewthread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolved_at", None), ("resolved_by", None)),
                    models.Q(("resolved_at__isnull", False), ("resolved_by__isnull", False)),
                    _connector="OR",
                ),
                name="generation_reviewthread_resolved",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewthread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at", None), ("confirmed_by", None)),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("confirmed_by__isnull", False),
                        ("resolved_by__isnull", False),
                        models.Q(
                            ("confirmed_by", models.F("author")),
                            models.Q(("confirmed_by", models.F("resolved_by")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="generation_reviewthread_confirmed",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewcomment",
            index=models.Index(fields=["-written_at", "id"], name="generation_comment_newest"),
        ),
        migrations.AddIndex(
            model_name="reviewcomment",
            index=models.Index(fields=["author", "-written_at"], name="generation_comment_of_author"),
        ),
        migrations.AddConstraint(
            model_name="reviewcomment",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="generation_reviewcomment_says_something"
            ),
        ),
    ]
