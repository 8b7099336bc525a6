"""Database tests run as the application role, so that the grants are part of what every one of them tests."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.db.utils import ProgrammingError

from nofx.embedded import roles


def current_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_database_test_is_the_application():
    assert current_user() == roles.APPLICATION


def test_the_db_fixture_is_enough(db):
    assert current_user() == roles.APPLICATION


@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_is_the_application_in_every_thread():
    seen = [current_user()]

    def look() -> None:
        seen.append(current_user())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [roles.APPLICATION, roles.APPLICATION]


@pytest.mark.django_db
def test_a_test_may_ask_for_the_owner(as_owner):
    assert current_user() == roles.OWNER


@pytest.mark.django_db
def test_the_application_cannot_change_the_schema():
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute("CREATE TABLE intruder (id int)")
