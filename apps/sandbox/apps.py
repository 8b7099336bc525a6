from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Info, register
from django.core.signals import request_finished

from apps.sandbox.services import NODE_REMEDY, sandbox_probe


class SandboxConfig(AppConfig):
    name = "apps.sandbox"
    label = "sandbox"
    verbose_name = "Sandbox"

    def ready(self) -> None:
        # Models can be imported from here on, not before.
        from apps.jobs.services import attempt_ended
        from apps.sandbox.health import health_record

        # Only with --deploy or --tag sandbox: the probe starts processes, ordinary commands stay fast.
        register(check_isolation, "sandbox", deploy=True)
        attempt_ended.connect(health_record, dispatch_uid="sandbox.health")
        request_finished.connect(health_record, dispatch_uid="sandbox.health")


def check_isolation(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Attack the sandbox of this machine."""
    probe = sandbox_probe()
    if probe.available:
        return [Info(probe.notice, hint=NODE_REMEDY, id="sandbox.I001")] if probe.notice else []
    return [Error(" ".join(probe.missing), hint=probe.remedy, id="sandbox.E001")]
