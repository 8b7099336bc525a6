"""Track A's tables: a request, how it ran, what was written for it, and what was delivered."""

from apps.generation.models.attachments import DraftAttachment
from apps.generation.models.canaries import Canary, CanarySetting
from apps.generation.models.candidates import Answer, Candidate, ObservedInput
from apps.generation.models.counts import ReviewCount
from apps.generation.models.delivery import DirectArtifact, PullRequest
from apps.generation.models.guidance import Guidance
from apps.generation.models.learning import ExpertiseChange, Judgement
from apps.generation.models.patterns import PatternUse
from apps.generation.models.readings import SpecificationReading
from apps.generation.models.requests import CodeGenerationConsensus, CodeGenerationRequest, GeneratedCodeArtifact
from apps.generation.models.reviewed import ReviewedContent
from apps.generation.models.reviewing import ViewedFile
from apps.generation.models.runs import Contribution, GenerationRun, SpecificationDraft, StageRecord
from apps.generation.models.threads import ReviewComment, ReviewThread
from apps.generation.models.versions import DraftVersion
from apps.generation.models.watches import Watch

__all__ = [
    "Answer",
    "Canary",
    "CanarySetting",
    "Candidate",
    "CodeGenerationConsensus",
    "CodeGenerationRequest",
    "Contribution",
    "DirectArtifact",
    "DraftAttachment",
    "DraftVersion",
    "ExpertiseChange",
    "GeneratedCodeArtifact",
    "GenerationRun",
    "Guidance",
    "Judgement",
    "ObservedInput",
    "PatternUse",
    "PullRequest",
    "ReviewComment",
    "ReviewCount",
    "ReviewThread",
    "ReviewedContent",
    "SpecificationDraft",
    "SpecificationReading",
    "StageRecord",
    "ViewedFile",
    "Watch",
]
