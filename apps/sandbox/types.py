"""What can be run, and what comes back. Plain data: importable without Django."""

from __future__ import annotations

import enum
import keyword
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from apps.sandbox.errors import SpecInvalid

Status = Literal["exit", "timeout", "signal", "oom", "output_limit", "infra"]
Trust = Literal["values", "output", "in_process"]
# All have namespaces, a read-only root, a system call filter and limits; "full" has Landlock as well.
Tier = Literal["full", "without_landlock"]

MAX_CODE = 4 << 20
MAX_STDIN = 16 << 20
MAX_CALLS = 10_000
MAX_FILES = 20_000
MAX_FOLDERS = 64
JAVASCRIPT_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "wall_s": (0.05, 3600),
    "cpu_s": (1, 3600),
    "memory_mb": (64, 16384),
    "processes": (4, 1024),
    "files": (16, 4096),
    "file_mb": (1, 4096),
    "disk_mb": (1, 4096),
    "inodes": (16, 1_000_000),
    "output_kb": (1, 65536),
}


class Missing(enum.Enum):
    """The type of ``MISSING``, which stands where there is no value (None is one)."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bounds of one run. Output counts each stream. Memory bounds the address space of each process, and what all
    processes of a command hold together.

    :raises SpecInvalid: a limit is no number or out of its range.
    """

    wall_s: float = 5.0
    cpu_s: int = 5
    memory_mb: int = 512
    processes: int = 32
    files: int = 64
    file_mb: int = 16
    disk_mb: int = 32
    inodes: int = 2048
    output_kb: int = 1024

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            allowed: tuple[type, ...] = (int, float) if limit.name == "wall_s" else (int,)
            low, high = BOUNDS[limit.name]
            if type(value) not in allowed or not low <= value <= high:
                raise SpecInvalid(
                    f"The limit {limit.name} is {reprlib.repr(value)}.",
                    remedy=f"It is a number from {low:g} to {high:g}.",
                )


COMMAND_LIMITS: Final = Limits(
    wall_s=120.0, cpu_s=120, memory_mb=2048, processes=128, files=256, file_mb=64, disk_mb=256, inodes=32768
)


@dataclass(frozen=True, slots=True)
class Call:
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunctionRun:
    """
    Load ``setup`` and then ``code`` in one module and call ``entry`` once for each of ``calls``.

    The values come back; judging them is the caller's business.

    :raises SpecInvalid: a part is missing, of a wrong type or too large.
    """

    code: str
    entry: str
    calls: tuple[Call, ...]
    limits: Limits = field(default_factory=Limits)
    setup: str = ""

    def __post_init__(self) -> None:
        check_code(self.code)
        check_code(self.setup)
        if not isinstance(self.entry, str) or not self.entry.isidentifier() or keyword.iskeyword(self.entry):
            raise SpecInvalid(f"{reprlib.repr(self.entry)} is not the name of a function.")
        if len(self.calls) > MAX_CALLS:
            raise SpecInvalid(f"{len(self.calls)} calls are too many.", remedy=f"Use at most {MAX_CALLS} for one run.")


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """
    Run ``code`` as ``__main__``.

    :raises SpecInvalid: a part is of a wrong type or too large.
    """

    code: str
    stdin: str = ""
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        check_code(self.code)
        if not isinstance(self.stdin, str) or len(self.stdin) > MAX_STDIN:
            raise SpecInvalid(f"Standard input is not a text of at most {MAX_STDIN >> 20} MB.")


@dataclass(frozen=True, slots=True)
class CommandRun:
    """
    Run ``argv`` in a scratch directory that holds ``files``, and bring back the files named in ``collect``.

    ``python`` is the runtime's interpreter, with pytest, coverage and hypothesis importable. What a command says of
    itself is said by code nobody trusts: the result is marked ``in_process`` and never ranks a candidate alone. With
    ``loopback`` it may use sockets, between its own processes: it has a network of its own, in which nobody else is.

    :raises SpecInvalid: the arguments, a file name or a size cannot be meant.
    """

    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    collect: tuple[str, ...] = ()
    limits: Limits = COMMAND_LIMITS
    env: Mapping[str, str] = field(default_factory=dict)
    loopback: bool = False

    def __post_init__(self) -> None:
        if not self.argv or not all(isinstance(part, str) and "\0" not in part for part in self.argv):
            raise SpecInvalid("A command needs a program and arguments that are text.")
        for name in (*self.files, *self.collect):
            check_file_name(name)
        if len(self.files) > min(MAX_FILES, self.limits.inodes):
            raise SpecInvalid(f"{len(self.files)} files are more than the limit allows.")
        size = sum(len(content) for content in self.files.values())
        if size > self.limits.disk_mb << 20:
            raise SpecInvalid(f"The files hold {size >> 20} MB, more than the disk limit of {self.limits.disk_mb} MB.")
        for name, value in self.env.items():
            if not name or "=" in name or "\0" in name + value:
                raise SpecInvalid(f"{name!r} cannot be an environment variable.")


