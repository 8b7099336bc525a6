from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register  # noqa: A004 - Django's name

from apps.sandbox.services import sandbox_probe


class SandboxConfig(AppConfig):
    name = "apps.sandbox"
    label = "sandbox"
    verbose_name = "Sandbox"

    def ready(self) -> None:
        # Only with --deploy or --tag sandbox: the probe starts processes, ordinary commands stay fast.
        register(check_isolation, "sandbox", deploy=True)


def check_isolation(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Attack the sandbox of this machine."""
    probe = sandbox_probe()
    if probe.available:
        return []
    return [Warning(" ".join(probe.missing), hint=probe.remedy, id="sandbox.W001")]
