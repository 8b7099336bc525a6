"""The tables of track B: what was measured of code, and how its tests ran."""

from apps.quality.models.defects import Defect, DefectReport
from apps.quality.models.measured import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    GeneratedTestSuite,
    MeasuredCode,
    ProposalBranch,
    QualityImprovement,
)
from apps.quality.models.mutation import MutationRun
from apps.quality.models.runs import Quarantine, SuiteOutcome, SuiteRun, SuiteTally, SuiteTest

__all__ = [
    "AiCodeReview",
    "CoverageReport",
    "DebtAssessment",
    "Defect",
    "DefectReport",
    "GeneratedTestSuite",
    "MeasuredCode",
    "MutationRun",
    "ProposalBranch",
    "QualityImprovement",
    "Quarantine",
    "SuiteOutcome",
    "SuiteRun",
    "SuiteTally",
    "SuiteTest",
]
