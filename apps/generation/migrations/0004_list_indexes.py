"""The lists of pull requests and of requests in one state, newest first."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Built beside running work: the tables may be large.
    atomic = False

    dependencies = [
        ("generation", "0003_direct_artifact"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="codegenerationrequest",
            index=models.Index(fields=["status", "-created_at", "id"], name="generation_request_status"),
        ),
        AddIndexConcurrently(
            model_name="pullrequest",
            index=models.Index(fields=["-opened_at", "id"], name="generation_pr_newest"),
        ),
    ]
