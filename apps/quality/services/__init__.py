"""The door to writing: reviews, test suites, coverage, debt, improvements."""

from apps.quality.services.applying import (
    proposal_apply,
    proposal_apply_start,
    proposal_discard,
    proposal_discard_start,
)
from apps.quality.services.coverage import coverage_analyse, coverage_of_code
from apps.quality.services.debt import debt_assess, debt_of_code
from apps.quality.services.defects import ReportedDefect, defects_trace, defects_upload
from apps.quality.services.improvements import optimise_start, optimise_suggest
from apps.quality.services.measurements import history_measure, measurement_start
from apps.quality.services.mutation import mutation_measure, mutation_start
from apps.quality.services.quarantines import quarantine_lift, quarantine_set
from apps.quality.services.reruns import rerun_once, reruns_start
from apps.quality.services.reviews import review_create, review_start
from apps.quality.services.subjects import code_load
from apps.quality.services.suite_runs import suite_upload
from apps.quality.services.suites import suite_start, test_suite_generate
from apps.quality.services.uploads import coverage_upload, require_size

__all__ = [
    "ReportedDefect",
    "code_load",
    "coverage_analyse",
    "coverage_of_code",
    "coverage_upload",
    "debt_assess",
    "debt_of_code",
    "defects_trace",
    "defects_upload",
    "history_measure",
    "measurement_start",
    "mutation_measure",
    "mutation_start",
    "optimise_start",
    "optimise_suggest",
    "proposal_apply",
    "proposal_apply_start",
    "proposal_discard",
    "proposal_discard_start",
    "quarantine_lift",
    "quarantine_set",
    "require_size",
    "rerun_once",
    "reruns_start",
    "review_create",
    "review_start",
    "suite_start",
    "suite_upload",
    "test_suite_generate",
]
