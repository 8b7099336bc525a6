"""Django for commands that read the database themselves."""

from __future__ import annotations

import os

from nofx.supervisor.children import SETTINGS


def platform_load() -> None:
    """
    Load the settings and the apps; a function that imports what needs them calls this first.

    Commands that only ask the platform, or start it, never come here and answer in a tenth of a second.
    """
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup()
