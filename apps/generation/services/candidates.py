"""Candidates: planned, written as answers arrive, and never written twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from apps.checks.types import plain_text
from apps.core.digests import sha256_hex
from apps.generation.engine.assembly import BYTE_ORDER_MARK
from apps.generation.engine.context import module_name
from apps.generation.engine.languages import Language, language_of
from apps.generation.engine.patches import PatchUnreadable, patched_files
from apps.generation.engine.source import ExtractedCode, Unparsable, unified_patch
from apps.generation.engine.specification import Specification
from apps.generation.models import Candidate, CodeGenerationRequest, GeneratedCodeArtifact, GenerationRun
from apps.generation.services.pattern_uses import uses_record
from apps.generation.types import CodeType
from apps.providers.models import Provider

State = Candidate.State
PLATFORM_AUTHOR = "nofx/specification"
MAX_TEXT = 400_000
MAX_LINES = 5_000
NOT_ASKED_ANY_MORE = "It had not answered when guidance was added, which made the question another one."
OUTDATED = "It was asked before the newest guidance was added."
CUT_KEPT = "The answer was cut at its limit; what was complete is kept."
CUT_AFTER = "The answer was cut at its limit, after its code."
CUT_INSIDE = "The answer was cut at its limit, perhaps inside the code that was asked for."


@dataclass(frozen=True)
class Workspace:
    """What candidates of one run are put together with: the specification and the repository's files at the base."""

    run: GenerationRun
    specification: Specification
    files: Mapping[str, str]

    @property
    def language(self) -> Language:
        """What the target file is written in."""
        return language_of(self.run.target_path)

    @property
    def guidance(self) -> int:
        """The version of the guidance that is in the specification, 0 for none."""
        return len(self.specification.guidance)

    @property
    def names(self) -> list[str]:
        """What the specification asks for by name, the entry first."""
        specification = self.specification
        declared = [one.name for one in specification.functions if not one.is_method]
        wanted = [specification.entry, *declared, *(one.name for one in specification.classes)]
        return list(dict.fromkeys(name for name in wanted if name))

    @property
    def test_path(self) -> str:
        """Where the tests of the request go: their own file, so that nobody's tests are overwritten."""
        conventions = self.run.request.context_snapshot.get("conventions") or {}
        directory = str(conventions.get("test_directory") or "tests")
        return self._free_path(*self.language.test_file(directory, self._name, self.files))

    @property
    def documentation_path(self) -> str:
        """Where the page about the request goes: never over a page that somebody wrote."""
        return self._free_path("docs", self._name, ".md")

    @property
    def _name(self) -> str:
        return module_name(self.run.entry or self.run.title)

    def _free_path(self, directory: str, name: str, suffix: str) -> str:
        path = f"{directory}/{name}{suffix}"
        return path if path not in self.files else f"{directory}/{name}_{str(self.run.pk)[:8]}{suffix}"


@dataclass(frozen=True)
class Assembled:
    """A candidate put into the repository: its module as a whole, tests, page, and the one patch of all three."""

    module: str
    tests: str
    documentation: str
    patch: str
    has_own_tests: bool


@transaction.atomic
def candidates_plan(
    *,
    run: GenerationRun,
    providers: Sequence[Provider],
    left_out: Sequence[tuple[Provider, str]] = (),
    guidance: int = 0,
) -> list[Candidate]:
    """
    Return a row for each sample of each provider, made once for each version of *guidance*; a repeated job finds them.

    Each provider of *left_out* has one row, which says why it is not asked.

    The plan is frozen by the first call: a provider that is switched on later is not asked for this request, whatever
    guidance it gets. Who has not answered when new guidance is there is asked with that.
    """
    CodeGenerationRequest.objects.select_for_update().get(pk=run.pk)
    planned = list(Candidate.objects.filter(request=run.request).select_related("provider").order_by("ordinal"))
    if any(one.guided_by == guidance for one in planned):
        return [one for one in planned if one.guided_by == guidance]
    Candidate.objects.filter(pk__in=[one.pk for one in asked(planned)]).update(
        state=State.OUTDATED, reason=NOT_ASKED_ANY_MORE
    )
    return Candidate.objects.bulk_create(_planned(run, providers, () if planned else left_out, planned, guidance))


