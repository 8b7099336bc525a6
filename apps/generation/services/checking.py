"""Static checks of candidates: lint, types, security, anti-patterns, dependencies; all unique candidates in one go."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from django.db import transaction

from apps.checks.services import check_sources, complexity_measure, javascript_check
from apps.checks.services.dependencies import UNKNOWN_PACKAGE, DependencyReport
from apps.checks.types import NOT_JUDGED, SECURITY_TOOLS, CheckResult, Finding, JavaScriptSource, Unparsable
from apps.core.javascript import complexity_of
from apps.generation.engine.changes import changed_lines
from apps.generation.engine.javascript.modules import imported_files, is_javascript, is_typescript, module_kind
from apps.generation.engine.patches import patched_files
from apps.generation.engine.quality import quality_score, security_score
from apps.generation.models import Candidate, GenerationRun
from apps.generation.services.candidates import Workspace
from apps.generation.services.dependencies import declarations_of, dependencies_of
from apps.knowledge.services import antipatterns_find

ANTIPATTERN_TOOL = "antipatterns"
# Below that, a finding is a remark.
_SERIOUS = frozenset({"medium", "high"})


def changed_files(workspace: Workspace, candidate: Candidate) -> dict[str, str]:
    """Return the files of the repository that the candidate's patch changes, by path, as they read afterwards."""
    return patched_files(candidate.patch, workspace.files)


def candidate_module(workspace: Workspace, candidate: Candidate) -> str:
    """Return the target file as the candidate leaves it; a patch may change only what the target uses."""
    target = workspace.run.target_path
    return changed_files(workspace, candidate).get(target, workspace.files.get(target, ""))


def candidates_check(*, run: GenerationRun, workspace: Workspace) -> int:
    """Check every written candidate that is nobody's duplicate; return how many results there are."""
    written = Candidate.objects.filter(request=run.request, state=Candidate.State.WRITTEN)
    waiting = list(written.select_related("implementation").order_by("ordinal"))
    modules = {str(candidate.pk): candidate_module(workspace, candidate) for candidate in waiting}
    results = _checked(workspace, modules) if modules else {}
    declarations = declarations_of(run) if modules else {}
    for candidate in waiting:
        answer = candidate.implementation.generated_code if candidate.implementation else ""
        brought = dependencies_of(workspace, changed_files(workspace, candidate), declarations, answer=answer)
        _keep(workspace, candidate, modules[str(candidate.pk)], results[str(candidate.pk)], brought)
    return sum(check["status"] not in NOT_JUDGED for candidate in waiting for check in candidate.checks)


def _checked(workspace: Workspace, modules: Mapping[str, str]) -> dict[str, tuple[CheckResult, ...]]:
    """Return what every tool says of each module, by the same names."""
    path = workspace.run.target_path
    if not is_javascript(path):
        return {name: (*found, _antipatterns(modules[name])) for name, found in check_sources(modules).items()}
    files = workspace.files
    return dict(javascript_check({name: javascript_source(path, text, files) for name, text in modules.items()}))


def javascript_source(path: str, text: str, files: Mapping[str, str]) -> JavaScriptSource:
    """Return *text* at *path* as the checks take it, with what of the repository (path to text) it imports."""
    is_typed, around = is_typescript(path), {**files, path: text}
    neighbours = imported_files(path, text, files) if is_typed else {}
    return JavaScriptSource(text, is_typed, module_kind(path, around), path, neighbours)


def _antipatterns(module: str) -> CheckResult:
    started = time.monotonic()
    found = antipatterns_find(module)
    return CheckResult(
        tool=ANTIPATTERN_TOOL,
        version=version("nofx"),
        status="failed" if any(one.severity in _SERIOUS for one in found) else "passed",
        findings=tuple(
            Finding(
                rule=one.rule,
                message=one.message,
                path="",
                line=one.line,
                column=one.column,
                severity=one.severity,
            )
            for one in found
        ),
        seconds=round(time.monotonic() - started, 3),
    )


