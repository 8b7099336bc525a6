"""
What the platform solves with what it brings along: no key, and no network but for the models that were fetched.

Public problems, with the examples that a person would give, go the whole way of a request on a platform of their own:
every provider, checks, sandbox, consensus. The hidden tests then judge what each provider wrote and what was chosen.
Files of recordings (see ``nofx consensus replay``) are named by ``--data`` or by ``NOFX_RECORDINGS``. With
``--nightly`` every HumanEval problem in them is solved, each once; where no file is named it says so and ends well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import django
import psutil

from apps.core.intervals import wilson
from bench.problems import Problem, passes_hidden, problems_of

PROJECT = Path(__file__).resolve().parents[1]
PATIENCE_S = 1200.0
ENDED = ("in_review", "failed", "cancelled")
NIGHTLY = "HumanEval/"
PATTERN = "patterns/"
LOCAL_MODELS = ("none", "small", "all")
UNNAMED = (
    "No HumanEval problems were solved: NOFX_RECORDINGS names no file of recordings. "
    f"Set it to such files, separated by {os.pathsep!r}."
)


@dataclass
class Tally:
    """By one label of hidden tests: what the choice, any answer, each model's first answer and all its answers got."""

    problems: int = 0
    chosen: int = 0
    anybody: int = 0
    alone: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self, found: Written, is_right: Mapping[str, bool]) -> None:
        """Count a problem, with whether each module is right."""
        self.problems += 1
        self.chosen += is_right.get(found.chosen, False)
        self.anybody += any(is_right.values())
        for model, sample, module in found.modules:
            self.answers[model] += 1
            self.right[model] += is_right[module]
            self.alone[model] += sample == 0 and is_right[module]

    def as_json(self) -> dict[str, Any]:
        interval = wilson(self.chosen, self.problems)
        return {
            "problems": self.problems,
            "ensemble": self.chosen,
            "interval": [round(bound, 3) for bound in (interval.low, interval.high)],
            "any_candidate": self.anybody,
            "models": {
                name: {"alone": self.alone[name], "right": self.right[name], "answers": self.answers[name]}
                for name in sorted(self.answers)
            },
        }


