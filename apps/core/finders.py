"""Static files that live inside Python packages which are not Django apps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

# static prefix -> (package, directory inside it, the only files taken from there)
PACKAGE_FILES = {"vendor/plotly": ("plotly", "package_data", ("plotly.min.js",))}


def package_directory(package: str, directory: str) -> Path:
    """Return ``directory`` of ``package`` without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {package} is not installed.", name=package)
    return Path(spec.submodule_search_locations[0]) / directory


class PackageFilesFinder(BaseFinder):
    """Serve `vendor/plotly/plotly.min.js` from the installed plotly package."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [
            str(package_directory(package, directory) / name)
            for prefix, (package, directory, names) in PACKAGE_FILES.items()
            for name in names
            if path == f"{prefix}/{name}"
        ]
        return found if find_all or not found else found[0]

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for prefix, (package, directory, names) in PACKAGE_FILES.items():
            storage = FileSystemStorage(location=package_directory(package, directory))
            storage.prefix = prefix  # how collectstatic learns the prefix
            for name in names:
                yield name, storage
