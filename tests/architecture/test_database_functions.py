"""No function of ours in the database can be led to other tables than those it names."""

from __future__ import annotations

import pytest
from django.db import connection

# Temporary tables come last: they would otherwise be found before the tables of the same name.
PINNED = "search_path=pg_catalog, public, pg_temp"

OURS = """
SELECT one.oid::regprocedure::text, coalesce(%s = ANY (one.proconfig), false)
FROM pg_proc one
WHERE one.pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = one.oid AND classid = 'pg_proc'::regclass AND deptype = 'e')
ORDER BY 1
"""


@pytest.mark.django_db
def test_each_function_says_in_which_schemas_it_looks():
    with connection.cursor() as cursor:
        cursor.execute(OURS, [PINNED])
        pinned = dict(cursor.fetchall())
    assert "governance_keep_ballot()" in pinned
    loose = [name for name, is_pinned in pinned.items() if not is_pinned]
    assert not loose, f"Add SET search_path = pg_catalog, public, pg_temp to: {', '.join(loose)}"