def _planned(
    run: GenerationRun,
    providers: Sequence[Provider],
    left_out: Sequence[tuple[Provider, str]],
    before: Sequence[Candidate],
    guidance: int,
) -> list[Candidate]:
    sampled = Counter(one.provider_id for one in before)
    wanted = [one for one in providers if not before or one.pk in sampled]
    rows = [
        Candidate(provider=one, sample_index=sampled[one.pk] + index) for one in wanted for index in range(one.samples)
    ]
    rows += [
        Candidate(provider=one, sample_index=0, state=State.UNAVAILABLE, reason=reason) for one, reason in left_out
    ]
    for ordinal, row in enumerate(rows, len(before)):
        row.request, row.guided_by, row.ordinal = run.request, guidance, ordinal
        row.model_id = row.provider.model_id if row.provider else ""
    return rows


@transaction.atomic
def candidate_write(
    *, candidate_id: UUID, workspace: Workspace, answer: str, model_id: str, note: str = "", is_cut: bool = False
) -> Candidate:
    """
    Keep an answer: its three artefacts, its patch, or the sentence why it cannot be used. Safe to repeat.

    *note* is what reviewers are told about how it came about. Of an answer that *is_cut* the whole functions are kept.
    """
    candidate = Candidate.objects.select_for_update().get(pk=candidate_id)
    if candidate.state != State.ASKED:
        return candidate
    candidate.model_id = plain_text(model_id)[:120]
    text = plain_text(answer[:MAX_TEXT])
    extracted, cut = _extracted(text, workspace, is_cut=is_cut)
    candidate.note = plain_text(" ".join(part for part in (note, cut) if part))
    assembled = assemble(workspace, extracted)
    if isinstance(assembled, Unparsable):
        raw = extracted.implementation or extracted.patch or text
        _attach(candidate, raw, extracted.tests, extracted.documentation, has_own_tests=True)
        candidate.state, candidate.reason = State.UNPARSABLE, assembled.reason
    else:
        code = extracted.implementation or assembled.module
        _attach(candidate, code, assembled.tests, assembled.documentation, has_own_tests=assembled.has_own_tests)
        candidate.state = State.WRITTEN
        candidate.patch = assembled.patch
        candidate.patch_digest = sha256_hex(assembled.patch)
        candidate.normalised_digest = workspace.language.digest(assembled.module)
    candidate.save()
    uses_record(candidate, workspace.run)
    return candidate


def _extracted(text: str, workspace: Workspace, *, is_cut: bool) -> tuple[ExtractedCode, str]:
    """Return what the answer holds, and what is to be said about where it was cut."""
    language = workspace.language
    whole = language.extract(text)
    if not is_cut:
        return whole, ""
    kept = language.extract(text, is_cut=True)
    if kept == whole:
        return whole, CUT_AFTER
    if language.unparsable(kept.implementation, workspace.specification.entry) is None:
        return kept, CUT_KEPT
    return whole, CUT_INSIDE


def candidate_retest(candidate: Candidate, workspace: Workspace) -> None:
    """Put the examples as they are now into the tests and the page of *candidate*, and save it."""
    own = candidate.test is not None and candidate.test.model_id == candidate.model_id
    changed = patched_files(candidate.patch, workspace.files)
    code = {path: changed[path] for path in changed if path not in {workspace.test_path, workspace.documentation_path}}
    assembled = _with_tests(
        workspace,
        code,
        ExtractedCode(
            implementation="",
            tests=candidate.test.generated_code if candidate.test is not None and own else "",
            documentation=candidate.documentation.generated_code if candidate.documentation else "",
        ),
    )
    candidate.patch, candidate.patch_digest = assembled.patch, sha256_hex(assembled.patch)
    candidate.save(update_fields=["patch", "patch_digest", "examples_passed", "examples_total"])


def candidate_unavailable(*, candidate_id: UUID, reason: str) -> None:
    """Record that no answer came, and why, as a sentence. Does nothing to a candidate that was written."""
    Candidate.objects.filter(pk=candidate_id, state=State.ASKED).update(
        state=State.UNAVAILABLE, reason=plain_text(reason)
    )


@transaction.atomic
def outdated_mark(*, run: GenerationRun, guidance: int) -> None:
    """Take out of the vote what was asked for before *guidance*, once something is there that was asked with it."""
    checked = Candidate.objects.filter(request=run.request, state__in=[State.CHECKED, State.EXECUTED])
    if checked.filter(guided_by=guidance).exists():
        checked.filter(guided_by__lt=guidance).update(state=State.OUTDATED, reason=OUTDATED)


