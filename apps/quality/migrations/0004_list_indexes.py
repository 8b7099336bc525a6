"""The lists of measured code, coverage and debt, newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside running work: the tables may be large.
    atomic = False

    dependencies = [
        ("quality", "0003_names"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="measuredcode",
            index=models.Index(fields=["-created_at", "id"], name="quality_code_newest"),
        ),
        AddIndexConcurrently(
            model_name="coveragereport",
            index=models.Index(fields=["-created_at", "id"], name="quality_coverage_newest"),
        ),
        AddIndexConcurrently(
            model_name="debtassessment",
            index=models.Index(fields=["-created_at", "id"], name="quality_debt_newest"),
        ),
    ]
