"""What is installed beside the platform: read from the metadata of its interpreter."""

from __future__ import annotations

from functools import cache
from importlib import metadata

from apps.checks.engine.dependencies import Installed
from apps.core.licences import distribution_name, licence_of_metadata


@cache
def installed() -> Installed:
    """Return the installed distributions; read once a process."""
    licences = {}
    for one in metadata.distributions():
        fields = one.metadata
        licences[distribution_name(fields["Name"])] = licence_of_metadata(
            expression=_field(fields, "License-Expression"),
            text=_field(fields, "License"),
            classifiers=fields.get_all("Classifier") or (),
        )
    return Installed(metadata.packages_distributions(), licences)


def _field(fields: metadata.PackageMetadata, name: str) -> str:
    return next(iter(fields.get_all(name) or ()), "")
