"""A person puts candidates together in review: who, and from which ones."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0023_reviewed_content"),
        ("providers", "0008_approved_models"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="grafted_by",
            field=models.ForeignKey(
                help_text="Whoever put it together by hand in review; empty for what models and the platform wrote.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="candidate",
            name="grafted_from",
            field=models.JSONField(
                default=dict, help_text="The candidate it began as, and by function the one that was taken from."
            ),
        ),
        migrations.AddConstraint(
            model_name="candidate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("grafted_by__isnull", True), ("grafted_from", {})),
                    models.Q(("grafted_by__isnull", False), ("provider__isnull", True)),
                    _connector="OR",
                ),
                name="generation_candidate_graft_has_its_author",
            ),
        ),
    ]
