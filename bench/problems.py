"""Public problems as people would specify them, and whether a program passes their hidden tests."""

from __future__ import annotations

import ast
import gzip
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.generation.engine.specification import analyse
from apps.sandbox.services import CommandRun, Limits, sandbox_run

# Suites judge themselves, in the process of the program: their verdict counts only beside a canary that must fail.
# They are commands, since they import numpy, which only a command sees.
SUITE_LIMITS = Limits(wall_s=20.0, cpu_s=20, memory_mb=2048)
SUITES = {"base": "test", "plus": "test_plus"}
CANARY = "\n\ndef {entry}(*arguments, **keywords):\n    raise AssertionError('canary')\n"


@dataclass(frozen=True)
class Problem:
    """What is asked for, and the hidden tests by label; nobody who writes or chooses code sees them."""

    id: str
    text: str
    entry: str
    hidden: Mapping[str, str]


def problems_of(file: Path) -> Iterator[Problem]:
    """
    Return the problems of a file of recordings that have hidden tests.

    One that is not scored by the suite that was added later is judged by the official one alone.
    """
    raw = file.read_bytes()
    text = (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode()
    for row in map(json.loads, text.splitlines()):
        hidden = {label: row[key] for label, key in SUITES.items() if row.get(key)}
        if row.get("exclude"):
            hidden = {label: hidden[label] for label in hidden if label == "base" and "plus" in hidden}
        if hidden:
            yield Problem(row["task_id"], _text(row), row["entry_point"], hidden)


def _text(row: Mapping[str, Any]) -> str:
    """A prompt that declares its function says everything; a sentence needs the name and what it shows."""
    prompt: str = row["prompt"]
    if f"def {row['entry_point']}" in prompt:
        return _with_mended_examples(prompt, row["examples_in_prompt"])
    shown = "\n".join(item["assert_line"] for item in row["examples_in_prompt"])
    return f"{prompt}\n\nThe function is called `{row['entry_point']}`.\n\n```python\n{shown}\n```\n"


def _with_mended_examples(prompt: str, shown: Sequence[Mapping[str, Any]]) -> str:
    """
    Put what the recordings expect of a call in the place of another value that the prompt asserts of it.

    Two of the 164 HumanEval prompts show values that their own hidden tests refute (HumanEval/47 and 116).
    """
    expected = {_plain(item["call"]): _plain(item["expected"]) for item in shown if item.get("call")}
    for example in sorted(analyse(prompt).examples, key=lambda one: one.span.start, reverse=True):
        stated = repr(example.expected)
        meant = expected.get(_plain(example.call), stated)
        if example.raises is None and meant != stated:
            start, end = example.span.start, example.span.end
            before, _, behind = prompt[start:end].rpartition(stated)
            prompt = prompt[:start] + before + meant + behind + prompt[end:]
    return prompt


def _plain(expression: str) -> str:
    """Return an expression as Python writes it, a literal as its value is written."""
    try:
        return repr(ast.literal_eval(expression))
    except ValueError:
        return ast.unparse(ast.parse(expression, mode="eval"))


def passes_hidden(problem: Problem, module: str) -> dict[str, bool]:
    """
    Return, by label, whether *module* passes the hidden tests in the sandbox, where the same tests fail on a canary.

    Passing "plus" takes passing "base".

    :raises SandboxUnavailable: this machine cannot isolate what nobody trusts.
    """
    canary = module + CANARY.format(entry=problem.entry)
    found: dict[str, bool] = {}
    for label, suite in sorted(problem.hidden.items()):
        may_pass = all(found.values())
        found[label] = may_pass and _ends(problem, module, suite) and not _ends(problem, canary, suite)
    return found


def _ends(problem: Problem, module: str, suite: str) -> bool:
    token = secrets.token_hex(16)
    check = f"\ncheck({problem.entry})" if "def check(" in suite else ""
    program = f"{module}\n\n{suite}\n{check}\nprint('{token}')"
    run = CommandRun(("python", "main.py"), files={"main.py": program.encode()}, limits=SUITE_LIMITS)
    result = sandbox_run(run)
    return result.status == "exit" and result.returncode == 0 and result.stdout.endswith(f"{token}\n")
