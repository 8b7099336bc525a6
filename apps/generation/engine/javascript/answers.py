"""How code in JavaScript and TypeScript is found in a model's answer."""

from __future__ import annotations

import re
from functools import partial

from apps.core.javascript import fault_of
from apps.core.javascript.trees import text_of
from apps.generation.engine.javascript.program import statements, whole_statements
from apps.generation.engine.source.answers import Dialect

_TEST = re.compile(
    r"""["']node:test["']|["']vitest["']|["']@jest/globals["']|^\s*(?:describe|test|it)(?:\.\w+)?\(\s*["'`]""",
    re.MULTILINE,
)
_START = re.compile(
    r"^(?:import\s+[\w{*'\"]|export\s+|(?:async\s+)?function\b|class\s+\w|(?:const|let|var)\s+[\w{\[]|/\*\*)"
    r"|^(?:interface|type|enum|abstract\s+class|declare)\s+\w",
    re.MULTILINE,
)
_DEFINED = re.compile(
    r"^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\*?|class|const|let|var|type|interface)\s+"
    r"([A-Za-z_$][\w$]*)",
    re.MULTILINE,
)
_IS_TEST = re.compile(r"^(?:describe|test|it|suite)(?:\.\w+)?\(|^import\b.*(?:node:test|vitest|@jest|node:assert)")
_IS_TEST_IMPORT = re.compile(r"\brequire\(\s*['\"]node:(?:test|assert)")


def _separated(body: str, rest: list[str], *, is_typed: bool) -> tuple[list[str], list[str]]:
    """Split one block that holds code and its tests at the statements of its top level."""
    data = body.encode("utf-8", "surrogatepass")
    code: list[str] = []
    tests: list[str] = []
    has_definition = False
    for one in statements(body, is_typed=is_typed):
        text = text_of(one.node)
        is_test = _IS_TEST.match(text) is not None or _IS_TEST_IMPORT.search(text) is not None
        has_definition |= not is_test and one.kind == "declaration"
        (tests if is_test else code).append(data[one.start : one.end].decode("utf-8", "surrogatepass"))
    return (["\n\n".join(code)], ["\n\n".join(tests), *rest]) if has_definition else ([], [body, *rest])


def dialect(*, is_typed: bool) -> Dialect:
    """Return how answers in the language are taken apart."""
    return Dialect(
        test=_TEST,
        start=_START,
        defined=_DEFINED,
        whole=partial(whole_statements, is_typed=is_typed),
        parses=lambda code: fault_of(code, is_typed=is_typed) is None,
        separated=partial(_separated, is_typed=is_typed),
    )
