from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_something_ends_soon"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
                choices=[
                    ("your_turn", "Your turn"),
                    ("request_ended", "Your request ended"),
                    ("review_ended", "A review that you were asked for ended"),
                    ("gate_changed", "A gate changed its state"),
                    ("scope_suspended", "Generation was suspended"),
                    ("request_moved", "Your request moved on"),
                    ("ends_soon", "Something that you answer for ends soon"),
                    ("rules_changed", "Rules or roles changed"),
                    ("platform", "The platform itself"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="notificationchoice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("your_turn", "Your turn"),
                    ("request_ended", "Your request ended"),
                    ("review_ended", "A review that you were asked for ended"),
                    ("gate_changed", "A gate changed its state"),
                    ("scope_suspended", "Generation was suspended"),
                    ("request_moved", "Your request moved on"),
                    ("ends_soon", "Something that you answer for ends soon"),
                    ("rules_changed", "Rules or roles changed"),
                    ("platform", "The platform itself"),
                ],
                max_length=20,
            ),
        ),
    ]
