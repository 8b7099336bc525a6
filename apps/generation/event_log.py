"""What happened in a request, line by line: its milestones, and each step and call of the machines between them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.generation.models import GenerationRun
from apps.generation.services.guidance import guidance_of
from apps.generation.services.review_subject import SUBJECT_KIND
from apps.generation.services.stages import STAGES
from apps.governance.selectors import display_name
from apps.governance.selectors.names import accounts_named
from apps.jobs.models import Job, JobEvent
from apps.jobs.selectors import jobs_of
from apps.providers.selectors import calls_of

JOB_WORDS = {
    "generation.run": "Generation",
    "generation.deliver": "Delivery",
    "generation.gates": "Measuring",
    "generation.graft": "Checking what was put together",
}


class Show(StrEnum):
    """Which lines of the log are wanted."""

    MILESTONES = "milestones"
    TOOLS = "tools"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened. ``kind`` is "milestone" or "tool"."""

    at: datetime
    kind: str
    text: str

    def as_json(self) -> str:
        """The line as JSON, with its line feed."""
        return json.dumps({"at": self.at.isoformat(), "kind": self.kind, "text": self.text}, ensure_ascii=False) + "\n"


def log_of(run: GenerationRun, *, show: Show, are_models_visible: bool, has_counts: bool) -> list[LogLine]:
    """
    Return what happened in *run*, oldest first; at most four queries.

    Calls of models are told only where *are_models_visible*; what counts candidates only where it *has_counts*.
    """
    lines: list[LogLine] = []
    if show is not Show.TOOLS:
        lines += [*_of_jobs(run), *_of_stages(run, has_counts=has_counts), *_of_guidance(run)]
    if show is not Show.MILESTONES:
        lines += _of_steps(run) if has_counts else []
        lines += _of_calls(run) if are_models_visible else []
    return sorted(lines, key=lambda line: line.at)


def log_as_json_lines(lines: Sequence[LogLine]) -> Iterator[str]:
    """Yield *lines* as JSON Lines."""
    return (line.as_json() for line in lines)


def _of_jobs(run: GenerationRun) -> Iterator[LogLine]:
    for job in jobs_of(subject_kind=SUBJECT_KIND, subject_id=run.pk):
        name = JOB_WORDS.get(job.kind, job.kind)
        yield LogLine(job.created_at, "milestone", f"{name} was queued.")
        if job.finished_at:
            ended = f"{name} {Job.State(job.state).label.lower()}."
            yield LogLine(job.finished_at, "milestone", " ".join(part for part in (ended, job.error_message) if part))


def _of_stages(run: GenerationRun, *, has_counts: bool) -> Iterator[LogLine]:
    labels, records = dict(STAGES), run.stages.all()
    told = accounts_named(record.note for record in records)
    for record in records:
        label = labels[record.stage]
        yield LogLine(record.started_at, "milestone", f"{label} began.")
        if record.finished_at:
            note = f": {told(record.note)}" if record.note and has_counts else ""
            yield LogLine(record.finished_at, "milestone", f"{label} ended{note}.")


def _of_guidance(run: GenerationRun) -> Iterator[LogLine]:
    for one in guidance_of(run):
        yield LogLine(one.given_at, "milestone", f"{display_name(one.given_by)} added guidance {one.version}.")


def _of_steps(run: GenerationRun) -> Iterator[LogLine]:
    steps = JobEvent.objects.filter(job__subject_kind=SUBJECT_KIND, job__subject_id=run.pk)
    for step in steps.order_by("created_at", "id"):
        stage = step.stage.replace("_", " ").capitalize()
        of = f" of {step.data['of']}" if "of" in step.data else ""
        # How a job ended, with its message, is a milestone.
        counts = {name: value for name, value in step.data.items() if isinstance(value, int) and name != "of"}
        figures = [f"{name} {value}{of}" for name, value in sorted(counts.items())]
        yield LogLine(step.created_at, "tool", f"{stage}: {', '.join(figures)}." if figures else f"{stage}.")


def _of_calls(run: GenerationRun) -> Iterator[LogLine]:
    for call in calls_of(subject_kind=SUBJECT_KIND, subject_id=run.pk):
        took = "" if call.seconds is None else f" after {call.seconds:.1f} s"
        error = f": {call.error}" if call.error else ""
        yield LogLine(
            call.created_at, "tool", f"{call.model_id} was asked; {call.get_outcome_display().lower()}{took}{error}"
        )
