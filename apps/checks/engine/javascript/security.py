"""
Insecure code in JavaScript, found on its syntax tree; nothing is run.

The rules follow those of eslint-plugin-security and of CodeQL's queries for JavaScript in what they look for, and name
the weakness (CWE). There is no tracking of data: a rule sees where something stands, not where a value comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from apps.checks.engine.javascript.program import (
    Program,
    arguments_of,
    callee_of,
    function_around,
    string_of,
)
from apps.checks.engine.javascript.regexes import is_catastrophic
from apps.checks.types import Finding, Severity
from apps.core.javascript import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_REGEXES = 200
_RUNS_TEXT = {"eval", "Function", "execScript", "globalThis.eval", "window.eval", "globalThis.Function"}
_VM = re.compile(r"vm\.(?:runIn\w+|compileFunction|Script|SourceTextModule)")
_TIMERS = {"setTimeout", "setInterval", "setImmediate"}
_SHELL = {"child_process.exec", "child_process.execSync"}
_PROCESS = {"child_process.spawn", "child_process.spawnSync", "child_process.execFile", "child_process.execFileSync",
            "child_process.fork"}  # fmt: skip
_FILE = re.compile(
    r"fs\.(?:promises\.)?(?:read|write|append|open|copy|rename|rm|unlink|mkdir|chmod|chown|truncate|symlink|link|create"
    r"|cp|access|stat|lstat|opendir|exists|utimes|watch)\w*$"
)
_OUTSIDE = re.compile(r"^(?:/|~|[A-Za-z]:[\\/]|file:|(?:.*[\\/])?\.\.(?:[\\/]|$))")
_NETWORK = re.compile(r"^(?:http|https|http2|net|tls|dgram|dns|inspector|cluster|worker_threads)$")
_MARKUP = {"innerHTML", "outerHTML", "srcdoc"}
_WRITES_MARKUP = re.compile(r"(?:^document|\.document)\.write(?:ln)?$")
_BUILTINS = re.compile(
    r"^(?:Object|Array|String|Number|Boolean|Function|Promise|Map|Set|Date|RegExp|Error|Symbol)\.prototype(?:\.|$)"
)
_SECRET = re.compile(
    r"pass(?:word|wd|phrase)|secret|api_?key|private_?key|auth_?token|access_?token|(?:^|_)token$", re.I
)
_RANDOM = re.compile(r"token|secret|password|passwd|salt|nonce|session|csrf|otp|(?:^|_)key$|Key$|uuid|apikey", re.I)
_WEAK_HASHES = {"md4", "md5", "sha1", "ripemd160"}
_WEAK_CIPHERS = re.compile(r"^(?:des|rc4|rc2|bf|.*-ecb$)", re.I)
_QUERY = re.compile(r"^(?:query|execute|raw|\$queryRawUnsafe|\$executeRawUnsafe|all|get|run|prepare|exec)$")
_SQL = re.compile(
    r"^\W*(?:select\s.*\sfrom|insert\s+into|update\s.*\sset|delete\s+from|drop\s|alter\s|create\s)", re.I | re.S
)
_GUARD = re.compile(r"__proto__|Object\.create\(null\)|new Map\b")
_NAMES_OF_OBJECT = re.compile(r"(?:Object|Reflect)\.(?:keys|entries|ownKeys|getOwnPropertyNames)\(")


def security_findings(program: Program) -> list[Finding]:
    """Return what is insecure in a program, by line; each rule names its weakness."""
    return program.findings(_RULES)


def _calls(program: Program) -> Iterator[tuple[Node, str, list[Node]]]:
    for node in program.of("call_expression", "new_expression"):
        origin = program.origin(callee_of(node))
        yield node, origin, arguments_of(node)


def _code_from_text(program: Program) -> Iterator[Finding]:
    for node, origin, given in _calls(program):
        first = given[0] if given else None
        if origin in _RUNS_TEXT:
            said = f"{origin} runs a text as code: whoever decides on the text decides what happens (CWE-95)."
            yield program.finding("code-from-text", said, node, "high")
        elif _VM.fullmatch(origin):
            said = f"{origin} runs a text as code, and a vm context is no wall (CWE-95)."
            yield program.finding("code-from-text", said, node, "high")
        elif origin in _TIMERS and first is not None and first.type in ("string", "template_string"):
            yield program.finding(
                "code-from-text", f"{origin} runs a text as code (CWE-95). Pass a function.", node, "high"
            )
    for node in program.of("call_expression"):
        function, given = node.child_by_field_name("function"), arguments_of(node)
        if function is None or not given:
            continue
        is_load = function.type == "import" or (
            text_of(function) == "require" and program.scopes.binding(function) is None
        )
        if is_load and not program.is_constant(given[0]):
            said = "The module that is loaded is computed, so code from anywhere may be run (CWE-829)."
            yield program.finding("computed-import", said, node, "medium")
        member = function.child_by_field_name("property") if function.type == "member_expression" else None
        if member is not None and text_of(member) == "constructor" and any(one.type == "string" for one in given):
            yield program.finding(
                "code-from-text", "A constructor is called with a text as code (CWE-95).", node, "high"
            )


def _processes(program: Program) -> Iterator[Finding]:
    for node, origin, given in _calls(program):
        if origin in _SHELL:
            fixed = bool(given) and program.is_constant(given[0])
            said = (
                "The command is a fixed text."
                if fixed
                else "The command is put together: what is in it is run by a shell."
            )
            yield program.finding(
                "shell", f"{origin} starts a shell (CWE-78). {said}", node, "medium" if fixed else "high"
            )
        elif origin in _PROCESS:
            is_shell = any(
                re.search(r"\bshell\s*:\s*(?!false\b)", text_of(one)) for one in given if one.type == "object"
            )
            severity: Severity = "high" if is_shell else "medium"
            through = "a process through a shell" if is_shell else "a process"
            yield program.finding("process", f"{origin} starts {through} (CWE-78).", node, severity)


def _files(program: Program) -> Iterator[Finding]:
    for node, origin, given in _calls(program):
        if not _FILE.match(origin.replace("fs-extra", "fs")) or not given:
            continue
        path = string_of(given[0])
        if path is not None and _OUTSIDE.match(path):
            said = f"{origin} reaches outside of the working folder: {path[:80]} (CWE-22)."
            yield program.finding("file-outside", said, node, "medium")
        elif path is None and not program.is_constant(given[0]) and not _is_number(given[0]):
            said = f"{origin} takes a path that is computed, so it may lead anywhere (CWE-22)."
            yield program.finding("file-path", said, node, "medium")


def _is_number(node: Node) -> bool:
    return node.type == "number"


def _network(program: Program) -> Iterator[Finding]:
    for node in program.of("import_statement", "call_expression"):
        source = node.child_by_field_name("source")
        name = (string_of(source) or "").removeprefix("node:")
        if node.type == "call_expression":
            name = program.origin(node)
        if name == "child_process":
            yield program.finding("process-module", "It imports child_process, which starts processes.", node, "low")
        elif _NETWORK.match(name):
            yield program.finding(
                "network-module", f"It imports {name}, which reaches out of the process.", node, "low"
            )


def _prototypes(program: Program) -> Iterator[Finding]:
    for node in program.of("assignment_expression", "augmented_assignment_expression"):
        left = node.child_by_field_name("left")
        if left is None or left.type not in ("member_expression", "subscript_expression"):
            continue
        written = text_of(left)
        if re.search(r"__proto__|constructor\s*(?:\.|\[['\"])\s*prototype", written):
            said = "It writes to the prototype of an object, which all objects of its kind then share (CWE-1321)."
            yield program.finding("prototype-pollution", said, node, "high")
        elif _BUILTINS.match(program.origin(left)):
            said = f"It changes {program.origin(left)} for the whole process (CWE-1321)."
            yield program.finding("builtin-prototype", said, node, "medium")
        elif left.type == "subscript_expression":
            severity = _pollution(program, left)
            if severity is not None:
                said = (
                    "It sets a member deep in an object by a name that is not known, and __proto__ may be such a name "
                    "(CWE-1321). Leave out __proto__, constructor and prototype, or use a Map."
                )
                yield program.finding("prototype-pollution", said, node, severity)


def _pollution(program: Program, left: Node) -> Severity | None:
    """
    Return how bad it is that *left* is set, None where it cannot reach a prototype that others share.

    A flat copy cannot: ``copy["__proto__"] = x`` changes that one object. A merge that calls itself, and a walk down a
    path of names, can; where nothing says that the names come from a path or an object it is a remark.
    """
    index, around = left.child_by_field_name("index"), function_around(left)
    if index is None or index.type != "identifier" or around is None or _GUARD.search(text_of(around)):
        return None
    if _names_an_object(program, index) and _calls_itself(around):
        return "medium"
    if re.search(rf"\b(\w+)\s*=\s*\1\s*\[\s*{re.escape(text_of(index))}\s*\]", text_of(around)):
        return "medium" if ".split(" in text_of(around) else "low"
    return None


def _calls_itself(function: Node | None) -> bool:
    """Whether a function, or one around it, calls itself."""
    while function is not None:
        name, body = function.child_by_field_name("name"), function.child_by_field_name("body")
        if name is None and function.parent is not None:
            name = function.parent.child_by_field_name("name")
        if name is not None and body is not None and re.search(rf"\b{re.escape(text_of(name))}\s*\(", text_of(body)):
            return True
        function = function_around(function)
    return False


def _names_an_object(program: Program, index: Node) -> bool:
    """Whether a loop or a callback goes through the names of an object with *index*."""
    binding = program.scopes.binding(index)
    at = binding.node.parent if binding is not None else None
    while at is not None and at.type in ("array_pattern", "formal_parameters", "arrow_function"):
        at = at.parent
    if at is None:
        return False
    if at.type == "for_in_statement":
        operator = at.child_by_field_name("operator")
        return (operator is not None and operator.type == "in") or _NAMES_OF_OBJECT.search(text_of(at)) is not None
    return at.type == "arguments" and at.parent is not None and _NAMES_OF_OBJECT.search(text_of(at.parent)) is not None


def _regexes(program: Program) -> Iterator[Finding]:
    for node in islice(program.of("regex"), MOST_REGEXES):
        pattern, flags = node.child_by_field_name("pattern"), node.child_by_field_name("flags")
        if pattern is not None and is_catastrophic(text_of(pattern), text_of(flags) if flags is not None else ""):
            yield _catastrophe(program, node)
    for node, origin, given in _calls(program):
        if origin not in ("RegExp", "globalThis.RegExp") or not given:
            continue
        pattern_text = string_of(given[0])
        if pattern_text is not None and is_catastrophic(pattern_text.replace("\\\\", "\\")):
            yield _catastrophe(program, node)
        elif not program.is_constant(given[0]) and given[0].type != "regex":
            said = "The regular expression is computed: it may match what it should not, or never end (CWE-1333)."
            yield program.finding("computed-regex", said, node, "medium")


def _catastrophe(program: Program, node: Node) -> Finding:
    said = "This regular expression takes time that doubles with each further character of some texts (CWE-1333)."
    return program.finding("regex-catastrophe", said, node, "high")


def _markup(program: Program) -> Iterator[Finding]:
    for node in program.of("assignment_expression", "augmented_assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        is_markup = left is not None and left.type == "member_expression" and program.member(left) in _MARKUP
        if is_markup and left is not None and not program.is_constant(right):
            said = f"A computed text becomes markup by {program.member(left)} (CWE-79). Use textContent."
            yield program.finding("markup", said, node, "high")
    for node, origin, given in _calls(program):
        callee = callee_of(node)
        name = program.member(callee) if callee is not None and callee.type == "member_expression" else ""
        if name == "insertAdjacentHTML" and len(given) > 1 and not program.is_constant(given[1]):
            yield program.finding(
                "markup", "A computed text becomes markup by insertAdjacentHTML (CWE-79).", node, "high"
            )
        elif _WRITES_MARKUP.search(origin) and given and not program.is_constant(given[0]):
            yield program.finding("markup", f"A computed text becomes markup by {origin} (CWE-79).", node, "high")
    for node in program.of("pair"):
        key = node.child_by_field_name("key")
        if key is not None and text_of(key) == "dangerouslySetInnerHTML":
            yield program.finding(
                "markup", "A text becomes markup by dangerouslySetInnerHTML (CWE-79).", node, "medium"
            )


def _cryptography(program: Program) -> Iterator[Finding]:
    for node, origin, given in _calls(program):
        name = (string_of(given[0]) or "").lower() if given else ""
        if origin in ("crypto.createHash", "crypto.createHmac") and name in _WEAK_HASHES:
            yield program.finding("weak-hash", f"{name} can be made to collide (CWE-328). Use sha256.", node, "medium")
        elif origin in ("crypto.createCipher", "crypto.createDecipher"):
            yield program.finding("weak-cipher", f"{origin} makes keys without a salt (CWE-327).", node, "high")
        elif origin in ("crypto.createCipheriv", "crypto.createDecipheriv") and _WEAK_CIPHERS.match(name):
            yield program.finding("weak-cipher", f"{name} is not safe (CWE-327). Use aes-256-gcm.", node, "high")
        elif origin == "crypto.pseudoRandomBytes":
            yield program.finding("weak-random", "These random bytes can be guessed (CWE-338).", node, "medium")
        elif origin == "Math.random" and _RANDOM.search(_named_for(node)):
            said = "Math.random can be guessed (CWE-338). Use crypto.randomBytes or crypto.randomUUID."
            yield program.finding("weak-random", said, node, "medium")
    for node in program.of("pair", "assignment_expression"):
        key = node.child_by_field_name("key") or node.child_by_field_name("left")
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if key is None or value is None:
            continue
        if text_of(key).strip("'\"") == "rejectUnauthorized" and text_of(value) == "false":
            yield program.finding("tls-unverified", "Any certificate is accepted (CWE-295).", node, "high")
        elif text_of(key).endswith("NODE_TLS_REJECT_UNAUTHORIZED") and text_of(value).strip("'\"") == "0":
            yield program.finding(
                "tls-unverified", "Any certificate is accepted, by the whole process (CWE-295).", node, "high"
            )


def _named_for(node: Node) -> str:
    """Return the name of what a value is for: the variable, the member, or the function around it."""
    at = node.parent
    while at is not None:
        if at.type in (
            "variable_declarator",
            "pair",
            "assignment_expression",
            "function_declaration",
            "method_definition",
        ):
            name = at.child_by_field_name("name") or at.child_by_field_name("key") or at.child_by_field_name("left")
            return text_of(name) if name is not None else ""
        at = at.parent
    return ""


def _secrets(program: Program) -> Iterator[Finding]:
    for node in program.of("variable_declarator", "pair", "assignment_expression"):
        name = node.child_by_field_name("name") or node.child_by_field_name("key") or node.child_by_field_name("left")
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        text = string_of(value)
        if (
            name is not None
            and text
            and len(text) > 3
            and " " not in text
            and _SECRET.search(text_of(name).strip("'\""))
        ):
            said = f"{text_of(name)[:60]} is written into the code (CWE-798). Take it from the environment."
            yield program.finding("hard-coded-secret", said, node, "low")


def _queries(program: Program) -> Iterator[Finding]:
    for node in program.of("call_expression"):
        callee, given = node.child_by_field_name("function"), arguments_of(node)
        if callee is None or callee.type != "member_expression" or not given:
            continue
        is_put_together = given[0].type in ("template_string", "binary_expression") and not program.is_constant(
            given[0]
        )
        if is_put_together and _QUERY.match(program.member(callee)) and _SQL.match(text_of(given[0]).strip("`'\"")):
            said = "A statement of SQL is put together from values (CWE-89). Pass them as parameters."
            yield program.finding("sql-injection", said, node, "high")


def _memory(program: Program) -> Iterator[Finding]:
    for node, origin, _ in _calls(program):
        if origin in ("Buffer.allocUnsafe", "Buffer.allocUnsafeSlow", "buffer.Buffer.allocUnsafe"):
            yield program.finding(
                "unfilled-buffer", f"{origin} shows what was in memory before (CWE-908).", node, "low"
            )
        elif origin in ("Buffer", "buffer.Buffer"):
            yield program.finding(
                "unfilled-buffer", "Buffer(size) shows what was in memory before (CWE-908).", node, "medium"
            )


_RULES: tuple[Callable[[Program], Iterator[Finding]], ...] = (
    _code_from_text, _processes, _files, _network, _prototypes, _regexes, _markup, _cryptography, _secrets, _queries,
    _memory,
)  # fmt: skip
