from django.db import migrations, models


def ask_small_models_in_brief(apps, schema_editor):
    apps.get_model("providers", "Provider").objects.filter(kind="local").update(prompt_form="brief")


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0006_further_samples"),
    ]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="prompt_form",
            field=models.CharField(
                choices=[("full", "Code, tests and a note"), ("brief", "The code alone")],
                default="full",
                help_text="A small model does better in brief.",
                max_length=5,
            ),
        ),
        migrations.RunPython(ask_small_models_in_brief, migrations.RunPython.noop),
    ]