def module_checks(workspace: Workspace, module: str) -> list[dict[str, Any]]:
    """Return what the checks say of the target file when it reads *module*."""
    return _own_checks(workspace, module, _checked(workspace, {"module": module})["module"])


def _own_checks(workspace: Workspace, module: str, results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    own = changed_lines(workspace.files.get(workspace.run.target_path, ""), module)
    return [_own_findings(result, own, workspace.run.target_path) for result in results]


@transaction.atomic
def _keep(
    workspace: Workspace,
    candidate: Candidate,
    module: str,
    results: tuple[CheckResult, ...],
    brought: DependencyReport,
) -> None:
    packages = [dependency.as_json() for dependency in brought.dependencies]
    candidate.checks = [
        *_own_checks(workspace, module, results),
        {**brought.result.as_json(), "packages": packages},
    ]
    candidate.state = Candidate.State.CHECKED
    candidate.save(update_fields=["checks", "state"])
    scores_keep(candidate, workspace)


def scores_keep(candidate: Candidate, workspace: Workspace) -> None:
    """Compute the quality and security scores of a candidate from its checks and examples, and store them."""
    if candidate.implementation is None:
        return
    quality, security = module_scores(
        workspace,
        candidate.checks,
        candidate_module(workspace, candidate),
        candidate.examples_passed or 0,
        candidate.examples_total or 0,
    )
    candidate.implementation.quality_score, candidate.implementation.security_score = quality, security
    candidate.implementation.save(update_fields=["quality_score", "security_score"])


def module_scores(
    workspace: Workspace, checks: Sequence[Mapping[str, Any]], module: str, passed: int, total: int
) -> tuple[Decimal, Decimal | None]:
    """Return the quality and security scores of *module*; no security score where that was not assessed."""
    judged = [check for check in checks if check["status"] not in NOT_JUDGED]
    severities = {check["tool"]: [finding["severity"] for finding in check["findings"]] for check in judged}
    security = next((check for check in checks if check["tool"] in SECURITY_TOOLS), None)
    made_up = [
        finding["severity"] for check in checks for finding in check["findings"] if finding["rule"] == UNKNOWN_PACKAGE
    ]
    quality = quality_score(
        checks={check["tool"]: check["status"] for check in judged},
        findings=[severity for tool, found in severities.items() if tool not in SECURITY_TOOLS for severity in found],
        lines=len(module.splitlines()),
        complexity=_complexity(module, workspace.run.target_path),
        examples_passed=passed,
        examples_total=total,
    )
    is_assessed = security is not None and security["status"] not in {"error", *NOT_JUDGED}
    found = [severity for tool in SECURITY_TOOLS for severity in severities.get(tool, ())]
    return quality, security_score([*found, *made_up]) if is_assessed else None


def _own_findings(result: CheckResult, own: frozenset[int], path: str) -> dict[str, Any]:
    """Leave out what was there before: a candidate answers for the lines it wrote."""
    stored = result.as_json()
    findings = [
        {**finding, "path": path} for finding in stored["findings"] if finding["line"] in own or not finding["line"]
    ]
    is_clean = result.status == "failed" and not any(
        finding["severity"] in _counting(result.tool) for finding in findings
    )
    return {**stored, "findings": findings, "status": "passed" if is_clean else result.status}


def _counting(tool: str) -> frozenset[str]:
    return _SERIOUS if tool in (*SECURITY_TOOLS, ANTIPATTERN_TOOL) else _SERIOUS | {"low"}


def _complexity(module: str, path: str) -> int:
    if is_javascript(path):
        return max((one.complexity for one in complexity_of(module, is_typed=is_typescript(path))), default=1)
    try:
        return max((function.complexity for function in complexity_measure(module)), default=1)
    except Unparsable:
        return 1
