"""Ask for jobs as a process of the platform does: ``enqueue.py KIND COUNT [USERNAME]`` prints their ids."""

from __future__ import annotations

import sys
from uuid import uuid4

import django

django.setup()

from apps.governance.models import User  # noqa: E402  needs the apps that were just loaded
from apps.jobs.services import job_enqueue  # noqa: E402  needs the apps that were just loaded

kind, count = sys.argv[1], int(sys.argv[2])
person = User.objects.get(username=sys.argv[3]) if len(sys.argv) > 3 else None
for _ in range(count):
    print(job_enqueue(kind=kind, subject_kind="probe", subject_id=uuid4(), requested_by=person).pk)
