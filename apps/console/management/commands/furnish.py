"""Put into a migrated database what the platform needs to be useful."""

from __future__ import annotations

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.providers.services import provider_defaults_ensure


class Command(BaseCommand):
    help = "Make the default providers, and with the embedded database the demo. Running it again changes nothing."

    def handle(self, *args: object, **options: object) -> None:
        provider_defaults_ensure()
        if settings.IS_EMBEDDED:
            call_command("seed_demo", stdout=self.stdout)
