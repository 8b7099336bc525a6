"""The pattern library: each pattern keeps its own promises, and is found for the tasks that ask for it."""

from __future__ import annotations

import ast

import pytest

from apps.knowledge.engine.patterns import MINIMUM_SCORE, PATTERNS, instantiate, match


def run_tests(code: str, tests: str) -> int:
    """Patterns and their tests are ours, so they may run here."""
    namespace: dict[str, object] = {}
    exec(compile(code, "pattern", "exec"), namespace)  # noqa: S102
    exec(compile(tests, "tests", "exec"), namespace)  # noqa: S102
    found = [value for name, value in list(namespace.items()) if name.startswith("test_")]
    for test in found:
        assert callable(test)
        test()
    return len(found)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_pattern_passes_its_own_tests(pattern):
    assert run_tests(pattern.template, pattern.tests) >= 1


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_pattern_passes_its_tests_under_other_names(pattern):
    names = tuple(f"given_{index}" for index in range(len(pattern.parameters)))
    code = instantiate(pattern, "Requested", names)
    assert run_tests(f"{code}\n{pattern.entry} = Requested\n", pattern.tests) >= 1


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_a_pattern_is_described(pattern):
    tree = ast.parse(pattern.template)
    defined = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    assert ast.get_docstring(defined[pattern.entry])
    assert pattern.is_class is isinstance(defined[pattern.entry], ast.ClassDef)
    assert pattern.when_not
    assert pattern.intent.endswith(".")
    assert len(pattern.keywords) >= 5


def test_names_are_unique():
    assert len({pattern.name for pattern in PATTERNS}) == len(PATTERNS)


TASKS = [
    (
        "Limit a number to the range from low to high.",
        "clamp_number",
        "def clamp_number(x: int, lo: int, hi: int) -> int",
    ),
    ("Make a URL slug of a title: lower case, hyphens, no accents.", "to_slug", "def to_slug(title: str) -> str"),
    ("Check a credit card number with the Luhn checksum.", "is_card", "def is_card(number: str) -> bool"),
    ("Split a list into chunks of a given size.", "chunks", "def chunks(items: list, n: int) -> list"),
    (
        "Retry an operation with exponential backoff after a failure.",
        "call_again",
        "def call_again(operation, attempts)",
    ),
    ("Paginate items: return one page with total pages.", "page_of", "def page_of(items: list, page: int, size: int)"),
    ("Parse a config text of key=value lines with comments.", "read_settings", "def read_settings(text: str) -> dict"),
    ("Merge overlapping intervals.", "join_ranges", "def join_ranges(intervals: list) -> list"),
    (
        "Order tasks topologically so that dependencies come first; a cycle is an error.",
        "plan",
        "def plan(graph: dict)",
    ),
    ("The Levenshtein edit distance of two strings.", "distance", "def distance(a: str, b: str) -> int"),
    ("A class that counts: add and total.", "EventCounter", None),
    ("A rate limiter that allows bursts, as a token bucket.", "Throttle", None),
    ("An LRU cache with get and put that evicts the least recently used.", "Recent", None),
    ("A cache whose entries expire after a TTL in seconds.", "Expiring", None),
]


@pytest.mark.parametrize(
    ("pattern", "task"), list(zip(PATTERNS, TASKS, strict=True)), ids=lambda v: getattr(v, "name", "")
)
def test_a_pattern_is_the_first_match_of_a_task_that_asks_for_it(pattern, task):
    found = match(*task)
    assert found[0].pattern.name == pattern.name
    assert f"{'class' if pattern.is_class else 'def'} {task[1]}" in found[0].code
    assert MINIMUM_SCORE <= found[0].score <= 1


@pytest.mark.parametrize(
    ("text", "entry", "signature"),
    [
        ("Return the sum of two numbers.", "add", "def add(a: int, b: int) -> int"),
        ("Sort words by length.", "sort_words", "def sort_words(words: list[str])"),
        ("Count the vowels of a text.", "count_vowels", "def count_vowels(text: str) -> int"),
        ("", None, None),
        ("Écris une fonction.", "fonction", None),
    ],
)
def test_other_tasks_find_nothing(text, entry, signature):
    assert match(text, entry, signature) == []


def test_a_signature_that_cannot_fit_leaves_a_pattern_out():
    text = "Clamp a value to the range low to high."
    assert match(text, "clamp", "def clamp(value, low, high)")[0].pattern.name == "clamp"
    assert not any(m.pattern.name == "clamp" for m in match(text, "clamp", "def clamp(value, bounds)"))
    assert not any(m.pattern.is_class for m in match("A counter that counts, add, total.", "counter", "def counter(n)"))


def test_a_requested_name_that_the_template_uses_otherwise_is_kept_apart():
    (found, *_) = match("Split a list into chunks of a size.", "chunked", "def chunked(start, size)")
    assert run_tests(found.code + "\n", "def test_it():\n    assert chunked([1, 2, 3], 2) == [[1, 2], [3]]\n") == 1


def test_strings_and_attributes_are_not_renamed():
    (found, *_) = match("Paginate items into pages.", "paginate", "def paginate(pages, page, total)")
    assert run_tests(found.code, "def test_it():\n    assert paginate([1, 2], 1, 1)['pages'] == 2\n") == 1


def test_parameters_in_another_order_keep_their_meaning():
    (found, *_) = match("Clamp a value to a range.", "clamp", "def clamp(low: int, high: int, value: int) -> int")
    assert run_tests(found.code, "def test_it():\n    assert clamp(0, 3, 9) == 3\n") == 1


def test_the_docstring_speaks_of_the_requested_parameters():
    (found, *_) = match("Make a slug of a title for a URL.", "slugify", "def slugify(title: str) -> str")
    assert "Return title in lower case" in found.code