@transaction.atomic
def duplicates_mark(*, run: GenerationRun) -> int:
    """Mark every new candidate whose program another has written already; return how many there are."""
    there = [State.WRITTEN, State.CHECKED, State.EXECUTED]
    usable = Candidate.objects.filter(request=run.request, state__in=there, grafted_by=None)
    firsts: dict[tuple[int, str], Candidate] = {}
    marked = 0
    # Those that an earlier attempt checked come first: evidence about them is there.
    for candidate in sorted(usable.order_by("ordinal"), key=lambda one: one.state == State.WRITTEN):
        original = firsts.setdefault((candidate.guided_by, candidate.normalised_digest), candidate)
        if original is not candidate and candidate.state == State.WRITTEN:
            candidate.state, candidate.duplicate_of = State.DUPLICATE, original
            candidate.reason = "Another candidate is the same program."
            candidate.save(update_fields=["state", "duplicate_of", "reason"])
            marked += 1
    return marked


def assemble(workspace: Workspace, extracted: ExtractedCode) -> Assembled | Unparsable:
    """Return the candidate's files and patch, or why it cannot be used."""
    target = workspace.run.target_path
    if not workspace.language.stands(workspace.files.get(target, "")):
        return Unparsable(f"{target} does not parse as it stands in the repository, so nothing can be put into it.")
    try:
        if extracted.patch and not extracted.implementation:
            return _assemble_patch(workspace, extracted)
        return _assemble_module(workspace, extracted)
    except RecursionError:
        return Unparsable("The code is nested too deeply.")
    except (SyntaxError, ValueError) as error:
        return Unparsable(f"The code cannot be put into {target}: {error}.")


def _assemble_module(workspace: Workspace, extracted: ExtractedCode) -> Assembled | Unparsable:
    target, code = workspace.run.target_path, extracted.implementation
    fault = workspace.language.unparsable(code, workspace.specification.entry)
    if fault is not None:
        return fault
    if code.count("\n") > MAX_LINES:
        return Unparsable(f"The code has more than {MAX_LINES:,} lines.")
    module = workspace.language.merged(target, code, workspace.names, workspace.files)
    return _with_tests(workspace, {target: module}, extracted)


def _assemble_patch(workspace: Workspace, extracted: ExtractedCode) -> Assembled | Unparsable:
    try:
        changed = patched_files(extracted.patch, workspace.files)
    except PatchUnreadable as error:
        return Unparsable(str(error))
    for path in changed:
        if not workspace.language.is_source(path):
            return Unparsable(f"The patch changes {path}, which is not {workspace.language.label}.")
        entry = workspace.specification.entry if path == workspace.run.target_path else None
        fault = language_of(path).unparsable(changed[path].removeprefix(BYTE_ORDER_MARK), entry)
        if fault is not None:
            return fault
    return _with_tests(workspace, changed, extracted)


def _with_tests(workspace: Workspace, changed: dict[str, str], extracted: ExtractedCode) -> Assembled:
    language, target = workspace.language, workspace.run.target_path
    own_tests = language.own_tests(extracted.tests, target, workspace.test_path)
    tests = language.tests(workspace.specification, target, workspace.test_path) or own_tests
    module = changed.get(target, next(iter(changed.values())))
    page = language.document(workspace.specification, module)
    after = {**changed, workspace.documentation_path: page}
    if tests.strip():
        after[workspace.test_path] = tests if tests.endswith("\n") else f"{tests}\n"
    before = {path: workspace.files[path] for path in after if path in workspace.files}
    return Assembled(
        module=module,
        tests=own_tests or tests,
        documentation=extracted.documentation.strip() or page,
        patch=unified_patch(before, after),
        has_own_tests=bool(own_tests),
    )


def _attach(candidate: Candidate, code: str, tests: str, documentation: str, *, has_own_tests: bool) -> None:
    def artifact(kind: CodeType, text: str, author: str) -> GeneratedCodeArtifact:
        return GeneratedCodeArtifact.objects.create(
            request_id=candidate.request_id, model_id=author, code_type=kind, generated_code=text
        )

    candidate.implementation = artifact(CodeType.IMPLEMENTATION, code, candidate.model_id)
    candidate.test = artifact(CodeType.TEST, tests, candidate.model_id if has_own_tests else PLATFORM_AUTHOR)
    candidate.documentation = artifact(CodeType.DOCUMENTATION, documentation, candidate.model_id)


def asked(candidates: Collection[Candidate]) -> list[Candidate]:
    """Return the candidates that still wait for an answer."""
    return [candidate for candidate in candidates if candidate.state == State.ASKED]
