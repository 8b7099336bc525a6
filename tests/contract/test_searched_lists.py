"""Long lists whose rows do not say who may read them: what a page costs does not grow with what others wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core import keyset
from apps.governance.models import Scope, User
from apps.governance.rest import Searched
from apps.governance.services import scope_create
from apps.governance.types import Role
from apps.providers.models import Provider
from apps.repositories.models import Repository
from nofx.api.resources import RESOURCES

pytestmark = pytest.mark.django_db
SEARCHED = [resource.noun for resource in RESOURCES if issubclass(resource, Searched)]
OTHERS, OURS, NEAR = 3_000, 30, 40

# Numbers as rows: n is the age in minutes, each with the keys of a request, a commit, a text of code and a job.
NUMBERS = """
    CREATE TEMPORARY TABLE numbers ON COMMIT DROP AS
    SELECT n, gen_random_uuid() AS request, gen_random_uuid() AS revision, gen_random_uuid() AS code,
           gen_random_uuid() AS job, now() - n * interval '1 minute' AS at
    FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""
ROWS = (
    """INSERT INTO code_generation_requests
         (id, specification, context_snapshot, target_language, status, created_at)
       SELECT request, 's', '{}', 'python', 'rejected', at FROM numbers""",
    """INSERT INTO generation_generationrun
         (request_id, repository_id, requester_id, title, target_path, base_sha, entry, analysis, risk_tier,
          specification_digest, context_digest, embedding_model, seed, failure, remedy, review_digest)
       SELECT request, %(repository)s, %(asker)s, 't', 'a.py', '0', '', '{}', 'low', '0', '0', '', 1, '', '', ''
       FROM numbers""",
    """INSERT INTO generated_code_artifacts (request_id, model_id, code_type, generated_code, created_at)
       SELECT request, 'qwen', 'implementation', 'x = 1', at FROM numbers""",
    """INSERT INTO providers_modelcall
         (id, provider_id, subject_kind, subject_id, sample_index, model_id, prompt_digest, answer_digest, outcome,
          error, created_at)
       SELECT gen_random_uuid(), %(provider)s, 'request', request, 0, 'qwen', 'd', '', 'answered', '', at
       FROM numbers""",
    """INSERT INTO jobs_job
         (id, kind, subject_kind, subject_id, payload, state, attempts, max_attempts, sequence, progress, error,
          requested_by_id, created_at)
       SELECT job, 'generation.run', 'request', request, '{}', 'succeeded', 1, 3, 1, '{}', '', %(asker)s, at
       FROM numbers""",
    """INSERT INTO jobs_jobevent (job_id, sequence, stage, data)
       SELECT job, 1, 'done', '{}' FROM numbers""",
    """INSERT INTO repositories_revision (id, repository_id, sha, subject, committed_at)
       SELECT revision, %(repository)s, lpad(n::text, 40, '0'), '', at FROM numbers""",
    """INSERT INTO quality_measuredcode (id, revision_id, path, digest, text, created_at)
       SELECT code, revision, 'a.py', 'd', '', at FROM numbers""",
    """INSERT INTO ai_code_reviews (code_artifact_id, review_type, findings, review_model, created_at)
       SELECT code, 'security', '{}', 'bandit', at FROM numbers""",
    """INSERT INTO generated_test_suites (target_code_id, test_type, test_code, created_at)
       SELECT code, 'unit', 't', at FROM numbers""",
    """INSERT INTO quality_improvements (original_code_id, improvement_type)
       SELECT code, 'fix' FROM numbers""",
    """INSERT INTO quality_mutationrun
         (id, code_id, seed, tests, killed, survived, timed_out, invalid, untried, survivors, seconds, created_at)
       SELECT gen_random_uuid(), code, 1, 1, 1, 0, 0, 0, 0, '[]', 1, at FROM numbers""",
    "DROP TABLE numbers",
)
TABLES = (
    "generation_generationrun, generated_code_artifacts, providers_modelcall, jobs_job, jobs_jobevent, "
    "repositories_revision, quality_measuredcode, ai_code_reviews, generated_test_suites, quality_improvements, "
    "quality_mutationrun"
)


def write(scope: Scope, asker: User, *, first: int, last: int) -> None:
    """Give a repository one row of everything for each minute from *first* to *last* before now."""
    repository = Repository.objects.create(scope=scope, name=scope.repository, path=f"/srv/{scope.repository}")
    provider, _ = Provider.objects.get_or_create(name="a", kind="builtin", model_id="patterns")
    values = {"repository": repository.pk, "asker": asker.pk, "provider": provider.pk, "first": first, "last": last}
    with connection.cursor() as cursor:
        for statement in (NUMBERS, *ROWS):
            cursor.execute(statement, values)


@pytest.fixture
def people(as_owner, scope, person, monkeypatch) -> Iterator[dict[str, User]]:
    """Who reads the old repository, the new one, both, and none; others' new rows lie before the old ones."""
    monkeypatch.setattr(keyset, "NEAR", NEAR)
    elsewhere = scope_create(organisation="Acme", repository="busy", created_by=None)
    above = scope_create(organisation="Acme", created_by=None)
    asker = person("asker")
    write(elsewhere, asker, first=1, last=OTHERS)
    write(scope, asker, first=OTHERS + 1, last=OTHERS + OURS)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLES}")
    return {
        "old": person("olga", Role.ENGINEER),
        "reviewer": person("ravi", Role.REVIEWER),
        "all": person("ada", Role.ENGINEER, where=above),
        "none": person("nemo"),
    }


def blocks_read(queries: list[dict[str, str]]) -> int:
    """Return how many blocks Postgres looks at to answer *queries*."""
    total = 0
    with connection.cursor() as cursor:
        for query in queries:
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query['sql']}")
                plan = cursor.fetchone()[0]
                plan = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
                total += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return total


@pytest.mark.parametrize("name", ["old", "reviewer", "all", "none"])
def test_a_page_does_not_walk_through_what_others_wrote(people, name):
    client = Client()
    client.force_login(people[name])
    for noun in SEARCHED:
        with CaptureQueriesContext(connection) as captured:
            rows = client.get(f"/api/v1/{noun}?first=20").json()["items"]
        assert len(rows) == (0 if name == "none" else 20), noun
        # Looking each row of the others up would take more than one block for each.
        assert blocks_read(captured.captured_queries) < OTHERS, noun


def test_pages_follow_one_another_to_the_last_readable_row(people, call):
    for noun in SEARCHED:
        found, after = [], ""
        while True:
            page = call("GET", f"/api/v1/{noun}?first=7&after={after}", user=people["old"]).json()
            found += [row["id"] for row in page["items"]]
            after = page["next_cursor"]
            if not after:
                break
        counted = call("GET", f"/api/v1/{noun}?first=1&count=true", user=people["old"]).json()
        assert (len(found), len(set(found)), counted["count"]) == (OURS, OURS, OURS), noun


def test_what_is_readable_for_two_reasons_appears_once(people, call):
    own = call("GET", "/api/v1/jobs?first=200", user=User.objects.get(username="asker")).json()["items"]
    assert len({row["id"] for row in own}) == len(own) == 200
