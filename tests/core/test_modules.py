"""The name by which a file of Python is imported."""

from __future__ import annotations

import pytest

from apps.core.modules import dotted_name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("shop/money.py", "shop.money"),
        ("src/shop/__init__.py", "shop"),
        ("lib/a/b.py", "lib.a.b"),
        ("src.py", "src"),
        ("src/src/a.py", "src.a"),
        ("__init__.py", ""),
        ("src/__init__.py", ""),
    ],
)
def test_a_folder_of_sources_and_the_file_of_a_package_are_no_part_of_it(path: str, name: str) -> None:
    assert dotted_name(path) == name


def test_other_folders_can_be_those_of_sources() -> None:
    assert dotted_name("lib/a/b.py", roots=("src", "lib")) == "a.b"
