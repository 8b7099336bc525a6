"""Anti-patterns that are a call of the wrong thing, or of the right thing without what makes it safe."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from apps.knowledge.engine.antipatterns.model import AntiPattern, Module, is_constant, is_open_ended, keyword_of

_HTTP = {f"requests.{verb}" for verb in ("get", "post", "put", "patch", "delete", "head", "options", "request")}
_URLOPEN = "urllib.request.urlopen"
_UNSAFE_LOADS = {"pickle.load", "pickle.loads", "marshal.load", "marshal.loads", "shelve.open", "yaml.unsafe_load"}
_SAFE_YAML = ("SafeLoader", "CSafeLoader", "BaseLoader")
_BLOCKING = _HTTP | {_URLOPEN, "time.sleep", "subprocess.run", "subprocess.check_output", "subprocess.check_call"}
_QUERIES = {"execute", "executemany", "executescript", "raw"}
_NAIVE = {"datetime.datetime.utcnow", "datetime.datetime.utcfromtimestamp", "datetime.datetime.today"}
_ZONED = {"datetime.datetime.now": 0, "datetime.datetime.fromtimestamp": 1}


def _shell(module: Module) -> Iterator[ast.AST]:
    for call, name in module.calls():
        is_shell = name.startswith("subprocess.") and is_constant(keyword_of(call, "shell"), True)
        if is_shell or name in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"):
            yield call


def _evaluated(module: Module) -> Iterator[ast.AST]:
    return (call for call, name in module.calls() if name in ("eval", "exec", "builtins.eval", "builtins.exec"))


def _deserialised(module: Module) -> Iterator[ast.AST]:
    for call, name in module.calls():
        if name in _UNSAFE_LOADS:
            yield call
        elif name in ("yaml.load", "yaml.load_all"):
            loader = keyword_of(call, "Loader") or (call.args[1] if len(call.args) > 1 else None)
            if loader is None or not module.name_of(loader).endswith(_SAFE_YAML):
                yield call


def _without_timeout(module: Module) -> Iterator[ast.AST]:
    for call, name in module.calls():
        if is_open_ended(call):
            continue
        is_unbounded = name in _HTTP and _is_absent(keyword_of(call, "timeout"))
        if is_unbounded or (name == _URLOPEN and len(call.args) < 3 and _is_absent(keyword_of(call, "timeout"))):
            yield call


def _is_absent(value: ast.expr | None) -> bool:
    return value is None or is_constant(value, None)


def _unverified(module: Module) -> Iterator[ast.AST]:
    for call, name in module.calls():
        is_client = name.partition(".")[0] in ("requests", "httpx")
        if name == "ssl._create_unverified_context" or (is_client and is_constant(keyword_of(call, "verify"), False)):
            yield call


def _without_encoding(module: Module) -> Iterator[ast.AST]:
    for call, name in module.calls():
        if is_open_ended(call) or keyword_of(call, "encoding") is not None:
            continue
        if name in ("open", "io.open"):
            mode = keyword_of(call, "mode") or (call.args[1] if len(call.args) > 1 else None)
            if len(call.args) < 4 and (mode is None or _is_text_mode(mode)):
                yield call
        elif isinstance(call.func, ast.Attribute) and _is_path(module, call.func.value):
            places = {"read_text": 1, "write_text": 2}.get(call.func.attr)
            if places is not None and len(call.args) < places:
                yield call


def _is_text_mode(mode: ast.expr) -> bool:
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "b" not in mode.value


def _is_path(module: Module, node: ast.expr) -> bool:
    """Only what is plainly a path: ``Path(…)``, and what is below it by ``/``."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        node = node.left
    return isinstance(node, ast.Call) and module.name_of(node.func) == "pathlib.Path"


def _naive(module: Module) -> Iterator[ast.AST]:
    for call, name in module.calls():
        if name in _NAIVE:
            yield call
        elif name in _ZONED and not is_open_ended(call):
            zone = keyword_of(call, "tz") or (call.args[_ZONED[name]] if len(call.args) > _ZONED[name] else None)
            if _is_absent(zone):
                yield call


def _sql(module: Module) -> Iterator[ast.AST]:
    for call, _ in module.calls():
        is_query = isinstance(call.func, ast.Attribute) and call.func.attr in _QUERIES
        if is_query and call.args and _is_put_together(call.args[0]):
            yield call


def _is_put_together(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.FormattedValue) for value in values)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_text(left)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            # Two literals side by side are one literal; a literal and a value are not.
            return (_is_text(left) or _is_text(right)) and not (_is_text(left) and _is_text(right))
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return _is_text(value)
    return False


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _weak_hash(module: Module) -> Iterator[ast.AST]:
    for call, name in module.calls():
        is_weak = name in ("hashlib.md5", "hashlib.sha1")
        if name == "hashlib.new" and call.args and isinstance(call.args[0], ast.Constant):
            is_weak = call.args[0].value in ("md5", "sha1")
        if is_weak and not is_open_ended(call) and not is_constant(keyword_of(call, "usedforsecurity"), False):
            yield call


def _predictable_path(module: Module) -> Iterator[ast.AST]:
    return (call for call, name in module.calls() if name == "tempfile.mktemp")


def _blocking(module: Module) -> Iterator[ast.AST]:
    for function in module.nodes:
        if isinstance(function, ast.AsyncFunctionDef):
            waiting: list[ast.AST] = list(function.body)
            while waiting:
                node = waiting.pop()
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                    continue
                if isinstance(node, ast.Call) and module.name_of(node.func) in _BLOCKING:
                    yield node
                waiting += ast.iter_child_nodes(node)