@dataclass(frozen=True, slots=True)
class NodeModule:
    """A file of JavaScript: an ES module, CommonJS, or JSON."""

    source: str
    kind: Literal["module", "commonjs", "json"] = "module"


@dataclass(frozen=True, slots=True)
class NodeRun:
    """
    Call what the module at ``path`` exports as ``entry``, once for each of ``calls``, each in a fresh world.

    A call is its arguments, or a text of statements whose last expression is the value. ``modules`` are the file and
    those of its neighbours that it may import, by path. Memory bounds what the run holds, ``call_ms`` each call.

    :raises SpecInvalid: a part is missing, of a wrong type or too large.
    """

    modules: Mapping[str, NodeModule]
    path: str
    entry: str
    calls: tuple[Call | str, ...]
    limits: Limits = field(default_factory=Limits)
    call_ms: int = 1000

    def __post_init__(self) -> None:
        for name, module in self.modules.items():
            check_file_name(name)
            check_code(module.source)
        if sum(len(module.source) for module in self.modules.values()) > MAX_CODE:
            raise SpecInvalid("The modules together are too long.", remedy=f"At most {MAX_CODE >> 20} MB can be run.")
        if self.path not in self.modules:
            raise SpecInvalid(f"{reprlib.repr(self.path)} is not among the modules.")
        if not isinstance(self.entry, str) or not JAVASCRIPT_NAME.fullmatch(self.entry):
            raise SpecInvalid(f"{reprlib.repr(self.entry)} is not the name of a function.")
        if len(self.calls) > MAX_CALLS:
            raise SpecInvalid(f"{len(self.calls)} calls are too many.", remedy=f"Use at most {MAX_CALLS} for one run.")


Spec = FunctionRun | ScriptRun | CommandRun | NodeRun


@dataclass(frozen=True, slots=True)
class Value:
    """
    What one call gave: ``ok`` or ``error`` ("TypeName: text").

    ``bases`` are the names of the types that the error is a kind of, nearest first, as the code itself says.
    ``mutated`` holds the arguments after the call when the call changed them (keyword arguments as a last dict).
    ``timed_out``: the call itself was ended for its time, and others went on.
    """

    ok: Any = MISSING
    error: str | None = None
    bases: tuple[str, ...] = ()
    mutated: tuple[Any, ...] | None = None
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """
    What happened. Times are measured outside.

    With status ``infra`` the run could not be carried out: ``refused`` says what in the code prevents it (it does not
    compile, the function is missing) and is empty when the sandbox failed, in which case the run may be repeated.
    """

    status: Status
    returncode: int | None
    values: tuple[Value, ...] = ()
    stdout: str = ""
    stderr: str = ""
    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    peak_memory_kb: int = 0
    trust: Trust = "output"
    tier: Tier = "full"
    files: Mapping[str, bytes] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What this machine offers; ``missing`` and ``remedy`` are for people."""

    available: bool
    missing: tuple[str, ...] = ()
    remedy: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def notice(self) -> str:
        """What cannot be run here although the sandbox holds; empty where everything can."""
        said = str(self.details.get("javascript", ""))
        return said if self.available and not said.startswith("node ") else ""

    @property
    def warning(self) -> str:
        """What to tell whoever starts a process that would run code; empty where it can."""
        return "" if self.available else f"Nothing untrusted can be run here: {'; '.join(self.missing)}. {self.remedy}"


def check_code(code: object) -> None:
    if not isinstance(code, str):
        raise SpecInvalid("The code is not text.")
    if len(code) > MAX_CODE:
        raise SpecInvalid(f"The code is {len(code) >> 20} MB long.", remedy=f"At most {MAX_CODE >> 20} MB can be run.")


def check_file_name(name: object) -> None:
    parts = name.split("/") if isinstance(name, str) else [""]
    if len(parts) > MAX_FOLDERS or not all(_is_file_name(part) for part in parts):
        raise SpecInvalid(f"{name!r} is not the name of a file below the scratch directory.")


def _is_file_name(part: str) -> bool:
    try:
        size = len(part.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size < 256 and part not in (".", "..") and "\0" not in part
