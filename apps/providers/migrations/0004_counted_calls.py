from django.db import migrations
from django.db.models import F
from django.db.models.functions import Coalesce


def count(apps, schema_editor):
    """Count the calls made so far: the tokens that were told, and the cost where it is known."""
    calls = apps.get_model("providers", "ModelCall").objects
    calls.update(
        counted_cost=F("cost"), counted_tokens=Coalesce(F("prompt_tokens"), 0) + Coalesce(F("completion_tokens"), 0)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0003_budgets"),
    ]

    operations = [
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
