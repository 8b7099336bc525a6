"""
Types of TypeScript by the compiler of this machine, ``tsc --noEmit --strict``, inside the sandbox.

The compiler is brought into the run with its own declarations; nothing of the machine is seen. Imports that lead out of
the repository count as anything, as no package is installed.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from apps.checks.types import CheckResult, Finding, JavaScriptSource, Status, plain_text
from apps.sandbox.services import COMMAND_LIMITS, CommandRun, Result, SpecInvalid, sandbox_run

TOOL = "tsc"
PACKAGE = "typescript"
NATIVE = 7  # from there on the compiler is a program of its own and not one for node
LIMITS = replace(COMMAND_LIMITS, memory_mb=4096)
REMEDY = f"Install one beside the platform: npm install --global --prefix {{prefix}} {PACKAGE}@5.9.3"
SHIMS = """declare module "*";
declare var process: any, Buffer: any, require: any, module: any, exports: any, global: any;
declare var __dirname: string, __filename: string, setImmediate: any, clearImmediate: any;
"""
OPTIONS = {
    "noEmit": True, "strict": True, "pretty": False, "skipLibCheck": True, "types": [], "allowJs": True,
    "checkJs": False, "target": "es2023", "lib": ["es2023", "dom", "dom.iterable"], "module": "esnext",
    "moduleResolution": "bundler", "moduleDetection": "force", "allowImportingTsExtensions": True,
    "resolveJsonModule": True, "esModuleInterop": True,
}  # fmt: skip
_DIAGNOSTIC = re.compile(r"^(c\d+)/(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$")
_GLOBAL = re.compile(r"^error (TS\d+): (.*)$")
# Comments by which a text would switch the compiler off; one letter is changed, so that places stay the same.
_SILENCED = re.compile(r"@ts-(?=ignore|nocheck|expect-error)")


@dataclass(frozen=True)
class Compiler:
    """A package of TypeScript: its folder of programs and declarations, and its version."""

    folder: Path
    version: str


def check(sources: Mapping[str, JavaScriptSource]) -> dict[str, CheckResult]:
    """
    Return what the compiler says of each text, which :func:`strip_types` could read, all in one run.

    Where there is no compiler the results say ``not_checked`` and why, which is no pass.

    :raises SandboxUnavailable: this machine cannot isolate untrusted code.
    """
    compiler, problem = compiler_found()
    if compiler is None:
        return {name: CheckResult(TOOL, "", "not_checked", (), 0.0, problem) for name in sources}
    if not sources:
        return {}
    started = time.monotonic()
    folders = {f"c{number}": name for number, name in enumerate(sources)}
    roots = [f"{folder}/{sources[name].path}" for folder, name in folders.items()]
    try:
        result = sandbox_run(_command(compiler, roots, {f: sources[name] for f, name in folders.items()}))
    except SpecInvalid as error:
        return {name: CheckResult(TOOL, compiler.version, "error", (), 0.0, str(error)) for name in sources}
    seconds = round((time.monotonic() - started) / len(sources), 3)
    problem = _problem(result)
    found = {} if problem else _findings(result.stdout, folders, sources)
    results = {}
    for name in sources:
        findings = tuple(found.get(name, ()))
        status: Status = "error" if problem else "failed" if findings else "passed"
        results[name] = CheckResult(TOOL, compiler.version, status, findings, seconds, plain_text(problem))
    return results


def compiler_found() -> tuple[Compiler | None, str]:
    """Return the compiler of this machine, or why there is none that can be run, with what to do."""
    remedy = REMEDY.format(prefix=sys.prefix)
    on_path = shutil.which("tsc")
    folders = [Path(sys.prefix, "lib/node_modules", PACKAGE), *(Path(on_path).resolve().parents[:2] if on_path else ())]
    for folder in folders:
        version = _version(folder)
        if not version:
            continue
        if int(version.split(".")[0]) >= NATIVE:
            return None, f"Not measured: TypeScript {version} is no program for node, which the sandbox runs. {remedy}"
        return Compiler(folder / "lib", version), ""
    return None, f"Not measured: there is no TypeScript compiler on this machine. {remedy}"


@lru_cache(maxsize=8)
def _version(folder: Path) -> str:
    try:
        said = json.loads((folder / "package.json").read_text())
    except (OSError, ValueError):
        return ""
    version = str(said.get("version", "")) if isinstance(said, dict) and said.get("name") == PACKAGE else ""
    return version if re.fullmatch(r"\d+\.\d+\.\d+\S*", version) else ""


@lru_cache(maxsize=2)
def _program(folder: Path) -> Mapping[str, bytes]:
    """Return the compiler and the declarations of the language, as they stand in the run."""
    program = next(one for one in (folder / "_tsc.js", folder / "tsc.js") if one.is_file())
    declarations = [one for one in folder.glob("lib.*.d.ts") if "webworker" not in one.name and "full" not in one.name]
    return {"tsc/tsc.js": program.read_bytes(), **{f"tsc/{one.name}": one.read_bytes() for one in declarations}}


def _command(compiler: Compiler, roots: Sequence[str], sources: Mapping[str, JavaScriptSource]) -> CommandRun:
    files = {
        "shims.d.ts": SHIMS,
        "tsconfig.json": json.dumps({"compilerOptions": OPTIONS, "files": ["shims.d.ts", *roots]}),
    }
    for folder, one in sources.items():
        texts = {**one.neighbours, one.path: one.text}
        files |= {f"{folder}/{path}": _SILENCED.sub("@ts_", text) for path, text in texts.items()}
    return CommandRun(
        ("node", "--no-warnings", "--max-old-space-size=1024", "tsc/tsc.js", "-p", "tsconfig.json"),
        files={**_program(compiler.folder), **{path: text.encode(errors="replace") for path, text in files.items()}},
        limits=LIMITS,
    )


def _problem(result: Result) -> str:
    if result.status != "exit":
        return f"The compiler did not end as it should: {result.status}."
    told = next((hit for line in result.stdout.splitlines() if (hit := _GLOBAL.match(line))), None)
    if told is not None:
        return f"The compiler could not look: {told[2]}"
    return (
        "" if result.returncode in (0, 1, 2) else f"The compiler ended with {result.returncode}: {result.stderr[-200:]}"
    )


def _findings(
    said: str, folders: Mapping[str, str], sources: Mapping[str, JavaScriptSource]
) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for line in said.splitlines():
        hit = _DIAGNOSTIC.match(line)
        name = folders.get(hit[1]) if hit is not None else None
        if hit is not None and name is not None and hit[2] == sources[name].path:
            finding = Finding(hit[5], plain_text(hit[6]), name, int(hit[3]), int(hit[4]), "medium")
            found.setdefault(name, []).append(finding)
    return found
