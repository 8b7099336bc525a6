"""Make the administrator, the demo team and the demo repository of a fresh installation."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.console.demo.figures import demo_measure
from apps.console.demo.people import demo_seed, demo_token_leave


class Command(BaseCommand):
    help = "Make the demo, with the embedded database only. Where an account exists already nothing changes."

    def handle(self, *args: object, **options: object) -> None:
        if not settings.IS_EMBEDDED:
            raise CommandError("The demo is for the embedded database only; DATABASE_URL is set.")
        home = Path(settings.NOFX_HOME)
        accounts = demo_seed(home=home)
        demo_token_leave(path=home / "token")
        if not accounts:
            return
        demo_measure()
        width = max(len(account.username) for account in accounts)
        self.stdout.write("This is a demo. Its accounts, with passwords that are shown only now:")
        for account in accounts:
            self.stdout.write(f"  {account.username:<{width}}  {account.password}  {account.what}")
        self.stdout.write("A forgotten one is replaced by: nofx manage changepassword NAME")
