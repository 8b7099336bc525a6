"""Each app is entered by its door. The layers themselves are contracts in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

APPS = Path(__file__).resolve().parents[2] / "apps"
DOOR = {"services", "selectors", "models", "types", "errors"}
# What governance and jobs offer to those who build a door of their own: HTTP answers, files of figures, read-only
# resources, readable subjects, measures, authors, kinds of policies, records and the words of audited actions to
# register, what asks people to confirm, and who is asking (for the admin site, which loads at the start and does
# without the rest of http).
DOORS = {
    "governance": DOOR
    | {"audit_words", "authorship", "callers", "downloads", "http", "measures", "policy_kinds"}
    | {"reauthentication", "records", "rest", "subjects"},
    "jobs": DOOR | {"http"},
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("apps", exclude_type_checking_imports=True)


def test_an_app_is_entered_by_its_door_only(graph):
    wrong = [
        f"{importer} imports {imported}"
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if is_indoors(importer.split("."), imported.split("."))
    ]
    assert sorted(wrong) == []


def is_indoors(importer: list[str], imported: list[str]) -> bool:
    if len(imported) < 3 or importer[:2] == imported[:2] or imported[1] == "core":
        return False
    return imported[2] not in DOORS.get(imported[1], DOOR)


@pytest.mark.parametrize("name", ["utils", "helpers", "misc", "common"])
def test_no_module_is_a_drawer_for_everything(name):
    assert list(APPS.rglob(f"{name}.py")) == []


def test_every_module_fits_in_the_head():
    long = [
        f"{path.relative_to(APPS.parent)}: {count} lines"
        for folder in ("apps", "nofx")
        for path in (APPS.parent / folder).rglob("*.py")
        if "migrations" not in path.parts and (count := len(path.read_text().splitlines())) > 400
    ]
    assert sorted(long) == []
