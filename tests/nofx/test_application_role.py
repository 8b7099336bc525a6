"""Database tests run as the application role, so that the grants are part of what every one of them tests."""

from __future__ import annotations

import threading

import pytest
from django.core.checks import run_checks
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


@pytest.mark.django_db
def test_the_check_of_a_deployment_says_what_the_role_may_do_and_must_not(as_owner):
    def found():
        return [(one.id, one.msg) for one in run_checks(include_deployment_checks=True, databases=["default"])]

    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT TEMPORARY ON DATABASE {database} TO PUBLIC")
        cursor.execute(f"SET LOCAL ROLE {roles.APPLICATION}")
        why = f"The application's database role {roles.APPLICATION} may make temporary tables"
        assert [(key, message.partition(",")[0]) for key, message in found() if key == "core.E001"] == [
            ("core.E001", why)
        ]
        cursor.execute("RESET ROLE")
        cursor.execute(f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
        cursor.execute(f"SET LOCAL ROLE {roles.APPLICATION}")
        assert "core.E001" not in dict(found())
