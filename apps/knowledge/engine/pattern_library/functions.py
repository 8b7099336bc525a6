"""Patterns that are one function."""

from __future__ import annotations

from apps.knowledge.engine.pattern_model import Pattern

FUNCTION_PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        name="clamp",
        intent="Limit a value to a closed range.",
        keywords=("clamp", "limit", "range", "bound", "low", "high", "minimum", "maximum", "between"),
        entry="clamp",
        parameters=("value", "low", "high"),
        template='''def clamp(value, low, high):
    """Return value limited to the closed range from low to high; ValueError when low is above high."""
    if low > high:
        raise ValueError("The lower bound is above the upper bound.")
    return max(low, min(high, value))
''',
        tests="""import pytest


def test_values_inside_stay_and_values_outside_move_to_the_bound():
    assert [clamp(n, 0, 3) for n in (-1, 0, 2, 3, 9)] == [0, 0, 2, 3, 3]


def test_reversed_bounds_are_refused():
    with pytest.raises(ValueError):
        clamp(1, 3, 0)
""",
        when_not="NaN must be detected: comparing with it is never true.",
    ),
    Pattern(
        name="slugify",
        intent="Make a text safe and readable as a part of a URL.",
        keywords=("slug", "slugify", "url", "hyphen", "lowercase", "title", "text", "dash", "accent"),
        entry="slugify",
        parameters=("text",),
        template='''import re
import unicodedata


def slugify(text):
    """Return text in lower case with accents removed and every other run of characters as one hyphen."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
''',
        tests="""def test_words_are_joined_by_single_hyphens():
    assert slugify("  Hello,  World! ") == "hello-world"


def test_accents_are_removed_and_nothing_gives_nothing():
    assert slugify("Crème Brûlée") == "creme-brulee"
    assert slugify("!?") == ""
""",
        when_not="Titles in scripts without an ASCII form: they would become empty.",
    ),
    Pattern(
        name="luhn checksum",
        intent="Check the check digit of a card or account number.",
        keywords=("luhn", "checksum", "card", "digit", "valid", "check", "number", "credit"),
        entry="is_valid_luhn",
        parameters=("number",),
        template='''def is_valid_luhn(number):
    """Tell whether number (a text; spaces and hyphens are ignored) has a correct Luhn check digit."""
    digits = number.replace(" ", "").replace("-", "")
    if len(digits) < 2 or not (digits.isascii() and digits.isdigit()):
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
''',
        tests="""def test_known_numbers():
    assert is_valid_luhn("79927398713")
    assert is_valid_luhn("4539 1488 0343 6467")
    assert not is_valid_luhn("79927398714")


def test_what_is_not_a_number_is_not_valid():
    assert not any(is_valid_luhn(text) for text in ("", "0", "12a4", "\\u0663\\u0664"))
""",
        when_not="IBAN and ISBN, which have checksums of their own.",
    ),
    Pattern(
        name="chunked batching",
        intent="Split a sequence into batches of at most a given size.",
        keywords=("chunk", "batch", "split", "size", "group", "sublist", "list", "piece"),
        entry="chunked",
        parameters=("items", "size"),
        template='''def chunked(items, size):
    """Return items as consecutive lists of size elements, the last one possibly shorter; ValueError for size < 1."""
    if size < 1:
        raise ValueError("The size of a batch must be at least 1.")
    items = list(items)
    return [items[start : start + size] for start in range(0, len(items), size)]
''',
        tests="""import pytest


def test_the_last_batch_may_be_shorter():
    assert chunked([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert chunked([], 3) == []


def test_a_size_below_one_is_refused():
    with pytest.raises(ValueError):
        chunked([1], 0)
""",
        when_not="Streams that do not fit into memory: iterate with itertools.islice.",
    ),
    Pattern(
        name="retry with backoff",
        intent="Call something again after a failure, waiting longer each time.",
        keywords=("retry", "backoff", "attempt", "exponential", "failure", "delay", "again", "exception", "jitter"),
        entry="retry",
        parameters=("operation", "attempts", "delay", "sleep", "errors"),
        optional=4,
        template='''import time


def retry(operation, attempts=3, delay=0.1, sleep=time.sleep, errors=(Exception,)):
    """
    Return operation(), called again after a failure, at most attempts times in all.

    Waits delay seconds after the first failure and twice as long after each further one. The last failure is raised.
    """
    if attempts < 1:
        raise ValueError("There must be at least one attempt.")
    for attempt in range(attempts):
        try:
            return operation()
        except errors:
            if attempt == attempts - 1:
                raise
            sleep(delay * 2**attempt)
''',
        tests="""import pytest


def test_it_waits_longer_each_time_and_returns_the_first_success():
    results, waits = [OSError(), OSError(), "done"], []

    def operation():
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    assert retry(operation, 3, 1, waits.append) == "done"
    assert waits == [1, 2]


def test_the_last_failure_is_raised():
    def operation():
        raise KeyError("gone")

    with pytest.raises(KeyError):
        retry(operation, 2, 0, lambda seconds: None)
""",
        when_not="Operations that are not safe to repeat.",
    ),
    Pattern(
        name="paginate",
        intent="Cut one page out of a list, with its place among the pages.",
        keywords=("page", "paginate", "pagination", "per", "total", "next", "previous", "items"),
        entry="paginate",
        parameters=("items", "page", "per_page"),
        optional=1,
        template='''def paginate(items, page, per_page=20):
    """
    Return the page (counted from 1) of items with the number of pages and whether there are others around it.

    ValueError when page or per_page is below 1. A page after the last one is empty.
    """
    if page < 1 or per_page < 1:
        raise ValueError("Pages and their size are counted from 1.")
    pages = -(-len(items) // per_page)
    start = (page - 1) * per_page
    return {
        "items": items[start : start + per_page],
        "page": page,
        "pages": pages,
        "total": len(items),
        "has_next": page < pages,
        "has_previous": page > 1,
    }
''',
        tests="""import pytest


def test_the_last_page_may_be_shorter():
    page = paginate([1, 2, 3, 4, 5], 3, 2)
    assert page["items"] == [5]
    assert (page["pages"], page["has_next"], page["has_previous"]) == (3, False, True)


def test_pages_are_counted_from_one():
    with pytest.raises(ValueError):
        paginate([], 0)
""",
        when_not="Rows that change between pages: use a cursor.",
    ),
    Pattern(
        name="parse key=value configuration",
        intent="Read lines of key=value into a dictionary.",
        keywords=("parse", "key", "value", "config", "configuration", "line", "comment", "settings", "ini", "env"),
        entry="parse_config",
        parameters=("text",),
        template='''def parse_config(text):
    """
    Return the settings of text, one "key = value" a line; empty lines and lines that start with # are skipped.

    White space around keys and values does not count; a later line wins. ValueError names a line that is neither.
    """
    settings = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        key, separator, value = line.partition("=")
        if not separator or not key.strip():
            raise ValueError(f"Line {number} is not of the form key=value.")
        settings[key.strip()] = value.strip()
    return settings
''',
        tests="""import pytest


def test_comments_and_white_space_do_not_count_and_later_lines_win():
    assert parse_config("# a\\nname = demo\\n\\nurl=http://x/?a=b\\nname=other") == {
        "name": "other",
        "url": "http://x/?a=b",
    }


def test_the_line_that_is_wrong_is_named():
    with pytest.raises(ValueError, match="Line 2"):
        parse_config("a=1\\nnonsense")
""",
        when_not="Nested or typed settings: use TOML.",
    ),
    Pattern(
        name="merge intervals",
        intent="Join intervals that overlap or touch.",
        keywords=("merge", "interval", "overlap", "range", "start", "end", "touch"),
        entry="merge_intervals",
        parameters=("intervals",),
        template='''def merge_intervals(intervals):
    """Return the closed intervals sorted by start, those that overlap or share an end joined into one."""
    merged = []
    for start, end in sorted(intervals, key=lambda interval: interval[0]):
        if start > end:
            raise ValueError("An interval ends before it starts.")
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    kind = type(intervals[0]) if intervals else tuple
    return [kind(interval) for interval in merged]
''',
        tests="""import pytest


def test_overlapping_and_touching_intervals_are_joined():
    assert merge_intervals([(8, 10), (1, 3), (2, 6), (6, 7)]) == [(1, 7), (8, 10)]
    assert merge_intervals([[1, 4], [2, 3]]) == [[1, 4]]
    assert merge_intervals([]) == []


def test_an_interval_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError):
        merge_intervals([(2, 1)])
""",
        when_not="Half-open intervals that only touch and must stay apart.",
    ),
    Pattern(
        name="topological order",
        intent="Order things so that each comes after what it depends on.",
        keywords=("topological", "order", "depend", "dependencies", "graph", "cycle", "before", "sort", "dag"),
        entry="topological_order",
        parameters=("dependencies",),
        template='''def topological_order(dependencies):
    """
    Return every name of dependencies (name -> names that it needs) after all that it needs.

    Names that are ready at the same time come in sorted order. ValueError when there is a cycle.
    """
    waiting = {name: set(needs) for name, needs in dependencies.items()}
    for needs in dependencies.values():
        for name in needs:
            waiting.setdefault(name, set())
    order = []
    while waiting:
        ready = sorted(name for name, needs in waiting.items() if not needs)
        if not ready:
            raise ValueError("The dependencies form a cycle.")
        order.extend(ready)
        for name in ready:
            del waiting[name]
        for needs in waiting.values():
            needs.difference_update(ready)
    return order
''',
        tests="""import pytest


def test_everything_comes_after_what_it_needs():
    assert topological_order({"app": ["lib", "log"], "lib": ["core"]}) == ["core", "log", "lib", "app"]
    assert topological_order({}) == []


def test_a_cycle_is_refused():
    with pytest.raises(ValueError):
        topological_order({"a": ["b"], "b": ["a"]})
""",
        when_not="Graphs of many thousands of layers: each layer looks at all that wait.",
    ),
    Pattern(
        name="levenshtein distance",
        intent="Count the edits between two texts.",
        keywords=("levenshtein", "edit", "distance", "insert", "delete", "substitute", "strings", "similar", "edits"),
        entry="levenshtein",
        parameters=("first", "second"),
        template='''def levenshtein(first, second):
    """Return the smallest number of insertions, deletions and substitutions that turn first into second."""
    if len(first) < len(second):
        first, second = second, first
    previous = list(range(len(second) + 1))
    for row, left in enumerate(first, 1):
        current = [row]
        for column, right in enumerate(second, 1):
            current.append(min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (left != right)))
        previous = current
    return previous[-1]
''',
        tests="""def test_known_distances():
    assert levenshtein("kitten", "sitting") == 3
    assert levenshtein("", "abc") == levenshtein("abc", "") == 3
    assert levenshtein("same", "same") == 0
""",
        when_not="Very long texts: the time grows with the product of both lengths.",
    ),
)