CALLS = (
    AntiPattern(
        slug="shell-command",
        name="command through a shell",
        harm="A file name with a semicolon in it becomes a command of its own.",
        looks_for="os.system, os.popen, and calls of subprocess with shell=True.",
        fix="Pass the program and its arguments as a list.",
        severity="high",
        trips='import subprocess\n\nsubprocess.run(f"wc -l {name}", shell=True)\n',
        instead='import subprocess\n\nsubprocess.run(["wc", "-l", "--", name], check=True)\n',
        rule=_shell,
    ),
    AntiPattern(
        slug="evaluated-text",
        name="text run as code",
        harm="Whoever writes the text does what the program may do.",
        looks_for="Calls of eval and exec.",
        fix="Read data with ast.literal_eval or json; choose behaviour from a dictionary.",
        severity="high",
        trips="value = eval(text)\n",
        instead="import ast\n\nvalue = ast.literal_eval(text)\n",
        rule=_evaluated,
    ),
    AntiPattern(
        slug="unsafe-loading",
        name="objects loaded from a text",
        harm="pickle, marshal and YAML's own tags can run anything while they are read.",
        looks_for="pickle.load(s), marshal.load(s), shelve.open, and yaml.load without a safe loader.",
        fix="Use json, or yaml.safe_load.",
        severity="high",
        trips="import yaml\n\nsettings = yaml.load(text)\n",
        instead="import yaml\n\nsettings = yaml.safe_load(text)\n",
        rule=_deserialised,
    ),
    AntiPattern(
        slug="request-without-timeout",
        name="request without a timeout",
        harm="A server that never answers holds this process for ever.",
        looks_for="Calls of requests and of urlopen without timeout, or with None.",
        fix="Say how long an answer may take.",
        severity="medium",
        trips='import requests\n\nanswer = requests.get("https://example.org")\n',
        instead='import requests\n\nanswer = requests.get("https://example.org", timeout=10)\n',
        rule=_without_timeout,
    ),
    AntiPattern(
        slug="unverified-tls",
        name="certificate not verified",
        harm="Anybody between the two can read and change what is said.",
        looks_for="verify=False for requests or httpx, and ssl's unverified context.",
        fix="Trust the authority that signed it: verify takes an SSL context, or the path of a certificate.",
        severity="high",
        trips="import httpx\n\nanswer = httpx.get(url, verify=False)\n",
        instead="import httpx\n\nanswer = httpx.get(url, verify=authority)\n",
        rule=_unverified,
    ),
    AntiPattern(
        slug="text-without-encoding",
        name="text file without an encoding",
        harm="What is read depends on the settings of the machine, and breaks on the next one.",
        looks_for="open in a text mode, and read_text and write_text of a Path(…), without encoding.",
        fix='Say encoding="utf-8".',
        severity="low",
        trips="with open(name) as file:\n    text = file.read()\n",
        instead='with open(name, encoding="utf-8") as file:\n    text = file.read()\n',
        rule=_without_encoding,
    ),
    AntiPattern(
        slug="naive-datetime",
        name="time without a zone",
        harm="It means another instant on another machine, and cannot be compared with one that has a zone.",
        looks_for="datetime.now() and fromtimestamp() without a zone; utcnow(), utcfromtimestamp() and today().",
        fix="Ask for datetime.now(UTC).",
        severity="medium",
        trips="from datetime import datetime\n\nbegun_at = datetime.now()\n",
        instead="from datetime import UTC, datetime\n\nbegun_at = datetime.now(UTC)\n",
        rule=_naive,
    ),
    AntiPattern(
        slug="assembled-sql",
        name="SQL put together from values",
        harm="A value with a quotation mark in it becomes part of the statement.",
        looks_for="execute, executemany, executescript and raw with an f-string, +, % or format.",
        fix="Leave a placeholder and pass the values beside the statement.",
        severity="high",
        trips="cursor.execute(f\"SELECT id FROM users WHERE name = '{name}'\")\n",
        instead='cursor.execute("SELECT id FROM users WHERE name = %s", [name])\n',
        rule=_sql,
    ),
    AntiPattern(
        slug="weak-hash",
        name="broken hash function",
        harm="Two texts with the same MD5 or SHA-1 can be made on purpose.",
        looks_for="hashlib.md5 and hashlib.sha1 without usedforsecurity=False.",
        fix="Use sha256; for passwords scrypt or argon2.",
        severity="medium",
        trips="import hashlib\n\nkey = hashlib.md5(content).hexdigest()\n",
        instead="import hashlib\n\nkey = hashlib.sha256(content).hexdigest()\n",
        rule=_weak_hash,
    ),
    AntiPattern(
        slug="guessable-temporary-file",
        name="temporary file by name",
        harm="Somebody else can put a file of that name there before you do.",
        looks_for="Calls of tempfile.mktemp.",
        fix="Let NamedTemporaryFile or mkstemp make the file, too.",
        severity="medium",
        trips="import tempfile\n\npath = tempfile.mktemp()\n",
        instead="import tempfile\n\ndescriptor, path = tempfile.mkstemp()\n",
        rule=_predictable_path,
    ),
    AntiPattern(
        slug="blocking-in-async",
        name="waiting that stops every task",
        harm="While this call waits, nothing else in the event loop goes on.",
        looks_for="time.sleep, requests, urlopen and subprocess.run inside of an async function.",
        fix="Await asyncio.sleep, an async client, or asyncio.to_thread.",
        severity="medium",
        trips="import time\n\n\nasync def poll():\n    time.sleep(1)\n",
        instead="import asyncio\n\n\nasync def poll():\n    await asyncio.sleep(1)\n",
        rule=_blocking,
    ),
)
