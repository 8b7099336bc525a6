"""
A hundred thousand rows in each long list, and the people who read all of them, one repository's, or none.

Two repositories are added: one has the oldest two fifths, behind everybody else's, and one a hundred rows between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg

ROWS = 100_000
FEW = 100
# What these rows are about says who reads them; the rows do not.
SEARCHED = (
    "model-calls",
    "jobs",
    "job-events",
    "measured-code",
    "reviews",
    "test-suites",
    "improvements",
    "artifacts",
)
NUMBERS = """
    CREATE TEMPORARY TABLE numbers AS
    SELECT n, gen_random_uuid() AS request, gen_random_uuid() AS revision, gen_random_uuid() AS code,
           gen_random_uuid() AS job, now() - n * interval '1 minute' AS at,
           CASE WHEN n %% (%(rows)s / %(few)s) = 7 THEN %(small)s::uuid
                WHEN n > %(rows)s * 3 / 5 THEN %(old)s::uuid ELSE %(demo)s::uuid END AS repository
    FROM generate_series(1, %(rows)s) AS n
"""
FILL = {
    "code_generation_requests": """
        (id, specification, context_snapshot, target_language, status, created_at)
        SELECT request, 'Write a function, variant ' || n, '{}', 'python', 'rejected', at FROM numbers""",
    "generation_generationrun": """
        (request_id, repository_id, requester_id, title, target_path, base_sha, entry, analysis, risk_tier,
         specification_digest, context_digest, embedding_model, seed, failure, remedy, review_digest,
         state_changed_at)
        SELECT request, repository, %(asker)s, 'Write a function, variant ' || n, 'parcels/made.py', repeat('0', 40),
               'made', '{}', 'low', repeat('0', 64), repeat('0', 64), '', 1, '', '', '', at FROM numbers""",
    "generated_code_artifacts": """
        (request_id, model_id, code_type, generated_code, created_at)
        SELECT request, 'bench', 'implementation', 'made = ' || n, at FROM numbers""",
    "providers_modelcall": """
        (id, provider_id, subject_kind, subject_id, sample_index, model_id, prompt_digest, answer_digest, outcome,
         error, created_at)
        SELECT gen_random_uuid(), (SELECT id FROM providers_provider LIMIT 1), 'request', request, 0, 'bench',
               repeat('0', 64), repeat('0', 64), 'answered', '', at FROM numbers""",
    "jobs_job": """
        (id, kind, subject_kind, subject_id, payload, state, attempts, max_attempts, sequence, progress, error,
         requested_by_id, created_at)
        SELECT job, 'generation.run', 'request', request, '{}', 'succeeded', 1, 3, 1, '{}', '', %(asker)s, at
        FROM numbers""",
    "jobs_jobevent": """
        (job_id, sequence, stage, data, created_at) SELECT job, 1, 'done', '{}', at FROM numbers ORDER BY n DESC""",
    "repositories_revision": """
        (id, repository_id, sha, subject, committed_at)
        SELECT revision, repository, lpad(n::text, 40, '0'), 'Change ' || n, at FROM numbers""",
    "quality_measuredcode": """
        (id, revision_id, path, digest, text, created_at)
        SELECT code, revision, 'parcels/made.py', repeat('0', 64), 'made = ' || n, at FROM numbers""",
    "ai_code_reviews": """
        (code_artifact_id, review_type, findings, review_model, created_at)
        SELECT code, 'security', '{}', 'bench', at FROM numbers""",
    "generated_test_suites": """
        (target_code_id, test_type, test_code, created_at) SELECT code, 'unit', 'made = ' || n, at FROM numbers""",
    "quality_improvements": "(original_code_id, improvement_type) SELECT code, 'fix' FROM numbers",
}


def people_and_rows(owner: str) -> dict[str, Any]:
    """Make repositories, rows and accounts; return each account by what it reads."""
    from apps.governance.models import User

    repositories = _repositories()
    _fill(owner, {**repositories, "asker": User.objects.get(username="engineer").pk, "rows": ROWS, "few": FEW})
    return {
        "everything": _reader("everything", repositories.values()),
        "the oldest two fifths": _reader("oldest", [repositories["old"]]),
        f"{FEW} rows": _reader("few", [repositories["small"]]),
        "nothing": _reader("nothing", []),
    }


def _repositories() -> dict[str, UUID]:
    from apps.governance.services import scope_create
    from apps.repositories.models import Repository

    made = {"demo": Repository.objects.get(is_demo=True).pk}
    for name in ("old", "small"):
        scope = scope_create(organisation="Bench", repository=f"bench-{name}", created_by=None)
        made[name] = Repository.objects.create(scope=scope, name=scope.repository, path=f"/bench/{name}").pk
    return made


def _fill(owner: str, values: dict[str, Any]) -> None:
    """Add the rows, with the statistics that autovacuum would take in a minute."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(NUMBERS, values)
        for table, rows in FILL.items():
            connection.execute(f"INSERT INTO {table} {rows}", values)
        connection.execute(f"VACUUM ANALYZE {', '.join(FILL)}")


def _reader(name: str, repositories: Iterable[UUID]) -> Any:
    from apps.governance.models import RoleAssignment, Scope, User

    user = User.objects.create_user(username=f"bench-{name}")
    for scope in Scope.objects.filter(code__in=repositories):
        RoleAssignment.objects.create(user=user, scope=scope, role="engineer")
    return user
