"""Which node runs JavaScript on a machine; rows from before do not say."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox", "0001_days")]

    operations = [
        migrations.AddField(
            model_name="sandboxday",
            name="node",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Version of Node.js; empty: JavaScript cannot be run there.",
                max_length=40,
            ),
        ),
    ]
