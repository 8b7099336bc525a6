"""Finding patterns: each is found for the task that asks for it, under the names that were asked for."""

from __future__ import annotations

import pytest

from apps.knowledge.engine.matching import MINIMUM_SCORE, match
from apps.knowledge.gateways.library import patterns


def run_tests(code: str, tests: str) -> int:
    """Patterns are ours, so they may run here."""
    namespace: dict[str, object] = {}
    exec(compile(code, "pattern", "exec"), namespace)  # noqa: S102
    exec(compile(tests, "tests", "exec"), namespace)  # noqa: S102
    found = [value for name, value in list(namespace.items()) if name.startswith("test_")]
    for test in found:
        assert callable(test)
        test()
    return len(found)


TASKS = {
    "clamp": ("Limit a number to the range from low to high.", "def clamp_number(x: int, lo: int, hi: int) -> int"),
    "slugify": ("Make a URL slug of a title: lower case, hyphens, no accents.", "def to_slug(title: str) -> str"),
    "luhn-checksum": ("Check a credit card number with the Luhn checksum.", "def is_card(number: str) -> bool"),
    "chunked-batching": ("Split a list into chunks of a given size.", "def chunks(items: list, n: int) -> list"),
    "retry-with-backoff": (
        "Retry an operation with exponential backoff after a failure.",
        "def call_again(operation, attempts)",
    ),
    "paginate": (
        "Paginate items: return one page with total pages.",
        "def page_of(items: list, page: int, size: int)",
    ),
    "parse-key-value-configuration": (
        "Parse a config text of key=value lines with comments.",
        "def read_settings(text: str) -> dict",
    ),
    "merge-intervals": ("Merge overlapping intervals.", "def join_ranges(intervals: list) -> list"),
    "topological-order": (
        "Order tasks topologically so that dependencies come first; a cycle is an error.",
        "def plan(graph: dict)",
    ),
    "levenshtein-distance": (
        "The Levenshtein edit distance of two strings.",
        "def distance(a: str, b: str) -> int",
    ),
    "counter-with-state": ("A class that counts: add and total.", "class EventCounter"),
    "token-bucket-rate-limiter": ("A rate limiter that allows bursts, as a token bucket.", "class Throttle"),
    "lru-cache": ("An LRU cache with get and put that evicts the least recently used.", "class Recent"),
    "ttl-cache": ("A cache whose entries expire after a TTL in seconds.", "class Expiring"),
    "business-days": ("Add working days to a date, without weekends and holidays.", "def due(d, n, holidays)"),
    "allocate-amount": ("Split an amount of cents by weights, no remainder is lost.", "def split_bill(cents, weights)"),
    "async-map-with-limit": (
        "Fetch many urls concurrently with asyncio, a semaphore as limit.",
        "async def fetch_all(f, xs, n)",
    ),
    "async-single-flight": ("An async class that coalesces concurrent calls: single flight.", "class Shared"),
    "async-worker-pool": (
        "A pool of asyncio workers that consume a queue of tasks.",
        "async def drain(jobs, handle, workers)",
    ),
    "circuit-breaker": ("A circuit breaker that opens after some failures of a service.", "class Guard"),
    "closest-matches": ("Suggest similar names for a typo.", "def suggestions(word, names)"),
    "command-line-program": ("A command line program with argparse that returns an exit code.", "def run(argv)"),
    "conditional-get": (
        "HTTP response with an ETag: not modified when the header matches.",
        "def respond(headers, body)",
    ),
    "cursor-pagination": ("Keyset pagination of a feed with an opaque cursor.", "def next_page(rows, key, cursor, n)"),
    "event-bus": ("An event bus: subscribe a handler and publish events.", "class Hub"),
    "find-cycle": ("Detect a circular dependency: find a cycle of the graph.", "def loop_in(graph: dict) -> list"),
    "free-slots": ("Find free slots of a calendar between busy bookings.", "def openings(start, end, busy)"),
    "group-by-key": ("Group items by key into a dictionary of buckets.", "def grouped(items, key)"),
    "iban-checksum": ("Check that a bank account is a valid IBAN.", "def check_iban(text: str) -> bool"),
    "idempotency-key": ("Idempotency: run a payment once for each key, a duplicate gets the answer.", "class Once"),
    "isbn-checksum": ("Check the checksum digit of an ISBN book number.", "def check_isbn(text: str)"),
    "local-time-to-utc": ("Convert a local wall time of a timezone to UTC.", "def instant(when, zone)"),
    "merge-settings": ("Deep merge of nested dictionaries: override defaults.", "def overlay(base, over)"),
    "money": ("A money class: an amount with a currency, decimal cents.", "class Price"),
    "parse-duration": ("Parse a duration of hours and minutes into seconds.", "def read_time(text: str)"),
    "parse-size": ("Parse a human size such as 10 MiB into bytes.", "def to_bytes(text: str) -> int"),
    "password-rules": ("Say why a password is weak: its length, common secrets.", "def check(password, user)"),
    "read-csv-records": ("Import a CSV: typed records of its rows and columns.", "def load(text, columns)"),
    "serve-stale-on-error": ("Keep the last good value as a fallback while a refresh fails.", "class Fallback"),
    "service-function": (
        "A service for the use case of a transfer between accounts.",
        "def move(*, a, b, cents, accounts)",
    ),
    "settings-from-environment": ("Typed settings from environment variables.", "def read_env(environment)"),
    "shortest-path": ("The shortest path of a weighted graph, by Dijkstra.", "def route(graph, a, b)"),
    "signed-webhook": (
        "Verify the HMAC signature of a webhook and its timestamp.",
        "def check(key, body, at, sig, now)",
    ),
    "sliding-window-rate-limiter": ("A sliding window limit of requests per client.", "class Window"),
    "state-machine": ("A state machine with allowed transitions between states.", "class Workflow"),
    "stream-batches": ("Batch a stream lazily with a generator that can flush.", "def bulks(items, size, wait)"),
    "transactional-outbox": ("An outbox: messages queue in the transaction and are sent after commit.", "class Mail"),
    "truncate-text": ("Truncate a text to a length at a word, with an ellipsis.", "def excerpt(text, length)"),
    "validate-record": ("Validate the fields of a record by rules and collect errors.", "def check(record, rules)"),
    "write-file-atomically": ("Write a file atomically: temporary file and rename.", "def save(path, content)"),
    "django-service": (
        "A Django service: redeem in a transaction with a lock, commit or not.",
        "def redeem(*, code, who)",
    ),
    "drf-viewset": ("A DRF viewset with a serializer and permissions.", "class Things"),
}