@dataclass
class Solved:
    """What was solved, by label of hidden tests, and what it cost."""

    problems: int = 0
    cpu_s: float = 0.0
    tallies: dict[str, Tally] = field(default_factory=dict)
    patterns: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        return {
            "problems": self.problems,
            "labels": {label: tally.as_json() for label, tally in sorted(self.tallies.items())},
            "patterns": dict(sorted(self.patterns.items())),
            "cpu_s_each": round(self.cpu_s / self.problems, 1) if self.problems else None,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each problem on standard error, and the figures; with ``--json`` as one object."""
    parser = argparse.ArgumentParser(prog="nofx bench builtin", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="files of recordings")
    parser.add_argument("--problems", type=int, default=20, help="how many, drawn at random (default 20)")
    parser.add_argument("--every", type=int, help="every so many in the order of the files instead")
    parser.add_argument(
        "--nightly", action="store_true", help="every HumanEval problem; nothing where no file is named"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--local-models", choices=LOCAL_MODELS, default="none", help="which may write too (default none)"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    files = options.data or [Path(name) for name in os.environ.get("NOFX_RECORDINGS", "").split(os.pathsep) if name]
    if not files and options.nightly:
        print(UNNAMED)
        return 0
    if not files:
        parser.error("name files of recordings by --data or NOFX_RECORDINGS")
    if options.nightly:
        problems = nightly_problems(files)
    else:
        problems = chosen_problems(files, options.problems, options.every, options.seed)
    with tempfile.TemporaryDirectory(prefix="nofx-bench-") as folder:
        solved = solve(Path(folder) / "clone", problems, options.local_models, options.seed)
    figures = {"seed": options.seed, "local_models": options.local_models, **solved.as_json()}
    print(json.dumps(figures) if options.json else table(figures))
    return 0


def chosen_problems(files: Sequence[Path], count: int, every: int | None, seed: int) -> list[Problem]:
    """Return the problems to solve: each *every* of all, or *count* drawn at random."""
    found = [problem for file in files for problem in problems_of(file)]
    if every:
        return found[::every]
    return Random(seed).sample(found, min(count, len(found)))  # noqa: S311  a draw to be repeated


def nightly_problems(files: Sequence[Path]) -> list[Problem]:
    """Return every HumanEval problem of the files, each once: the one with the most suites of hidden tests."""
    found: dict[str, Problem] = {}
    for problem in (problem for file in files for problem in problems_of(file) if problem.id.startswith(NIGHTLY)):
        known = found.get(problem.id)
        if known is None or len(known.hidden) < len(problem.hidden):
            found[problem.id] = problem
    return sorted(found.values(), key=lambda problem: int(problem.id.removeprefix(NIGHTLY)))


def solve(clone: Path, problems: Sequence[Problem], local_models: str, seed: int) -> Solved:
    """Take every problem through a platform of its own, which draws by *seed*."""
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(clone)], check=True)
    env = {**os.environ, "NOFX_LOCAL_MODELS": local_models, "NOFX_HOME": str(clone / ".nofx")}
    try:
        subprocess.run(["make", "--silent", "up"], cwd=clone, env=env, check=True, stdout=subprocess.DEVNULL)
        os.environ.update(env, DJANGO_SETTINGS_MODULE="nofx.settings.base")
        django.setup()
        wait_for_models(local_models)
        solved = Solved()
        for problem in problems:
            started = platform_cpu(clone)
            found = solve_one(problem, seed)
            solved.problems += 1
            solved.cpu_s += platform_cpu(clone) - started
            count(solved, problem, found)
        return solved
    finally:
        subprocess.run(["make", "--silent", "down"], cwd=clone, env=env, check=False)


@dataclass(frozen=True)
class Written:
    """
    What came of one request: provider, sample and module of each answer, the chosen module ("" for none), and the names
    of the patterns that were used.
    """

    modules: list[tuple[str, int, str]]
    chosen: str
    patterns: list[str] = field(default_factory=list)


def request_seed(problem: Problem, seed: int) -> int:
    """Return what the request about *problem* draws by: the same for a seed, whatever was solved before."""
    return int(hashlib.sha256(f"{seed} {problem.id}".encode()).hexdigest()[:15], 16)


def solve_one(problem: Problem, seed: int) -> Written:
    """Submit a specification as the demo engineer does, and wait for the reviewers' turn."""
    from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest
    from apps.generation.services.checking import candidate_module
    from apps.generation.services.pipeline import workspace_open
    from apps.generation.services.submission import request_submit
    from apps.governance.models import User
    from apps.repositories.models import Repository

    request = request_submit(
        requester=User.objects.get(username="engineer"),
        repository=Repository.objects.get(is_demo=True),
        title=f"Solve {problem.id}",
        text=problem.text,
        target_path=f"parcels/{problem.id.lower().replace('/', '_')}.py",
        seed=request_seed(problem, seed),
    )
    deadline = time.monotonic() + PATIENCE_S
    while CodeGenerationRequest.objects.values_list("status", flat=True).get(pk=request.pk) not in ENDED:
        if time.monotonic() > deadline:
            break
        time.sleep(0.2)
    workspace = workspace_open(request.run)
    consensus = CodeGenerationConsensus.objects.filter(request=request).first()
    modules: list[tuple[str, int, str]] = []
    chosen, patterns = "", list[str]()
    written = Candidate.objects.filter(request=request).exclude(patch="").select_related("provider")
    for candidate in written.order_by("ordinal"):
        module = candidate_module(workspace, candidate)
        author = candidate.provider.name if candidate.provider else candidate.model_id
        modules.append((author, candidate.sample_index, module))
        patterns += [candidate.model_id] if candidate.model_id.startswith(PATTERN) else []
        if consensus and candidate.implementation_id == consensus.selected_implementation_id:
            chosen = module
    return Written(modules, chosen, patterns)


def count(solved: Solved, problem: Problem, found: Written) -> None:
    """Judge what was written by the hidden tests; equal modules are run once."""
    solved.patterns.update(found.patterns)
    verdicts = {module: passes_hidden(problem, module) for module in {m for *_, m in found.modules}}
    for label in problem.hidden:
        is_right = {module: verdict[label] for module, verdict in verdicts.items()}
        solved.tallies.setdefault(label, Tally()).add(found, is_right)
    words = [f"{problem.id:<16}", f"{len(found.modules):>3} answers"]
    words += [f"{label}: {_word(found, verdicts, label)}" for label in sorted(problem.hidden)]
    print("  ".join(words), file=sys.stderr, flush=True)


def _word(found: Written, verdicts: Mapping[str, Mapping[str, bool]], label: str) -> str:
    if not found.chosen:
        return "nothing"
    if verdicts[found.chosen][label]:
        return "right"
    return "wrong, another right" if any(verdict[label] for verdict in verdicts.values()) else "wrong"


def wait_for_models(local_models: str) -> None:
    """Return once the local models that were asked for can be asked."""
    from apps.providers.selectors import local_models as statuses

    while local_models != "none" and any(status.is_under_way for status in statuses()):
        time.sleep(2)


def platform_cpu(clone: Path) -> float:
    """Return the processor seconds that this process and everything started from *clone* have used."""
    return sum(_cpu(process) for process in _processes(clone))


def _processes(clone: Path) -> Iterator[psutil.Process]:
    yield psutil.Process()
    for process in psutil.process_iter(["cmdline", "environ"]):
        if (process.info["environ"] or {}).get("NOFX_HOME") == str(clone / ".nofx"):
            yield process


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def table(figures: dict[str, Any]) -> str:
    """Return the figures as people read them."""
    lines = [f"{figures['problems']} problems, seed {figures['seed']}, local models: {figures['local_models']}"]
    for label, found in figures["labels"].items():
        low, high = found["interval"]
        lines += [
            f"by the hidden tests called {label}, {found['problems']} problems",
            f"  {'the ensemble chose right':<40} {found['ensemble']:>4}  (95 %: {low:.0%} to {high:.0%})",
            f"  {'any candidate was right':<40} {found['any_candidate']:>4}",
        ]
        lines += [
            f"  {name:<40} {one['alone']:>4}  with its first answer; {one['right']} of {one['answers']} answers right"
            for name, one in found["models"].items()
        ]
    lines += [f"  {name:<40} {uses:>4}  uses of this pattern" for name, uses in figures["patterns"].items()]
    return "\n".join([*lines, f"{'processor seconds a problem':<42} {figures['cpu_s_each']}"])


if __name__ == "__main__":
    sys.exit(main())
