from django.db import migrations, models

# What was submitted twice at the same moment before this law keeps its request; the first one keeps the draft.
LET_GO = """
UPDATE generation_generationrun AS later SET draft_id = NULL
FROM generation_generationrun AS earlier
JOIN code_generation_requests AS before ON before.id = earlier.request_id
WHERE earlier.draft_id = later.draft_id
  AND earlier.repository_id = later.repository_id
  AND earlier.specification_digest = later.specification_digest
  AND (before.created_at, before.id) <
      (SELECT created_at, id FROM code_generation_requests WHERE id = later.request_id)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0027_draft_put_aside"),
    ]

    operations = [
        migrations.RunSQL(LET_GO, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="generationrun",
            constraint=models.UniqueConstraint(
                fields=("draft", "repository", "specification_digest"), name="generation_run_once_per_draft"
            ),
        ),
    ]
