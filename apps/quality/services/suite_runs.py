"""Keeps runs of a repository's tests, and counts for each test and commit how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction

from apps.checks.types import TestMeasurement, plain_text
from apps.core.digests import sha256_hex
from apps.governance.models import User
from apps.governance.services import audit_record
from apps.quality.engine.reports import CaseOutcome, ReportedCase, ReportUnreadable, read_junit
from apps.quality.models import SuiteOutcome, SuiteRun, SuiteTest
from apps.quality.models.runs import LONGEST_TEST
from apps.quality.services.uploads import require_size
from apps.quality.types import LONGEST_ENVIRONMENT, LONGEST_REASON, InputInvalid, UploadUnreadable
from apps.repositories.models import Repository, Revision

T = TypeVar("T")
BATCH = 5_000
# Tests of one run are counted into one row for each test, commit and environment; in the order of their keys, so that
# two runs that are kept at once wait for one another and never in a circle.
TALLY = """
INSERT INTO quality_suitetally AS known
  (repository_id, test_id, revision_id, environment, passed, failed, skipped, seconds, last_at)
SELECT %(repository)s, test_id, %(revision)s, %(environment)s,
       count(*) FILTER (WHERE outcome = 'passed'), count(*) FILTER (WHERE outcome = 'failed'),
       count(*) FILTER (WHERE outcome = 'skipped'), coalesce(sum(seconds) FILTER (WHERE outcome <> 'skipped'), 0), now()
FROM quality_suiteoutcome WHERE run_id = %(run)s
GROUP BY test_id ORDER BY test_id
ON CONFLICT (test_id, revision_id, environment) DO UPDATE SET
  passed = known.passed + excluded.passed, failed = known.failed + excluded.failed,
  skipped = known.skipped + excluded.skipped, seconds = known.seconds + excluded.seconds, last_at = excluded.last_at
"""


def suite_upload(
    *, revision: Revision, environment: str, content: bytes, infrastructure: str = "", uploaded_by: User
) -> tuple[SuiteRun, bool]:
    """
    Keep a run of the tests that a build reports in JUnit's XML; return it, and whether it is new.

    ``infrastructure`` says what broke the run, where that was what it ran on. The caller has decided that
    ``uploaded_by`` may send it. A hundred thousand tests take about ten seconds.

    :raises UploadUnreadable: it is not such a report.
    :raises UploadTooLarge: it is larger than 10 MB.
    :raises InputInvalid: the environment has no name, or one that cannot be kept.
    """
    require_size(len(content))
    place = _line(environment, LONGEST_ENVIRONMENT, "environment")
    if not place:
        raise InputInvalid("The environment has no name.", remedy="Name where the tests ran, such as linux-py3.12.")
    try:
        cases = read_junit(content)
    except ReportUnreadable as error:
        raise UploadUnreadable(str(error), remedy="Send the file that the test runner wrote, whole.") from error
    digest = sha256_hex(content)
    with transaction.atomic():
        run, is_new = suite_run_record(
            revision=revision,
            environment=place,
            source=SuiteRun.Source.JUNIT,
            digest=digest,
            cases=cases,
            broken_by=_line(infrastructure, LONGEST_REASON, "reason"),
            uploaded_by=uploaded_by,
        )
        if is_new:
            audit_record(
                action="quality.tests_upload",
                object_kind="revision",
                object_id=revision.pk,
                actor=uploaded_by,
                scope=revision.repository.scope,
                reason=run.reason,
                after_digest=digest,
                detail={"sha": revision.sha, "environment": place, "is_infrastructure": run.is_infrastructure},
            )
    return run, is_new


@transaction.atomic
def suite_run_record(
    *,
    revision: Revision,
    environment: str,
    source: SuiteRun.Source,
    digest: str,
    cases: Sequence[ReportedCase],
    broken_by: str = "",
    uploaded_by: User | None = None,
) -> tuple[SuiteRun, bool]:
    """
    Keep one run with what became of each test; return it, and whether it is new. ``digest`` is what makes it the same.

    A run that something ``broken_by`` spoiled is kept with its outcomes, and counted into no test's tally.
    """
    counted = Counter(case.outcome for case in cases)
    run, is_new = SuiteRun.objects.get_or_create(
        revision=revision,
        environment=environment,
        digest=digest,
        defaults={
            "source": source,
            "is_infrastructure": bool(broken_by),
            "reason": broken_by[:LONGEST_REASON],
            **{outcome.value: counted[outcome] for outcome in CaseOutcome},
            "seconds": sum(case.seconds for case in cases),
            "uploaded_by": uploaded_by,
        },
    )
    if not is_new:
        return run, False
    ids = _tests(revision.repository, [_name(case.name) for case in cases])
    rows = (
        SuiteOutcome(run=run, test_id=ids[_name(case.name)], outcome=case.outcome, seconds=case.seconds)
        for case in cases
    )
    for batch in _batches(rows):
        SuiteOutcome.objects.bulk_create(batch)
    if not broken_by:
        with connection.cursor() as cursor:
            cursor.execute(
                TALLY,
                {
                    "repository": revision.repository_id,
                    "revision": revision.pk,
                    "environment": environment,
                    "run": run.pk,
                },
            )
    return run, True


def cases_of(measured: TestMeasurement) -> list[ReportedCase]:
    """Return the tests of a run in the sandbox as a report would."""
    return [ReportedCase(test.name, CaseOutcome(test.outcome), test.seconds) for test in measured.tests]


def _tests(repository: Repository, names: Iterable[str]) -> dict[str, int]:
    """Return the key of each test by name; those that are new are added."""
    wanted = sorted(set(names))
    ids: dict[str, int] = {}
    for batch in _batches(wanted):
        rows = [SuiteTest(repository=repository, name=name) for name in batch]
        SuiteTest.objects.bulk_create(rows, ignore_conflicts=True)
        ids |= dict(SuiteTest.objects.filter(repository=repository, name__in=batch).values_list("name", "pk"))
    return ids


def _name(name: str) -> str:
    """Return a name as it is kept: one line, and where it is too long its beginning and what tells it apart."""
    line = " ".join(plain_text(name).split())
    if len(line) <= LONGEST_TEST:
        return line
    return f"{line[: LONGEST_TEST - 18]}… {sha256_hex(line)[:16]}"


def _line(text: str, longest: int, what: str) -> str:
    line = " ".join(text.split())
    if len(line) > longest or not line.isprintable():
        raise InputInvalid(f"The {what} is longer than {longest} characters, or holds some that cannot be printed.")
    return line


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
