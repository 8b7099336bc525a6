from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from apps.core.application_role import ROLE_QUERY, role_problem, role_remedy
from apps.core.names import models_name


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = "Core"

    def ready(self) -> None:
        register(check_application_role, Tags.database, deploy=True)
        models_name(model for model in apps.get_models() if model.__module__.startswith("apps."))


def check_application_role(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Look at what the role may do that this process connects as."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(ROLE_QUERY)
            role, database, excesses = cursor.fetchone()
        if problem := role_problem(role, excesses):
            errors.append(Error(problem, hint=role_remedy(role, database), id="core.E001"))
    return errors
