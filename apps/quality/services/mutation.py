"""Tries whether tests notice changes of the code that they test, and keeps what they noticed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from uuid import UUID, uuid4

from django.db import transaction

from apps.checks.services import is_judge_path
from apps.checks.types import MeasurementFailed
from apps.core.digests import sha256_hex
from apps.governance.models import User
from apps.jobs.models import Job
from apps.jobs.services import job_enqueue
from apps.quality.engine.mutants import Mutants, mutants_of
from apps.quality.engine.mutation import mutation_score, survivors
from apps.quality.gateways import mutation as gateway
from apps.quality.models import MutationRun
from apps.quality.services.subjects import code_record, neighbours, require_storable
from apps.quality.types import CODE_SUBJECT, MUTATION_JOB, Code, NothingToMeasure

# A job may take as long as a measurement of coverage; beside a review people wait.
JOB_BUDGET_S = 480.0
JOB_MOST = 400
REVIEW_BUDGET_S = 20.0
REVIEW_MOST = 60


@transaction.atomic
def mutation_start(*, code: Code, requested_by: User) -> Job:
    """
    Ask in the background whether the repository's tests notice changes of one of its files.

    While the same is under way, that job is returned. The caller has decided that ``requested_by`` may ask.

    :raises Unparsable: the file is not Python.
    :raises NothingToMeasure: it holds no function that can be changed.
    """
    _mutants(code, None, 1)
    row = code_record(code=code, submitted_by=requested_by)
    return job_enqueue(kind=MUTATION_JOB, subject_kind=CODE_SUBJECT, subject_id=row.pk, requested_by=requested_by)


def mutation_measure(
    *,
    code: Code,
    requested_by: User | None,
    changed: Mapping[str, str] | None = None,
    lines: Collection[int] | None = None,
    tests: Sequence[str] = (),
    code_id: UUID | None = None,
    run_id: UUID | None = None,
    budget_s: float = JOB_BUDGET_S,
    most: int = JOB_MOST,
    before_save: Callable[[], None] = lambda: None,
) -> MutationRun:
    """
    Change ``code`` in one place at a time, run its tests on each change in the sandbox, and keep what they noticed.

    At most ``most`` changes are drawn, by a seed that the text gives, of ``lines`` where they are given; what is not
    reached within ``budget_s`` is counted as untried. ``tests`` are files of tests; without any, all of the commit.
    ``changed`` are files that stand over those of the commit, by path. The figures come from the process that ran the
    code. The row is ``run_id`` if given, so that a repetition writes it once; ``before_save`` is called before anything
    is written and may raise. The caller has decided that ``requested_by`` may ask.

    :raises Unparsable: the text is not Python.
    :raises NothingToMeasure: nothing in it, or on these lines, can be changed.
    :raises MeasurementFailed: the tests do not pass without a change, or could not be run to their end.
    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    :raises InputInvalid: the path is too long, or the text holds what no file can.
    """
    require_storable(code)
    began = monotonic()
    found = _mutants(code, lines, most)
    own = {path: text.encode() for path, text in (changed or {}).items()}
    _require_fair(own)
    tried, passing = gateway.run(
        {**neighbours(code), **own, code.path: code.text.encode()},
        target=code.path,
        texts=[one.code for one in found.drawn],
        arguments=tests,
        budget_s=budget_s,
    )
    score = mutation_score(tried, found.places)
    if not score.counted:
        raise MeasurementFailed("There was no time to try a single change.", remedy="Make the tests faster.")
    before_save()
    with transaction.atomic():
        row, _ = MutationRun.objects.get_or_create(
            pk=run_id or uuid4(),
            defaults={
                "code": code_record(code=code, submitted_by=requested_by, code_id=code_id),
                "seed": seed_of(code),
                "tests": passing,
                "killed": score.killed,
                "survived": score.survived,
                "timed_out": score.timed_out,
                "invalid": score.invalid,
                "untried": score.untried,
                "survivors": survivors(found.drawn, tried, code.text),
                "seconds": round(monotonic() - began, 2),
                "requested_by": requested_by,
            },
        )
    row.refresh_from_db()
    return row


def _require_fair(own: Collection[str]) -> None:
    judges = sorted(path for path in own if is_judge_path(path))
    if judges:
        raise MeasurementFailed(f"The change touches {judges[0]}, which decides how tests are judged.")


def _mutants(code: Code, lines: Collection[int] | None, most: int) -> Mutants:
    """
    Return changes of the text; the same text has the same ones.

    :raises Unparsable: it is not Python.
    :raises NothingToMeasure: nothing in it, or on these lines, can be changed.
    """
    found = mutants_of(code.text, lines=lines, most=most, seed=seed_of(code))
    if not found.drawn:
        raise NothingToMeasure(
            f"Nothing in the functions of {code.path} can be changed so that a test could notice.",
            remedy="Choose another file.",
        )
    return found


def seed_of(code: Code) -> int:
    """Return the seed that changes of a text are drawn with."""
    return int(sha256_hex(code.text)[:15], 16)
