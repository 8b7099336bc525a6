"""
A version of a policy is published within a week of its trial.

What was published before stays as it is, so the constraints hold for what changes from now on.
"""

from datetime import timedelta

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations
from django.db.models import CheckConstraint, F, Q

TRIED_LATELY = Q(published_at__isnull=True) | Q(published_at__lte=F("simulated_at") + timedelta(days=7))


class Migration(migrations.Migration):
    dependencies = [("governance", "0029_most_pilots")]

    operations = [
        AddConstraintNotValid(
            model_name="approvalpolicyversion",
            constraint=CheckConstraint(condition=TRIED_LATELY, name="governance_policy_tried_lately"),
        ),
        AddConstraintNotValid(
            model_name="policyversion",
            constraint=CheckConstraint(condition=TRIED_LATELY, name="governance_version_tried_lately"),
        ),
    ]
