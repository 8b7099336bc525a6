"""States that are made once and put back: they are the same to the last row and file, or made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from apps.governance.models import Organisation, Scope
from tests.kept import Keep
from tests.tables import rows_read, rows_write

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[[], UUID]


@pytest.fixture
def made(code: Path) -> tuple[Make, list[UUID]]:
    """Return a function that writes a row and a file, and what it has returned."""
    keys: list[UUID] = []

    def make() -> UUID:
        keys.append(uuid4())
        Organisation.objects.create(name=f"Other {keys[-1]}")
        (code / "new.txt").write_text(str(keys[-1]))
        return keys[-1]

    return make, keys


def test_what_is_put_back_has_the_same_rows_and_files(
    kept: Keep, scope: Scope, code: Path, made: tuple[Make, list[UUID]]
) -> None:
    make, keys = made
    before = rows_read()
    first = kept("another organisation", make)
    after = rows_read()
    rows_write(before)
    (code / "new.txt").unlink()
    assert kept("another organisation", make) == first
    assert keys == [first]
    assert rows_read() == after
    assert (code / "new.txt").read_text() == str(first)


def test_where_something_else_was_there_before_it_is_made_anew(
    kept: Keep, scope: Scope, made: tuple[Make, list[UUID]]
) -> None:
    make, keys = made
    before = rows_read()
    first = kept("one more organisation", make)
    rows_write(before)
    Scope.objects.update(is_pilot=False)
    assert kept("one more organisation", make) != first
    assert len(keys) == 2
