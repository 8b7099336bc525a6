"""A report of coverage names the files that it leaves out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0011_outcomes_stay"),
    ]

    operations = [
        migrations.AddField(
            model_name="coveragereport",
            name="unreported_files",
            field=models.JSONField(db_default=[], default=list, help_text="The first thousand of them."),
        ),
        migrations.AlterField(
            model_name="coveragereport",
            name="is_complete",
            field=models.BooleanField(
                default=True,
                help_text="Every test could start, and it is of all tests and files. Gates count no other.",
            ),
        ),
        migrations.AlterField(
            model_name="coveragereport",
            name="unreported",
            field=models.PositiveIntegerField(default=0, help_text="Files of the commit that it should speak of."),
        ),
    ]
