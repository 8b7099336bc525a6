from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("docs", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="documentationsource",
            name="citations",
            field=models.JSONField(default=list),
        ),
    ]