@pytest.mark.parametrize(("slug", "task"), TASKS.items(), ids=TASKS)
def test_a_pattern_is_the_first_match_of_a_task_that_asks_for_it(slug, task):
    text, header = task
    name = header.partition("(")[0].rpartition(" ")[2]
    (found, *_) = match(patterns(), text, name, None if header.startswith("class ") else header)
    assert found.pattern.slug == slug
    assert f"{'class' if found.pattern.is_class else 'def'} {name}" in found.code
    assert MINIMUM_SCORE <= found.score <= 1


def test_a_pattern_that_needs_a_package_is_offered_only_where_the_package_is_named():
    text = "A service: redeem a voucher in a transaction with a lock on the row, safe against a race, then commit."
    assert not any(one.pattern.packages for one in match(patterns(), text))
    assert any(one.pattern.packages for one in match(patterns(), f"Django. {text}"))


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
    assert match(patterns(), text, entry, signature) == []


def test_a_signature_that_cannot_fit_leaves_a_pattern_out():
    text = "Clamp a value to the range low to high."
    assert match(patterns(), text, "clamp", "def clamp(value, low, high)")[0].pattern.name == "clamp"
    assert not any(m.pattern.name == "clamp" for m in match(patterns(), text, "clamp", "def clamp(value, bounds)"))
    assert not any(
        m.pattern.is_class for m in match(patterns(), "A counter that counts, add, total.", "counter", "def counter(n)")
    )


@pytest.mark.parametrize(
    ("entry", "signature"),
    [
        ("clamp", "def clamp(value, low, max)"),
        ("max", "def max(value, low, high)"),
        ("clamp", "async def clamp(value, low, high)"),
    ],
)
def test_a_name_or_a_kind_that_would_break_the_code_leaves_the_pattern_out(entry, signature):
    found = match(patterns(), "Clamp a value to the range from low to high.", entry, signature)
    assert not any(one.pattern.slug == "clamp" for one in found)


def test_a_requested_name_that_the_template_uses_otherwise_is_kept_apart():
    (found, *_) = match(patterns(), "Split a list into chunks of a size.", "chunked", "def chunked(start, size)")
    assert run_tests(found.code + "\n", "def test_it():\n    assert chunked([1, 2, 3], 2) == [[1, 2], [3]]\n") == 1


def test_strings_and_attributes_are_not_renamed():
    (found, *_) = match(patterns(), "Paginate items into pages.", "paginate", "def paginate(pages, page, total)")
    assert run_tests(found.code, "def test_it():\n    assert paginate([1, 2], 1, 1)['pages'] == 2\n") == 1


def test_parameters_in_another_order_keep_their_meaning():
    (found, *_) = match(
        patterns(), "Clamp a value to a range.", "clamp", "def clamp(low: int, high: int, value: int) -> int"
    )
    assert run_tests(found.code, "def test_it():\n    assert clamp(0, 3, 9) == 3\n") == 1


def test_the_docstring_speaks_of_the_requested_parameters():
    (found, *_) = match(patterns(), "Make a slug of a title for a URL.", "slugify", "def slugify(title: str) -> str")
    assert "Return title in lower case" in found.code
